"""Judge without being told: predictions and other people's words are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QCheckBox, QWidget

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk


class BlindBox(QCheckBox):
    """Turns blind mode on and off; every widget then shows what its review shows.

    Parameters
    ----------
    desk : Desk
        Keeps it for the person who works, in this project.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("blind", parent)
        self._desk = desk
        self.setObjectName("blind")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip(
            "Hide predictions and what others said; each word is noted as said blind. Kept for you "
            "in this project"
        )
        self._follow()
        self.toggled.connect(desk.look_blind)
        desk.source.signals.reloaded.connect(self._follow)

    def _follow(self) -> None:
        with QSignalBlocker(self):
            self.setChecked(self._desk.review.blind)
