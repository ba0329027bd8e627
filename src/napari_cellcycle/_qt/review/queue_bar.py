"""The queue: which cells, in which order, how many, and where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import LEFT
from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.results import CountBar
from napari_cellcycle._qt.review.exchange.conflicts import ConflictButton
from napari_cellcycle._qt.review.look import NO_PHASE, Look, phase_name, status_name
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review.orders import BETWEEN_MODELS, NEED_PREDICTIONS, SUSPICION
from napari_cellcycle.review.queue import Filter
from napari_cellcycle.review.sets import comparable

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk

_ORDER_NAMES = {
    "entropy": "most uncertain first",
    "disagreement of projections": "projections disagree",
    BETWEEN_MODELS: "models disagree",
    SUSPICION: "most suspect first",
    "phase": "by predicted phase",
    "volume": "strange sizes first",
    "position": "by position",
    "random": "at random",
}
_ANY = "any"
_TO_DO = "#00000000"
_STALE = STATUSES.index("stale")


class QueueBar(QWidget):
    """Order and filter of the queue, with counts.

    Parameters
    ----------
    desk : Desk
        Whose queue it is.

    Attributes
    ----------
    frame_wanted : Signal()
        The person wants the frame on screen only; :meth:`set_frame` answers.
    """

    frame_wanted = Signal()
    only_queue_toggled = Signal(bool)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._frame: int | None = desk.queue.only.frame
        self.order = ChoiceBox("queue-order", tooltip="In which order cells come")
        self.phase = ChoiceBox("queue-phase", tooltip="Only cells of this final phase")
        self.status = ChoiceBox("queue-status", tooltip="Only cells of this status")
        self.unseen = QCheckBox("not yet seen")
        self.unseen.setObjectName("queue-unseen")
        self.unseen.setToolTip("Only cells that you have not looked at")
        self.frame = QCheckBox("this frame")
        self.frame.setObjectName("queue-frame")
        self.frame.setToolTip("Only cells of the frame on screen")
        self.only = QCheckBox("hide others")
        self.only.setObjectName("queue-only")
        self.only.setToolTip("Show only cells of the queue in the canvas")
        self.count = QLabel()
        self.count.setObjectName("queue-count")
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.conflicts = ConflictButton(desk, self)
        self.picked = QToolButton()
        self.picked.setObjectName("queue-picked")
        self._offered: list[str] = []
        self.done = CountBar()
        self.done.setObjectName("queue-done")
        self.done.setFixedHeight(6)
        self._lay_out()
        self.fill()
        for box in (self.phase, self.status):
            box.changed.connect(self._filter)
        self.order.changed.connect(self._sort)
        self.unseen.toggled.connect(self._filter)
        self.frame.toggled.connect(self._on_frame)
        self.only.toggled.connect(self.only_queue_toggled)
        self.picked.clicked.connect(lambda: desk.choose(None))
        desk.queue_changed.connect(self._count)

    def fill(self) -> None:
        """Offer what the review has, and show what holds."""
        review, queue = self._desk.review, self._desk.queue
        self._offer_orders()
        phases = [
            (phase.slug, phase_name(review.phases, code), None)
            for code, phase in enumerate(review.phases)
        ]
        only = queue.only
        self.phase.set_choices(
            [(_ANY, "all phases", None), *phases, ("", NO_PHASE, None)], _one_of(only.phases)
        )
        statuses = [(name, status_name(name), None) for name in STATUSES]
        self.status.set_choices([(_ANY, "any status", None), *statuses], _one_of(only.statuses))
        self.frame.setVisible(bool(len(review)) and int(review.cells.frame.max()) > 0)
        self._count()

    def _offer_orders(self) -> None:
        review, queue = self._desk.review, self._desk.queue
        missing = set(() if review.shown.sets else NEED_PREDICTIONS)
        if not comparable(review):
            missing.add(BETWEEN_MODELS)
        if queue.suspects is None:
            missing.add(SUSPICION)
        self._offered = [name for name in _ORDER_NAMES if name not in missing]
        self.order.set_choices([(n, _ORDER_NAMES[n], None) for n in self._offered], queue.order)

    def set_frame(self, frame: int) -> None:
        """The frame on screen is another one."""
        if self.frame.isChecked() and frame != self._frame:
            self._frame = frame
            self._filter()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.addWidget(QLabel("Queue"), 0, 0)
        grid.addWidget(self.order, 0, 1, 1, 2)
        grid.addWidget(QLabel("of"), 1, 0)
        grid.addWidget(self.phase, 1, 1)
        grid.addWidget(self.status, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        row = QHBoxLayout()
        row.setSpacing(10)
        for box in (self.unseen, self.frame, self.only):
            row.addWidget(box)
        row.addStretch(1)
        grid.addLayout(row, 2, 1, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(grid)
        self.count.setAlignment(LEFT)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.count, 1)
        line.addWidget(self.picked)
        line.addWidget(self.conflicts)
        layout.addLayout(line)
        layout.addWidget(self.done)

    def _sort(self) -> None:
        self._desk.sort(str(self.order.key()))

    def _on_frame(self, on: bool) -> None:
        self._frame = None
        if on:
            self.frame_wanted.emit()
        self._filter()

    def _filter(self) -> None:
        phase, status = str(self.phase.key()), str(self.status.key())
        self._desk.filter(
            Filter(
                phases=None if phase == _ANY else frozenset([phase]),
                statuses=None if status == _ANY else frozenset([status]),
                frame=self._frame if self.frame.isChecked() else None,
                seen=False if self.unseen.isChecked() else None,
            )
        )

    def _follow(self) -> None:
        """Show the order and the filter that hold, whoever set them."""
        queue, only = self._desk.queue, self._desk.queue.only
        if (queue.suspects is not None) != (SUSPICION in self._offered):
            self._offer_orders()
        self.picked.setVisible(queue.chosen is not None)
        if queue.chosen is not None:
            n = int(queue.chosen.sum())
            self.picked.setText(f"{n:,} picked  ✕")
            self.picked.setToolTip(f"The queue holds {n:,} picked cells only. Take all again")
        self.order.follow(queue.order)
        self.phase.follow(_one_of(only.phases))
        self.status.follow(_one_of(only.statuses))
        for box, on in ((self.unseen, only.seen is False), (self.frame, only.frame is not None)):
            with QSignalBlocker(box):
                box.setChecked(on)

    def _count(self) -> None:
        review, queue = self._desk.review, self._desk.queue
        self._follow()
        at = queue.position() + (queue.current >= 0 and bool(queue.match[queue.current]))
        silent = sum(
            int(review.status_counts[STATUSES.index(name)]) for name in ("", "predicted", "stale")
        )
        if review.status_counts[_STALE]:  # somebody may have said what they are
            silent -= int(((review.status == _STALE) & (review.annotator != -1)).sum())
        judged, total = len(review) - silent, len(review)
        self.count.setText(
            f"{at:,} of {queue.count:,} in the queue · {judged:,} of {total:,} judged"
        )
        self.count.setToolTip(
            "\n".join(
                f"{status_name(name)}: {int(n):,}"
                for name, n in zip(STATUSES, review.status_counts.tolist(), strict=True)
                if n
            )
        )
        self.done.set_parts([(Look.of(self).accent.name(), judged), (_TO_DO, total - judged)])


def _one_of(names: frozenset[str] | None) -> str:
    return _ANY if not names else next(iter(names))
