"""Offers to go on with a training that was interrupted, perhaps by a crash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_cellcycle._qt.results import text_label
from napari_cellcycle._qt.training.interrupted import Interrupted, find_interrupted

if TYPE_CHECKING:
    from napari_cellcycle._qt.training.asked import TrainRun


class InterruptedPanel(QWidget):
    """The latest training that is not finished; takes no room where there is none.

    Attributes
    ----------
    wanted : Signal(object, bool)
        The training is to go on; or to be content with what it came to.
    """

    wanted = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: list[Interrupted] = []
        self.told = text_label("interrupted")
        self.go_on = QPushButton("Go on")
        self.go_on.setObjectName("interrupted-go-on")
        self.go_on.setToolTip(
            "Train on from the last whole epoch, with the data and the choices that it began with"
        )
        self.finish = QPushButton("Take the best so far")
        self.finish.setObjectName("interrupted-finish")
        self.finish.setToolTip("Make a model of the best epoch up to then, and test it")
        self.leave = QPushButton("Leave it")
        self.leave.setObjectName("interrupted-leave")
        self.leave.setToolTip("Offer it no more; its checkpoints stay where they are")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.told, 0, 0, 1, 3)
        for column, button in enumerate((self.go_on, self.finish, self.leave)):
            grid.addWidget(button, 1, column)
        self.go_on.clicked.connect(lambda: self._want(finish=False))
        self.finish.clicked.connect(lambda: self._want(finish=True))
        self.leave.clicked.connect(self._leave)

    def look(self, besides: TrainRun | None = None) -> None:
        """Offer the latest training that is not finished, besides one that is offered elsewhere."""
        out = None if besides is None else besides.out
        self._found = [one for one in find_interrupted() if one.run.out != out]
        self._show()

    def _show(self) -> None:
        if self._found:
            self.told.setText(_told(self._found[0], len(self._found) - 1))
        self.setVisible(bool(self._found))

    def _want(self, *, finish: bool) -> None:
        self.wanted.emit(self._found[0].run, finish)

    def _leave(self) -> None:
        self._found.pop(0).leave()
        self._show()


def _told(one: Interrupted, more: int) -> str:
    run, reached = one.run, one.reached
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.when))
    sets = ", ".join(path.name for path in (run.data, *(path for path, _ in run.others)))
    others = f" {more} more after it." if more else ""
    return (
        f"The training of {run.name} was interrupted on {when}, after epoch {reached.epoch} of "
        f"{reached.epochs} (axis {reached.axis}). Data: {sets}.{others}"
    )
