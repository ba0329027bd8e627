"""What a training came to: before and after on the same cells, Keep, and Classify again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, Signal
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.results import MessageLabel, text_label
from napari_cellcycle._qt.scrolled import scroll_to
from napari_cellcycle._qt.training.matrix import MatrixView, chip
from napari_cellcycle.counted import counted
from napari_cellcycle.phases import UNCLASSIFIED

if TYPE_CHECKING:
    from napari_cellcycle._qt.training.run import Outcome
    from napari_cellcycle.train.evaluation.assessment import Assessment
    from napari_cellcycle.train.evaluation.compare import Comparison
    from napari_cellcycle.train.evaluation.evaluate import Evaluation


class OutcomePanel(QWidget):
    """Two confusion matrices, a test, and what to do with the new model.

    Attributes
    ----------
    keep_wanted : Signal(str)
        With the name that the model is to have.
    classify_wanted : Signal()
    """

    keep_wanted = Signal(str)
    classify_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before, self.after = MatrixView("Before"), MatrixView("After")
        self.before.setObjectName("before")
        self.after.setObjectName("after")
        self.told = text_label("told")
        self.notes = text_label("outcome-notes")
        self.name = QLineEdit()
        self.name.setObjectName("keep-name")
        self.name.setToolTip("What the model is called in the list of models")
        self.keep = QPushButton("Keep")
        self.keep.setObjectName("keep")
        self.keep.setToolTip("Put the new model among your own, with its card")
        self.classify = QPushButton("Classify again")
        self.classify.setObjectName("classify-again")
        self.classify.setToolTip(
            "The open review gets one more prediction set, and corrections stay; without a review, "
            "the new model is chosen in Classify cells"
        )
        self.message = MessageLabel("keep-message")
        self._classes = QGridLayout()
        self._classes.setContentsMargins(0, 0, 0, 0)
        self._classes.setHorizontalSpacing(8)
        self._classes.setVerticalSpacing(2)
        self._classes.setColumnStretch(1, 1)
        pair = QHBoxLayout()
        pair.setSpacing(8)
        pair.addWidget(self.before, 1)
        pair.addWidget(self.after, 1)
        keeping = QHBoxLayout()
        keeping.setSpacing(6)
        keeping.addWidget(self.name, 1)
        keeping.addWidget(self.keep)
        keeping.addWidget(self.classify)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.told)
        layout.addLayout(pair)
        layout.addLayout(self._classes)
        layout.addWidget(self.notes)
        layout.addLayout(keeping)
        layout.addWidget(self.message)
        self.keep.clicked.connect(lambda: self.keep_wanted.emit(self.name.text().strip()))
        self.classify.clicked.connect(self.classify_wanted)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show how the new model does, beside the old one where that can be said."""
        found, result = outcome.before, outcome.result
        after = result.test if found is None or found.other is None else found.other
        before = None if found is None else found.evaluation
        shown = {phase.slug: (phase.name, phase.color) for phase in outcome.phases}
        names, colors = zip(
            *(shown.get(label, (label, UNCLASSIFIED)) for label in after.labels), strict=True
        )
        self.before.setVisible(before is not None)
        if before is not None:
            self.before.set_counts(before.confusion, names, colors)
        self.after.title = "After" if before is not None else "On held-out cells"
        self.after.set_counts(after.confusion, names, colors)
        self._list_classes(names, colors, before, after)
        self.told.setText(_told(found, after))
        parts = result.parts
        told = [
            f"{parts['train']:,} cells to train, {parts['validation']:,} to validate, "
            f"{parts['test']:,} to test, apart by group."
        ]
        if parts.get("others"):
            told.append(f"{parts['others']:,} of further sets were learned from.")
        told += [outcome.note] if outcome.note else []
        told += result.notes if found is None else found.notes
        self.notes.setText("\n".join(f"• {note}" for note in told))
        self.name.setText(outcome.run.name)
        self.name.setEnabled(True)
        self.keep.setEnabled(True)
        self.classify.setEnabled(False)
        self.message.clear()
        self.setVisible(True)

    def show_kept(self, name: str) -> None:
        """Say that the model is now one of the user's."""
        self.name.setText(name)
        self.name.setEnabled(False)
        self.keep.setEnabled(False)
        self.classify.setEnabled(True)
        self.message.hint(f"{name} is kept: it is in the list of models, with its card.")
        scroll_to(self.message)

    def show_problem(self, text: str) -> None:
        """Say why it cannot be kept."""
        self.message.error(text)
        scroll_to(self.message)

    def _list_classes(
        self,
        names: tuple[str, ...],
        colors: tuple[str, ...],
        before: Evaluation | None,
        after: Evaluation,
    ) -> None:
        while (item := self._classes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        heads = ["", "found of all", "cells", "before" if before is not None else "", "after"]
        for column, head in enumerate(heads):
            self._put(0, column, head)
        for row, (name, color, label) in enumerate(
            zip(names, colors, after.labels, strict=True), start=1
        ):
            self._classes.addWidget(_Chip(color, row), row, 0)
            self._put(row, 1, name)
            self._put(row, 2, f"{int(after.confusion[row - 1].sum()):,}")
            if before is not None:
                self._put(row, 3, _percent(before.values[f"recall/{label}"]))
            self._put(row, 4, _percent(after.values[f"recall/{label}"]))

    def _put(self, row: int, column: int, text: str) -> None:
        label = QLabel(text)
        if column == 1:
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setToolTip(text)
        else:
            label.setAlignment(RIGHT)
        self._classes.addWidget(label, row, column)


class _Chip(QWidget):
    """Number and colour of a class, as in the matrices."""

    def __init__(self, color: str, number: int) -> None:
        super().__init__()
        self._color, self._number = color, number
        self.setFixedSize(16, 16)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = painter.font()
        small.setPixelSize(11)
        painter.setFont(small)
        chip(painter, QRectF(self.rect()), self._color, self._number)


def _told(found: Assessment | None, after: Evaluation) -> str:
    if found is None or found.comparison is None:
        low, high = after.intervals["accuracy"]
        interval = f" (95 % interval {_percent(low)} to {_percent(high)})" if low == low else ""
        return (
            f"{_percent(after.values['accuracy'])} of {after.n:,} held-out cells are called right"
            f"{interval}."
        )
    return _compared(found.comparison)


def _compared(found: Comparison) -> str:
    """The paired test in words; the first is before, the second after."""
    before, after = found.accuracy
    lost = (found.difference, found.interval[1], found.interval[0])
    gain, low, high = (round(-100 * one, 1) + 0.0 for one in lost)  # no -0.0
    groups = counted(found.groups, "group")
    text = (
        f"Right about {_percent(before)} before and {_percent(after)} after, of the same "
        f"{found.n:,} held-out cells of {groups}: {gain:+.1f} points"
    )
    if low == low:
        text += f" (95 % interval {low:+.1f} to {high:+.1f}, paired bootstrap by group)"
    p = found.mcnemar.p
    return f"{text}. McNemar's test: p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}."


def _percent(share: float) -> str:
    return "–" if share != share else f"{100 * share:.1f} %"
