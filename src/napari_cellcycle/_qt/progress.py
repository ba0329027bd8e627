"""A start button, a progress bar with counts, and Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellcycle._qt.results import MessageLabel


class ProgressRow(QWidget):
    """Start and Cancel side by side, the bar below them while work is under way.

    Parameters
    ----------
    text : str
        What the start button says.
    """

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = QPushButton(text)
        self.start.setObjectName("run")
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("cancel")
        self.cancel.setToolTip("Stop after this batch; what is finished stays on screen")
        self.bar = QProgressBar()
        self.bar.setObjectName("progress")
        self.bar.setTextVisible(True)
        self._ready = True
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.start, 1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        self.cancel.clicked.connect(self._on_cancel)
        self.end()

    def set_ready(self, ready: bool, why_not: str = "") -> None:
        """Enable the start button, or disable it and say why in its tooltip."""
        self._ready = ready
        self.start.setToolTip(why_not)
        self.start.setEnabled(ready and self.bar.isHidden())

    def check(self, what: Callable[[], object], message: MessageLabel) -> None:
        """Enable the start button if ``what`` can be put together; else say why not."""
        try:
            what()
        except CellCycleError as error:
            message.hint(str(error))
            self.set_ready(False, str(error))
        else:
            message.clear()
            self.set_ready(True)

    def begin(self, text: str) -> None:
        """Show that work has begun and that nothing can be counted yet."""
        self.bar.setRange(0, 0)
        self.bar.setFormat(text)
        self.bar.setVisible(True)
        self.start.setEnabled(False)
        self.cancel.setVisible(True)
        self.cancel.setEnabled(True)

    def advance(self, done: int, total: int, things: str) -> None:
        """Show how much is done."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self.bar.setFormat(f"{done} of {total} {things}")

    def end(self) -> None:
        """Go back to the start button alone."""
        self.bar.setVisible(False)
        self.cancel.setVisible(False)
        self.start.setEnabled(self._ready)

    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.bar.setFormat("Cancelling…")
