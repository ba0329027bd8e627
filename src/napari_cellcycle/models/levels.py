"""Two levels of a vocabulary: a phase without stages, and a branch with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelError

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet


def stages_of(phases: PhaseSet) -> tuple[str, ...]:
    """Slugs of the stages that level 2 tells apart.

    A two-level vocabulary has two phases at the top: first one without children, such as
    ``non-mitotic``, then one that has them, such as ``mitotic``. Its leaves are then the first
    phase and the stages, in this order.

    Raises
    ------
    ModelError
        If the vocabulary is of another form.
    """
    tops = [phase for phase in phases if phase.parent is None]
    stages = tuple(phase.slug for phase in phases.children(tops[-1].slug)) if tops else ()
    if len(tops) == 2 and phases.slugs == (tops[0].slug, *stages):
        return stages
    raise ModelError(
        f"Vocabulary {phases.name!r} has no two levels: an ensemble of this kind needs two phases "
        "at the top, the second of them divided into stages, such as mitosis-stages."
    )
