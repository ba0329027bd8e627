"""Who said how much, how far people agree, and where two of them part."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.results import text_label
from napari_cellcycle._qt.review.exchange.take_in import TakeIn
from napari_cellcycle._qt.review.look import Look, phase_name
from napari_cellcycle._qt.review.worker import Worker
from napari_cellcycle._qt.timers import once
from napari_cellcycle._qt.training.matrix import MatrixView, ink_on
from napari_cellcycle.counted import counted
from napari_cellcycle.review.agreement.agreement import Snapshot, confusion, measure_agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QShowEvent

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.review.agreement.agreement import Agreement, Pair

_AFTER_MS = 200
HIDDEN = "Blind mode is on: what others say is hidden, and so is how far you agree with them."


class PeoplePanel(QWidget):
    """The people of a review, compared in a thread while the panel is seen.

    Parameters
    ----------
    desk : Desk
        Whose review it is.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._compared: Snapshot | None = None
        self._wanted = 0
        self._found: tuple[Agreement, tuple[NDArray[np.int64], ...]] | None = None
        self.said = text_label("people-said")
        self.told = text_label("people-agreement")
        self.pair = ChoiceBox("people-pair", tooltip="Two people to compare")
        self.pair.setMinimumContentsLength(12)
        self.about = text_label("people-pair-about")
        self.matrix = MatrixView("", tip=self._tip)
        self.matrix.setObjectName("people-matrix")
        self.legend = text_label("people-legend")
        self.legend.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.take_in = TakeIn(desk)
        self._worker = Worker(self._compare, 1, self)
        self._worker.made.connect(self._take)
        self._worker.broke.connect(_raise)
        self._waiting = once(self, self._want, _AFTER_MS)
        self._lay_out()
        self.pair.changed.connect(self._show_pair)
        desk.review.changed.connect(self._change)
        desk.source.signals.reloaded.connect(self._want_if_seen)
        self._show()

    @property
    def is_busy(self) -> bool:
        """Whether what is shown is older than the last word."""
        return self._waiting.isActive() or self._wanted > 0

    def close_panel(self) -> None:
        """Follow the review no more."""
        self._waiting.stop()
        self._worker.close()
        self.take_in.close_job()
        self._desk.review.changed.disconnect(self._change)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Compare what was said since the panel was seen last."""
        super().showEvent(event)
        self._want()

    # --- comparing ------------------------------------------------------------------------------

    def _change(self, rows: object) -> None:
        if self.isVisible() and not self._waiting.isActive():
            self._waiting.start()

    def _want_if_seen(self) -> None:
        if self.isVisible():
            self._want()

    def _want(self) -> None:
        self._waiting.stop()
        review = self._desk.review
        if review.blind:
            self._compared = self._found = None
            self._show()
            return
        now, old = Snapshot.of(review), self._compared
        if (
            old is not None
            and (old.people, old.phases) == (now.people, now.phases)
            and np.array_equal(old.words, now.words)
        ):
            return
        self._compared = now
        self._wanted += 1
        self._worker.want([self._wanted])

    def _compare(self, wanted: list[int]) -> tuple[Agreement, tuple[NDArray[np.int64], ...]]:
        """Called in a thread."""
        said = self._compared
        assert said is not None
        found = measure_agreement(said)
        return found, tuple(confusion(said, pair.first, pair.second) for pair in found.pairs)

    def _take(self, wanted: list[int], found: Any) -> None:
        if wanted[-1] == self._wanted:
            self._wanted = 0
        if self._compared is not None:
            self._found = found
            self._show()

    # --- showing --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 4, 4, 0)
        column.setSpacing(6)
        beside = QHBoxLayout()
        beside.setSpacing(10)
        beside.addWidget(self.matrix)
        beside.addWidget(self.legend, 1)
        column.addWidget(self.said)
        column.addWidget(self.told)
        column.addWidget(self.pair)
        column.addWidget(self.about)
        column.addLayout(beside)
        column.addWidget(self.take_in)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _show(self) -> None:
        review = self._desk.review
        found = self._found[0] if self._found is not None else None
        self.said.setVisible(not review.blind)
        if found is not None:
            self.said.setText(_people(found, self._desk.project.who, Look.of(self).faint.name()))
        self.told.setText(HIDDEN if review.blind else "" if found is None else _agreement(found))
        pairs = [] if found is None else [pair for pair in found.pairs if pair.n]
        self.pair.set_choices(
            [((pair.first, pair.second), _named(pair), pair) for pair in pairs], keep=True
        )
        for widget in (self.pair, self.about, self.matrix, self.legend):
            widget.setVisible(bool(pairs))
        self._show_pair()

    def _show_pair(self) -> None:
        pair = self.pair.value()
        if pair is None or self._found is None or self._compared is None:
            return
        found, matrices = self._found
        counts, phases = matrices[found.pairs.index(pair)], self._compared.phases
        codes = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1)).tolist()
        names = [phase_name(phases, code) for code in codes]
        colors = [phases.phases[code].color for code in codes]
        self.matrix.set_counts(counts[np.ix_(codes, codes)], names, colors)
        self.about.setText(
            f"{100 * pair.agreement:.0f} % the same. Rows: {pair.first}; columns: {pair.second}."
        )
        self.legend.setText(_legend(phases, codes))

    def _tip(self, i: int, j: int) -> str:
        pair: Pair = self.pair.value()
        counts, names = self.matrix.counts, self.matrix.names
        return (
            f"{counts[i, j]} of {counts[i].sum()} that {pair.first} calls {names[i]}\n"
            f"{pair.second} calls {names[j]}"
        )


def _people(found: Agreement, me: str, faint: str) -> str:
    """A line for each person, the one who works first."""
    you = f" <span style='color:{faint}'>(you)</span>"
    rows = "".join(
        f"<tr><td>{escape(who)}{you if who == me else ''}</td>"
        f"<td align=right style='padding-left:16px'>{words:,}</td></tr>"
        for who, words in zip(found.people, found.words, strict=True)
    )
    head = (
        f"<tr style='color:{faint}'><td>who</td>"
        "<td align=right style='padding-left:16px'>cells judged</td></tr>"
    )
    return f"<table cellspacing=0 cellpadding=1>{head}{rows}</table>"


def _agreement(found: Agreement) -> str:
    if not found.people:
        return "Nobody has said anything yet."
    if not found.shared:
        return "No cell has a phase by two people yet."
    shared = f"{counted(found.shared, 'cell')} with two phases or more"
    return f"{shared} · Fleiss' κ {_kappa(found.fleiss)}" if len(found.people) > 2 else shared


def _named(pair: Pair) -> str:
    return f"{pair.first} and {pair.second} · κ {_kappa(pair.kappa)} · {counted(pair.n, 'cell')}"


def _kappa(value: float) -> str:
    return "–" if value != value else f"{value:.2f}".replace("-", "−")


def _legend(phases: PhaseSet, codes: list[int]) -> str:
    rows = "".join(
        f"<tr><td align=center style='background-color:{phases.phases[code].color}; "
        f"color:{ink_on(QColor(phases.phases[code].color)).name()}'>&nbsp;{number}&nbsp;</td>"
        f"<td style='padding-left:6px'>{escape(phase_name(phases, code))}</td></tr>"
        for number, code in enumerate(codes, start=1)
    )
    return f"<table cellspacing=2 cellpadding=0>{rows}</table>"


def _raise(wanted: object, error: Exception) -> None:
    raise error
