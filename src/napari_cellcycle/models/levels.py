"""How a vocabulary is predicted: at two levels, or all leaves at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet


def stages_of(phases: PhaseSet) -> tuple[str, ...]:
    """Slugs of the stages that level 2 tells apart; none where the vocabulary is flat.

    A two-level vocabulary has two phases at the top: first one without children, such as
    ``non-mitotic``, then one that has them, such as ``mitotic``. Its leaves are then the first
    phase and the stages, in this order. Every other vocabulary is flat: one level tells its leaves.
    """
    tops = [phase for phase in phases if phase.parent is None]
    stages = tuple(phase.slug for phase in phases.children(tops[-1].slug)) if tops else ()
    return stages if len(tops) == 2 and phases.slugs == (tops[0].slug, *stages) else ()
