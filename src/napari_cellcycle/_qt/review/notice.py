"""One line that says what is the matter, with a button that mends it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget
from superqt import QElidingLabel

from napari_cellcycle._qt.results import MessageLabel


class _Line(MessageLabel, QElidingLabel):
    """A message that ends with dots where it does not wrap and has no room."""


class Notice(QWidget):
    """A message with a button; takes no room while there is nothing to say.

    Beside a button it is one line, whose tooltip tells all: several notices fit the dock.

    Parameters
    ----------
    name : str
        Of the message; the button has ``-button`` behind it.

    Attributes
    ----------
    pressed : Signal()
        The button was clicked.
    told : Signal()
        Something was said, or is said no more.
    """

    pressed = Signal()
    told = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = _Line(name)
        policy = self.message.sizePolicy()  # a long name must not make the dock wider
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self.message.setSizePolicy(policy)
        self.button = QPushButton()
        self.button.setObjectName(f"{name}-button")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.setStyleSheet("QPushButton { padding: 3px 8px; }")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.message, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.button.clicked.connect(self.pressed)
        self.clear()

    def text(self) -> str:
        """What is said."""
        return self.message.text()

    def hint(self, text: str, button: str = "") -> None:
        """Say what can be done; without a button where no name of one is given."""
        self.message.hint(text)
        self.message.setToolTip(text if button else "")
        self._offer(button)

    def error(self, text: str, button: str = "") -> None:
        """Say what is wrong; beside a button its first sentence is enough."""
        self.message.error(text.split(". ")[0].rstrip(".") + "." if button else text)
        self.message.setToolTip(text)
        self._offer(button)

    def clear(self) -> None:
        """Say nothing."""
        self.hint("")

    def _offer(self, button: str) -> None:
        self.message.setWordWrap(not button)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setVisible(bool(self.message.text()))
        self.told.emit()
