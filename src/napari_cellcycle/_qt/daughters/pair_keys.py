"""The keys of Daughters, and its buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from napari_cellcycle._qt.review.keys import Key, with_key

KEYS = (
    Key("previous", "A", "previous pair"),
    Key("next", "D", "next pair"),
    Key("accept", "Return", "accept: the two labels are one cell"),
    Key("reject", "X", "reject: they are not one cell, and not proposed any more"),
    Key("undo", "Ctrl+Z", "undo"),
    Key("redo", "Ctrl+Shift+Z", "redo"),
    Key("merge", "M", "merge the cells that are selected in Review cells"),
    Key("split", "S", "split the merged cell at hand into its labels"),
)
"""As bound in the dock, and on the layer of lines."""

_TEXTS = {
    "previous": "◀ Previous",
    "next": "Next ▶",
    "accept": "Accept",
    "reject": "Not a pair",
    "undo": "Undo",
    "redo": "Redo",
    "merge": "Merge selected",
    "split": "Split",
}
_A_ROW = 4


class PairButtons(QWidget):
    """One button a key.

    Parameters
    ----------
    actions : mapping of str to callable
        What each action does.

    Attributes
    ----------
    buttons : dict of str to QPushButton
    """

    def __init__(
        self, actions: Mapping[str, Callable[[], Any]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, key in enumerate(KEYS):
            button = QPushButton(_TEXTS[key.action])
            button.setObjectName(f"pair-{key.action}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("QPushButton { padding: 3px 4px; }")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setToolTip(with_key(key.words.capitalize(), key.keys))
            button.clicked.connect(lambda _=False, act=actions[key.action]: act())
            grid.addWidget(button, place // _A_ROW, place % _A_ROW)
            self.buttons[key.action] = button

    def offer(self, possible: Mapping[str, bool], about: Mapping[str, str]) -> None:
        """Enable what can be done; ``about`` is what undo and redo would do."""
        for key in KEYS:
            button = self.buttons[key.action]
            button.setEnabled(possible[key.action])
            if key.action in about:
                text = f"{key.action.capitalize()}{about[key.action]}"
                button.setToolTip(with_key(text, key.keys))
