"""How many cells of each phase a data set has, by group, and what is too little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.train.data.cropset import flat_note
from napari_cellcycle.train.data.meaning import Meaning
from napari_cellcycle.train.data.relabel import DROPPED, relabel
from napari_cellcycle.train.data.texts import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellcycle.train.data.cropset import CropSet

THIN = 10
"""A phase with fewer cells than this is hardly learned."""
PARTS = 3
"""To train, to validate and to test."""
GROUPINGS = ("region", "image", "well", "plate")
"""Columns by which cells may be split instead of by their group."""
DOUBTFUL = 0.7
"""Mean rank of uncertainty above which cells were chosen by it; a fair sample has 0.5."""
_ENOUGH = 20
_CORRECTED = "corrected"
_PREDICTED = "predicted"
_STATUS = "status"
_DOUBT = "doubt"


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """Cells of a data set, without their pictures.

    Parameters
    ----------
    name : str
        Of the data set.
    phase, group : ndarray, ``(n,)``, str
    status : ndarray, ``(n,)``, str, or None
        What people did with each cell, where a project says it.
    groupings : mapping of str to ndarray ``(n,)``
        Those of :data:`GROUPINGS` that the data set has.
    doubt : ndarray, ``(n,)``, float, or None
        How uncertain each cell was beside the others of its image, 0 to 1, where a project says it.
    flat : ndarray, ``(n,)``, bool, or None
        Cells whose crops show nothing, where somebody looked.
    """

    name: str
    phase: NDArray[np.str_]
    group: NDArray[np.str_]
    status: NDArray[np.str_] | None = None
    groupings: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    doubt: NDArray[np.float64] | None = None
    flat: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, crops: CropSet) -> Census:
        """Take down the cells of a crop set."""
        status, doubt = crops.columns.get(_STATUS), crops.columns.get(_DOUBT)
        return cls(
            crops.name,
            crops.phase.copy(),
            crops.group.copy(),
            None if status is None else status.astype(np.str_),
            {key: texts(crops.columns[key]) for key in GROUPINGS if key in crops.columns},
            None if doubt is None or doubt.dtype.kind != "f" else doubt.astype(np.float64),
            crops.flat(),
        )

    def grouped(self, key: str) -> Census:
        """The same cells in the groups that a column names; any other key changes nothing."""
        return replace(self, group=self.groupings.get(key, self.group))

    def meaning(
        self,
        labels: Mapping[str, str | tuple[str, ...]],
        renames: Mapping[str, str] | None = None,
    ) -> Census:
        """The same cells as a recipe and a person call them; those that they drop are left out."""
        phase = relabel(self.phase, Meaning.of(labels, renames).names)
        kept = phase != DROPPED
        status = None if self.status is None else self.status[kept]
        groupings = {key: column[kept] for key, column in self.groupings.items()}
        doubt = None if self.doubt is None else self.doubt[kept]
        flat = None if self.flat is None else self.flat[kept]
        return Census(self.name, phase[kept], self.group[kept], status, groupings, doubt, flat)

    def table(self) -> tuple[list[str], list[str], NDArray[np.int64]]:
        """Count.

        Returns
        -------
        groups : list of str
        phases : list of str
        counts : ndarray, ``(groups, phases)``, int64
        """
        groups, i = np.unique(self.group, return_inverse=True)
        phases, j = np.unique(self.phase, return_inverse=True)
        counts = np.zeros((len(groups), len(phases)), np.int64)
        np.add.at(counts, (i, j), 1)
        return groups.tolist(), phases.tolist(), counts

    @property
    def can_be_split(self) -> bool:
        """Whether there are groups enough to train, to validate and to test."""
        return len(np.unique(self.group)) >= PARTS

    def warnings(self) -> Iterator[str]:
        """What a person should know before training on these cells."""
        _, phases, counts = self.table()
        thin = [
            f"{phase} ({n})"
            for phase, n in zip(phases, counts.sum(axis=0).tolist(), strict=True)
            if n < THIN
        ]
        if thin:
            yield f"Fewer than {THIN} cells of {', '.join(thin)}: that is hardly learned."
        if len(self.phase) and self.status is not None and (self.status == _CORRECTED).all():
            yield (
                f"All cells of {self.name} are corrections, chosen where the model was wrong. A "
                "model of these alone unlearns the easy cells: export what was accepted as well."
            )
        if self.status is not None and (note := _unjudged(self.name, self.status)):
            yield note
        if self.flat is not None and self.flat.any():
            yield flat_note(self.name, self.flat, self.phase)
        share = self.mean_doubt
        if share > DOUBTFUL:
            yield (
                f"The cells of {self.name} were chosen by uncertainty: on average one was more "
                f"uncertain than {100 * share:.0f} % of its image. Figures on them are too low for "
                "whole images, and easy cells are missing: judge some in the order 'at random' too."
            )

    @property
    def mean_doubt(self) -> float:
        """Mean rank of uncertainty of the judged cells, NaN where too few say anything."""
        known = np.zeros(0) if self.doubt is None else self.doubt[~np.isnan(self.doubt)]
        # the mean of that many cells drawn fairly is above 0.7 once in a thousand times
        return float(known.mean()) if len(known) >= _ENOUGH else float("nan")


def unjudged_note(crops: CropSet, rows: NDArray[np.bool_] | None = None) -> str:
    """Say how many cells have a model's phase and nobody's word; empty if a data set has none.

    Parameters
    ----------
    crops : CropSet
        Looked at without their pixels.
    rows : ndarray, ``(n,)``, bool, optional
        Of these cells only.
    """
    status = crops.columns.get(_STATUS)
    if status is None:
        return ""
    return _unjudged(crops.name, texts(status if rows is None else status[rows]))


def _unjudged(name: str, status: NDArray[np.str_]) -> str:
    n = int((status == _PREDICTED).sum())
    if not n:
        return ""
    return (
        f"{n:,} of {len(status):,} cells of {name} have the phase that a model predicted, and "
        "nobody's word: that another agrees is no evidence. Export what people judged (--only "
        "reviewed)."
    )
