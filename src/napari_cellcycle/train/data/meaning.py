"""What the labels of data sets mean: a phase, one of several, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.data.relabel import DROPPED, relabel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.data.cropset import CropSet

_OR = " or "


@dataclass(frozen=True, slots=True)
class Meaning:
    """How labels are renamed and merged, and which of the new ones may be several phases.

    Parameters
    ----------
    names : mapping of str to str
        Theirs to ours. A label that may mean several phases is called by all of them.
    several : mapping of str to tuple of str
        Phases that such a name stands for.
    merge : mapping of str to sequence of str
        After renaming, labels to put together under a new name.
    """

    names: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    merge: Mapping[str, Sequence[str]]

    @classmethod
    def of(
        cls,
        labels: Mapping[str, str | tuple[str, ...]],
        renames: Mapping[str, str] | None = None,
        merge: Mapping[str, Sequence[str]] | None = None,
    ) -> Meaning:
        """Put a recipe's labels and a person's choices together; the latter outweigh the former."""
        # a rename into a phase of our own must not be renamed again by the recipe
        names = dict(renames or {})
        several = {}
        for label, phase in labels.items():
            if label in names:
                continue
            if not isinstance(phase, str):
                several[_OR.join(phase)] = phase
                phase = _OR.join(phase)
            names[label] = phase
        return cls(names, several, dict(merge or {}))

    def apply(self, crops: CropSet) -> CropSet:
        """Crops with the labels that they have here, without those that are dropped.

        Raises
        ------
        TrainingError
            If nothing is left.
        """
        labels = relabel(crops.phase, self.names)
        for merged, members in self.merge.items():
            labels = relabel(labels, dict.fromkeys(members, merged))
        kept = labels != DROPPED
        if not kept.any():
            raise TrainingError(
                f"Nothing of {crops.name} is left to train on: every label is dropped."
            )
        return replace(crops.select(kept), phase=labels[kept])

    def leaves(self, phases: PhaseSet) -> dict[str, list[str]]:
        """Leaves that each branch of a vocabulary and each label of several phases stands for."""
        branches = (phase.slug for phase in phases if phase.slug not in phases.slugs)
        found = {slug: _leaves(phases, slug) for slug in branches}
        for label, slugs in self.several.items():
            found[label] = [leaf for slug in slugs for leaf in _leaves(phases, slug)]
        return found


def _leaves(phases: PhaseSet, slug: str) -> list[str]:
    children = phases.children(slug)
    if not children:
        return [slug]
    return [leaf for child in children for leaf in _leaves(phases, child.slug)]
