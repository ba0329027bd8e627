"""The list of suspects as a file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from napari_cellcycle._qt.job import Job
from napari_cellcycle.counted import counted
from napari_cellcycle.review.suspects.curation import suspects_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.suspects.suspects import Suspects


class SuspectFile(QObject):
    """Asks where to, and writes in a thread: a reason takes a moment.

    Attributes
    ----------
    written : Signal(object)
        What was written, in words.
    refused : Signal(str)
        Why nothing was.
    """

    written = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._beside = parent
        self._job = Job(self)
        self._job.succeeded.connect(self.written)
        self._job.refused.connect(self.refused)

    def close(self) -> None:
        """Write no more; there is no half of a file."""
        self._job.cancel()

    def save(self, project: Project, found: Suspects, rows: NDArray[np.int64]) -> None:
        """Ask for a file, and write suspects to it with their measures and reasons."""
        if self._job.is_running:
            return
        name, _ = QFileDialog.getSaveFileName(
            self._beside, "Save suspects", "suspects.csv", "CSV (*.csv);;Parquet (*.parquet)"
        )
        if name:
            self._job.start("Write suspects", _write, project, found, rows, Path(name))


def _write(
    project: Project, found: Suspects, rows: NDArray[np.int64], path: Path
) -> Generator[str, None, str]:
    """Write the table. Called in a thread."""
    from napari_cellcycle.review.export.export import check_outside
    from napari_cellcycle.review.export.tables import check_table_path, write_table

    check_table_path(path, (".csv", ".parquet"))
    check_outside(project, path)
    yield "Writing…"
    write_table(suspects_table(found, rows), path)
    return f"{counted(len(rows), 'suspect is', 'suspects are')} in {path.name}."
