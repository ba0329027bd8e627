"""Why a cell is left out: a menu that is quick by mouse and by key."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_cellcycle.project.words import EXCLUDE_REASONS


class ReasonButton(QPushButton):
    """Opens the reasons; each has a letter, which is underlined.

    Attributes
    ----------
    chosen : Signal(str)
        The reason.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("▾", parent)
        self.setObjectName("exclude-why")
        self.setAccessibleName("Exclude, and say why")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet("QPushButton { padding: 3px 0px; }")
        self.setFixedWidth(20)
        self.reasons = _Reasons(self)
        for reason, text in EXCLUDE_REASONS.items():
            self.reasons.addAction(text, lambda _=False, reason=reason: self.chosen.emit(reason))
        self.clicked.connect(self.ask)

    def ask(self) -> None:
        """Open the reasons below the button, if it can be used."""
        if self.isEnabled():
            self.reasons.popup(self.mapToGlobal(self.rect().bottomLeft()))


class _Reasons(QMenu):
    """Takes every key while it is open, also those that are shortcuts of the dock."""

    def event(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)
