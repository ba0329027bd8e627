"""What was measured of the cells of a project, so that it is measured once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.measures.measurements import Measurements
from napari_cellcycle.cells.measures.measures import NAMES, VERSION
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.cell_files import digest_of
from napari_cellcycle.project.columns import Columns, write_columns
from napari_cellcycle.project.words import now

if TYPE_CHECKING:
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store


class Measured:
    """Measurements of the segmentations of a project, one for each DNA channel.

    They can be made again at any time, so a file that is missing or damaged counts as not there.
    """

    def __init__(self, store: Store, segmentations: Segmentations) -> None:
        self._store = store
        self._segmentations = segmentations

    def get(self, image: int, dna: int | None) -> Measurements | None:
        """Look up what was measured of the present segmentation of an image.

        After labels were edited or merged, cells that are the same as before are not measured
        again; only the number of their neighbours may be another.

        Parameters
        ----------
        image : int
            Number of the image.
        dna : int or None
            Index of the DNA channel.

        Returns
        -------
        Measurements or None
            Of all cells or of some; None where nothing is known, or only by another definition.
        """
        if not self._store.has_table("measurement"):
            return None  # a project of version 1 that may only be looked at
        number = self._segmentations.current(image)
        found = self._read(number, dna)
        return self._carried(image, number, dna) if found is None else found

    def _read(self, number: int, dna: int | None) -> Measurements | None:
        """What was measured of a version of a segmentation."""
        file = self._store.database.value(
            "SELECT file FROM measurement WHERE segmentation = ? AND channel = ? "
            "AND definition = ?",
            (number, _code(dna), VERSION),
        )
        if file is None:
            return None
        columns = Columns(self._store.folder / str(file))
        cells = self._segmentations.cells(number)
        try:
            values, is_2d = columns["values"], bool(columns["is_2d"])
        except ProjectError:
            return None
        if values.shape != (len(cells), len(NAMES)):
            return None
        return Measurements(cells, values, is_2d)

    def _carried(self, image: int, number: int, dna: int | None) -> Measurements | None:
        """What was measured last of another version, for cells that are the same in both."""
        cells = self._segmentations.cells(number)
        index = CellIndex(cells)
        routes = self._segmentations.routes(image)
        for former in sorted(routes.keys() - {number}, reverse=True):
            known = self._read(former, dna)
            if known is None or known.cells.spacing != cells.spacing:
                continue
            label, same = routes[former].follow(known.cells.frame, known.cells.label)
            rows = index.rows(known.cells.frame, np.where(same, label, 0))
            values = np.full((len(cells), len(NAMES)), np.nan)
            values[rows[rows >= 0]] = known.values[rows >= 0]
            return Measurements(cells, values, known.is_2d)
        return None

    def put(self, image: int, dna: int | None, found: Measurements) -> None:
        """Keep what was measured of the present segmentation.

        Parameters
        ----------
        image : int
            Number of the image.
        dna : int or None
            Index of the DNA channel.
        found : Measurements
            Of all cells; not known of those that were not measured yet.

        Raises
        ------
        ProjectError
            If these are other cells, or the project may not be written.
        """
        self._store.check_writable()
        number = self._segmentations.current(image)
        cells = self._segmentations.cells(number)
        if digest_of(cells) != digest_of(found.cells):
            raise ProjectError(
                f"The {len(found)} measured cells are not those of the segmentation in the project "
                f"({len(cells)} cells). Measure the cells of the project."
            )
        file = f"measurements/{number}-channel{_code(dna)}-{VERSION}.npz"
        write_columns(
            self._store.folder / file,
            {"values": found.values, "is_2d": np.array(found.is_2d)},
        )
        with self._store.transaction() as changes:
            changes.run(
                "INSERT OR REPLACE INTO measurement VALUES (?, ?, ?, ?, ?)",
                (number, _code(dna), VERSION, now(), file),
            )


def _code(dna: int | None) -> int:
    return -1 if dna is None else dna
