"""The buttons of Daughters, one a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from napari_cellcycle._qt.review.keys.keys import PAIR_KEYS, Key, with_key

_TEXTS = {
    "previous": "◀ Previous",
    "next": "Next ▶",
    "accept": "Accept",
    "reject": "Not a pair",
    "undo": "Undo",
    "redo": "Redo",
    "merge": "Merge",
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
        for place, key in enumerate(PAIR_KEYS):
            name = key.gesture
            button = QPushButton(_TEXTS[name])
            button.setObjectName(f"pair-{name}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("QPushButton { padding: 3px 4px; }")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, act=actions[key.action]: act())
            grid.addWidget(button, place // _A_ROW, place % _A_ROW)
            self.buttons[name] = button
        self._about: Mapping[str, str] = {}
        self.name_keys(PAIR_KEYS)

    def name_keys(self, keys: tuple[Key, ...]) -> None:
        """Tell the keys as they are now."""
        self._keys = keys
        for key in keys:
            about = self._about.get(key.gesture)
            text = key.words.capitalize() if about is None else f"{_TEXTS[key.gesture]}{about}"
            self.buttons[key.gesture].setToolTip(with_key(text, key.keys))

    def offer(self, possible: Mapping[str, bool], about: Mapping[str, str]) -> None:
        """Enable what can be done; ``about`` is what undo and redo would do."""
        for name, button in self.buttons.items():
            button.setEnabled(possible[name])
        self._about = about
        self.name_keys(self._keys)
