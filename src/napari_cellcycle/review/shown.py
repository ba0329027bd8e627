"""The predictions that are shown: one row a cell of the present segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.index import CellIndex
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.routes import Route

    Floats = NDArray[np.float64]


class Shown:
    """A prediction set and those that completed it, on the cells of the present segmentation.

    A cell whose voxels were edited after it was classified has no prediction here.

    Parameters
    ----------
    sets : sequence of PredictionSet
        Oldest first; a later one counts before an earlier one. None where there is no model.
    n : int
        Cells.
    index : CellIndex
        Of the present segmentation.
    routes : mapping of int to Route
        From other segmentations to it.
    phases : PhaseSet
        Vocabulary.

    Attributes
    ----------
    phase : ndarray, ``(n,)``, int16
        Place in the vocabulary, -1 where there is no prediction.
    confidence, entropy, stage_entropy : ndarray, ``(n,)``, float64
        NaN where there is no prediction.
    """

    def __init__(
        self,
        sets: Sequence[PredictionSet],
        n: int,
        index: CellIndex,
        routes: Mapping[int, Route],
        phases: PhaseSet,
    ) -> None:
        self.sets = tuple(sets)
        self._set = np.full(n, -1, np.int16)
        self._row = np.zeros(n, np.int64)
        for number, given in enumerate(self.sets):
            route = routes.get(given.segmentation)
            if route is None:
                continue
            frame = given.columns["frame"]
            label, same = route.follow(frame, given.columns["label"])
            rows = index.rows(frame, np.where(same, label, 0))
            there = rows >= 0
            self._set[rows[there]] = number
            self._row[rows[there]] = np.flatnonzero(there)
        slugs = [phase.slug for phase in phases]
        leaves = self.sets[0].phases if self.sets else ()
        place = np.array([slugs.index(leaf) for leaf in leaves], dtype=np.int16)
        self.leaves = place
        leaf = self.column("phase", -1)
        self.phase = np.full(n, -1, np.int16)
        known = leaf >= 0
        self.phase[known] = place[leaf[known].astype(np.int64)]
        self.confidence: Floats = self.column("confidence", np.nan)
        self.entropy: Floats = self.column("entropy", np.nan)
        self.stage_entropy: Floats = self.column("stage_entropy", np.nan)

    @property
    def stale(self) -> NDArray[np.bool_]:
        """Cells to classify (again): there is a model, and it has not seen them as they are."""
        return (self._set < 0) if self.sets else np.zeros(len(self._set), bool)

    def column(self, name: str, missing: Any) -> NDArray[Any]:
        """One column for all cells, with a value of its own where there is no prediction."""
        if not self.sets:
            return np.full(len(self._set), missing)
        first = self.sets[0].columns[name]
        found = np.full((len(self._set), *first.shape[1:]), missing, dtype=first.dtype)
        for number, given in enumerate(self.sets):
            rows = np.flatnonzero(self._set == number)
            found[rows] = given.columns[name][self._row[rows]]
        return found

    def notes(self) -> NDArray[Any]:
        """What a run noted of each cell, ``(n,)``, text; empty where there is nothing."""
        found = np.full(len(self._set), "", dtype=object)
        for number, given in enumerate(self.sets):
            rows = np.flatnonzero(self._set == number)
            texts = given.columns["note_text"].astype(object)
            found[rows] = texts[given.columns["note"][self._row[rows]]]
        return found

    def origin(self, row: int) -> tuple[PredictionSet, int] | None:
        """The set that a cell's prediction is from, and its row there."""
        number = int(self._set[row])
        return None if number < 0 else (self.sets[number], int(self._row[row]))
