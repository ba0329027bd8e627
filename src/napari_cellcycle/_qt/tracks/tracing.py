"""What is known of the tracks of an open review: steps that cannot be, and the track at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.timers import once
from napari_cellcycle.cells.tracks.course import Course
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.review.decision import NONE
from napari_cellcycle.review.sets import comparable
from napari_cellcycle.review.tracks.smoothing import is_smooth
from napari_cellcycle.review.tracks.tracking import find_jumps, known_minutes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.tracked import Tracking

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The track of one cell, as the strip draws it.

    Parameters
    ----------
    rows : ndarray, ``(n,)``, int64
        Its cells, in the order of frames.
    frame : ndarray, ``(n,)``, int64
    phase : ndarray, ``(n,)``, int
        Code of the final phase.
    beside : ndarray, ``(n,)``, int, or None
        Code of what another set says.
    judged : ndarray, ``(n,)``, bool
        Whether somebody said something.
    jumps : ndarray, ``(n,)``, bool
        Whether the step to this cell cannot be.
    """

    rows: Ints
    frame: Ints
    phase: Ints
    beside: Ints | None
    judged: NDArray[np.bool_]
    jumps: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)


class Tracing(QObject):
    """Follows a review and its tracks.

    Parameters
    ----------
    desk : Desk
        Whose review it is.

    Attributes
    ----------
    tracking : Tracking or None
    jumps : ndarray, ``(m, 2)``, int64
        Rows before and after each step that cannot be.
    problem : str
        Why there are no steps to look for.
    changed : Signal()
        Any of it is another.
    """

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.tracking: Tracking | None = None
        self.jumps: Ints = np.zeros((0, 2), np.int64)
        self.problem = ""
        self._course: Course | None = None
        self._beside: tuple[PredictionSet, Ints] | None = None
        self._looking = once(self, self._look)
        desk.source.signals.changed.connect(self._later)
        desk.source.signals.reloaded.connect(self.reload)
        self.reload()

    def close(self) -> None:
        """Follow the review no more."""
        self._looking.stop()
        self._desk.source.signals.changed.disconnect(self._later)
        self._desk.source.signals.reloaded.disconnect(self.reload)

    def reload(self) -> None:
        """Read the tracks of the project, and what other sets say."""
        review = self._desk.review
        self.problem = ""
        self._course = self._beside = None
        try:
            self.tracking = review.project.tracked.get(review.image)
            if self.tracking is not None:
                minutes = known_minutes(review, self.tracking)
                self._course = Course.of(review.phases, frame_minutes=minutes)
        except CellCycleError as error:
            self.problem = str(error)
        other = self._other()
        if other is not None:
            self._beside = other, review.beside(other).phase.astype(np.int64)
        self._look()

    @property
    def beside(self) -> str:
        """What the second row shows; empty where there is none."""
        if self._beside is None:
            return ""
        return "smoothed" if is_smooth(self._beside[0]) else "model"

    @property
    def is_smooth(self) -> bool:
        """Whether the phases that are shown are smoothed along tracks."""
        shown = self._desk.review.prediction_set
        return shown is not None and is_smooth(shown)

    @property
    def track(self) -> int:
        """Track of the cell at hand, -1 for none."""
        row = self._desk.current
        return -1 if self.tracking is None or row < 0 else int(self.tracking.tracks.track[row])

    def family(self) -> tuple[int, tuple[int, ...]]:
        """Mother of the track at hand, -1 for none, and its daughters."""
        if self.tracking is None or self.track < 0:
            return -1, ()
        parents = self.tracking.tracks.parents
        daughters = tuple(child for child, mother in parents.items() if mother == self.track)
        return parents.get(self.track, -1), daughters

    def rows_of(self, track: int) -> Ints:
        """Cells of a track, in the order of frames."""
        if self.tracking is None or track < 0:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.tracking.tracks.track == track)

    def line(self) -> Line:
        """The track of the cell at hand; an empty one where it has none."""
        review, rows = self._desk.review, self.rows_of(self.track)
        return Line(
            rows,
            review.cells.frame[rows],
            review.final[rows].astype(np.int64),
            None if self._beside is None else self._beside[1][rows],
            (review.words[rows] != NONE).any(axis=1),
            np.isin(rows, self.jumps[:, 1]),
        )

    def jump_rows(self) -> Ints:
        """Cells before and after steps that cannot be, each once."""
        return np.unique(self.jumps)

    def _other(self) -> PredictionSet | None:
        """The newest smoothed set; the newest other one where a smoothed one is shown."""
        review = self._desk.review
        shown = review.prediction_set
        if self.tracking is None or shown is None:
            return None
        wanted = not is_smooth(shown)
        return next((one for one in comparable(review) if is_smooth(one) == wanted), None)

    def _later(self, rows: Ints) -> None:
        self._looking.start(0)

    def _look(self) -> None:
        self.jumps = np.zeros((0, 2), np.int64)
        if self.tracking is not None and self._course is not None:
            self.jumps = find_jumps(self._desk.review, self.tracking, self._course)
        self.changed.emit()
