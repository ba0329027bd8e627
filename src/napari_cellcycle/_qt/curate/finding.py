"""What Curate works with: measures of the cells, the clusters of their phases, and suspects."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.job import Job
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.review.decision import NONE
from napari_cellcycle.review.places import Source
from napari_cellcycle.review.suspects.clusters import Clusters
from napari_cellcycle.review.suspects.curation import iter_measured, known_of, said_of
from napari_cellcycle.review.suspects.suspects import Limits, clusters_within, judge
from napari_cellcycle.review.suspects.taught import ASIDE, NOBODY
from napari_cellcycle.work import told_as

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.cells.measures.measurements import Measurements
    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects.suspects import Suspects

BLIND = "Blind mode is on: suspects would tell what the model says."
_LOOKED = ("measures", "fewest", "by")  # limits that clusters hang on
AGAIN = 100
"""Cells that are judged until suspects are searched anew."""
NO_PREDICTIONS = "Suspects are cells whose predicted phase does not fit: there are no predictions."


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is.

    Parameters
    ----------
    done, total : int
    things : str
        What is counted.
    """

    done: int
    total: int
    things: str


class Finding(QObject):
    """Measures the cells of a review and finds suspects among them, in the background.

    What the project has is read at once; :meth:`measure` makes what it has not. Both follow when
    labels were edited, or other predictions are shown. When a hundred more cells are judged, the
    search goes on from what was said of them; until it ends, suspects are the former ones.

    Parameters
    ----------
    desk : Desk
        Is told which cells are suspect.

    Attributes
    ----------
    measurements : Measurements or None
    suspects : Suspects or None
    problem : str
        Why there are no suspects; empty while nobody has looked.
    was_cancelled : bool
        Whether a person stopped the work, so that it waits for :meth:`measure`.
    measured, judged : Signal()
        :attr:`measurements`, or :attr:`suspects`, are others.
    searched : Signal()
        A search has come to its end: :attr:`suspects` are not only those of other limits.
    stepped : Signal(Step)
    began, ended : Signal()
        The worker has begun, or come to its end in whatever way.
    refused : Signal(str)
    """

    measured = Signal()
    judged = Signal()
    searched = Signal()
    stepped = Signal(object)
    began = Signal()
    ended = Signal()
    refused = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job = Job(self)
        self.limits = Limits()
        self.measurements: Measurements | None = None
        self.suspects: Suspects | None = None
        self.problem = ""
        self.was_cancelled = False
        self._clusters: Clusters | None = None
        self._said: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
        self._n_judged = 0
        self._cells: CellTable | None = None
        self._of: tuple[object, ...] = ()
        self._next: tuple[str, Callable[..., Any], tuple[Any, ...]] | None = None
        self._job.stepped.connect(self.stepped)
        self._job.succeeded.connect(self._take)
        self._job.refused.connect(self.refused)
        self._job.ended.connect(self._on_end)
        desk.source.signals.reloaded.connect(self._follow)
        desk.source.signals.changed.connect(self._go_on)

    @property
    def is_running(self) -> bool:
        """Whether the worker is at work."""
        return self._job.is_running

    @property
    def source(self) -> Source | None:
        """What is measured; None while the image is not found."""
        given = self._desk.undertaking
        if given.stack is None:
            return None
        roles = {role: channel for role, channel in given.channels.items() if channel is not None}
        return Source(self._desk.review, given.stack, given.segmentation, roles)

    def begin(self) -> None:
        """Read what the project has."""
        self._cells = self._desk.review.cells
        self._read("Read measures", None)

    def measure(self) -> None:
        """Measure the cells that are not measured, and look for suspects."""
        source = self.source
        if source is None:
            self.refused.emit(self._desk.undertaking.problem)
        else:
            self._read("Measure cells", source)

    def cancel(self) -> None:
        """Stop the worker; what was measured stays, but for the last half a minute."""
        self._next = None
        self.was_cancelled = self.is_running
        self._job.cancel()

    def close(self) -> None:
        """Stop, and follow the review no more."""
        self.cancel()
        self._job.blockSignals(True)
        self._desk.source.signals.reloaded.disconnect(self._follow)
        self._desk.source.signals.changed.disconnect(self._go_on)

    def set_limits(self, limits: Limits) -> None:
        """Take other limits; clusters are looked for again where they are others."""
        former, self.limits = self.limits, limits
        if any(getattr(former, name) != getattr(limits, name) for name in _LOOKED):
            self._set_suspects(None, "")
            self._look()
        elif self._clusters is not None:
            self._judge()

    # --- inside ---------------------------------------------------------------------------------

    def _now(self) -> tuple[object, ...]:
        """What clusters hang on, beside the cells."""
        shown = self._desk.review.prediction_set
        return None if shown is None else shown.id, self._desk.review.blind

    def _follow(self) -> None:
        """Read again for other cells, look again with other predictions, or show other colours."""
        review, now = self._desk.review, self._now()
        if review.cells is not self._cells:
            self._set_measurements(None)
            self._set_suspects(None, "")
            self.begin()
        elif now != self._of:
            self._set_suspects(None, "")
            self._look()
        elif self._clusters is not None:
            self._clusters = replace(self._clusters, phases=review.phases)
            self._judge()
            self._go_on()

    def _go_on(self) -> None:
        """Search anew when many more cells are judged, unless a person has stopped the search."""
        if self.suspects is None or self.is_running or self.was_cancelled:
            return
        if abs(_count_judged(self._desk.review) - self._n_judged) >= AGAIN:
            self._look()

    def _read(self, title: str, source: Source | None) -> None:
        """Start to read measures, or to make them from an image."""
        dna = self._desk.undertaking.channels.get("dna")
        self._run(title, _measures, self._desk.review, dna, source)

    def _look(self) -> None:
        """Start to look for clusters, if there is anything to look for."""
        review, found = self._desk.review, self.measurements
        self._of, self._said = self._now(), None
        if found is None:
            return
        if review.blind:
            self._set_suspects(None, BLIND)
        elif review.prediction_set is None:
            self._set_suspects(None, NO_PREDICTIONS)
        else:
            self._said = said_of(review)
            self._n_judged = _count_judged(review)
            phase = np.where(found.is_known, self._said[0], -1)
            known = known_of(review)
            known[~found.is_known & (known != NOBODY)] = ASIDE
            given = (found, phase, review.phases, self.limits, known, self._said[1])
            self._run("Find suspects", _clusters, *given)

    def _run(self, title: str, work: Callable[..., Generator[Any, None, Any]], *args: Any) -> None:
        """Start work in place of what is under way."""
        if self.is_running:
            self._next = (title, work, args)
            self._job.cancel()
        else:
            self.was_cancelled = False
            self._job.start(title, work, *args)
            self.began.emit()

    def _take(self, found: Measurements | Clusters | str | None) -> None:
        if self._next is not None:
            return  # it is obsolete
        if isinstance(found, Clusters):
            self._clusters = found
            self._judge()
            self.searched.emit()
        elif isinstance(found, str):
            self._set_suspects(None, found)
        else:
            self._clusters, self.problem = None, ""
            self._set_measurements(found)

    def _judge(self) -> None:
        assert self._clusters is not None
        assert self._said is not None
        self._set_suspects(judge(self._clusters, self._said[1], self.limits), "")

    def _set_measurements(self, found: Measurements | None) -> None:
        self.measurements = found
        self.measured.emit()

    def _set_suspects(self, found: Suspects | None, problem: str) -> None:
        self.suspects, self.problem = found, problem
        if found is None:
            self._clusters = None
        self._desk.suspect(found)
        self.judged.emit()

    def _on_end(self) -> None:
        if self._next is not None:
            (title, work, args), self._next = self._next, None
            self._run(title, work, *args)
        elif self._clusters is None and not self.problem and not self.was_cancelled:
            self._look()
        if not self.is_running:
            self.ended.emit()


def _count_judged(review: Review) -> int:
    return int((review.annotator != NONE).sum())


def _measures(
    review: Review, dna: int | None, source: Source | None
) -> Generator[Step, None, Measurements | None]:
    """Read measures, or make them. Called in a thread."""
    if source is None:
        yield Step(0, 0, "")
        return review.project.measured.get(review.image, dna)
    work = iter_measured(source)
    return (yield from told_as(work, lambda found: Step(found.n_known, len(found), "cells")))


def _clusters(
    found: Measurements,
    phase: NDArray[np.int64],
    phases: PhaseSet,
    limits: Limits,
    known: NDArray[np.int64],
    probabilities: NDArray[np.float64],
) -> Generator[Step, None, Clusters | str]:
    """Look for clusters, or say why there are none. Called in a thread."""
    work = clusters_within(found, phase, phases, limits, known, probabilities)
    try:
        return (yield from told_as(work, lambda step: Step(*step, "fits")))
    except CellCycleError as error:
        return str(error)
