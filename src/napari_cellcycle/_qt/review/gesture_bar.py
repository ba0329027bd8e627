"""The buttons of Review: one a gesture, with its key, and whether it can be done now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from napari_cellcycle._qt.review.desk import SURE
from napari_cellcycle._qt.review.keys.keys import with_key
from napari_cellcycle._qt.review.reasons import ReasonButton

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk

_BUTTONS = (
    ("previous", "◀ Previous", "Previous cell of the queue"),
    ("next", "Next ▶", "Next cell of the queue"),
    ("accept", "Accept", "The prediction is right"),
    ("clear", "Predicted", "Back to predicted: take your word back"),
    ("exclude", "Exclude", "Debris, out of focus, badly segmented"),
    ("unsure", "Unsure", "The phase cannot be told; with the note below"),
    ("undo", "Undo", "Undo"),
    ("redo", "Redo", "Redo"),
)
_A_ROW = 4


class GestureBar(QWidget):
    """Does with a click what keys do.

    Parameters
    ----------
    desk : Desk
        Says what can be done.
    actions : mapping of str to callable
        What each action does.

    Attributes
    ----------
    buttons : dict of str to QPushButton
    why : ReasonButton
        Beside *Exclude*.
    accept_all : QPushButton
        Accepts all cells whose prediction is sure; it is laid out elsewhere.
    """

    def __init__(
        self,
        desk: Desk,
        actions: Mapping[str, Callable[[], Any]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._keys: Mapping[str, str] = {}
        self.buttons: dict[str, QPushButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        for column in range(_A_ROW):
            self._grid.setColumnStretch(column, 1)
            self._grid.setColumnMinimumWidth(column, 60)
        for name, text, _ in _BUTTONS:
            self.buttons[name] = _button(name, text, actions[name], "3px 4px")
        self.why = ReasonButton()
        self._exclude = QWidget()
        pair = QHBoxLayout(self._exclude)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(1)
        pair.addWidget(self.buttons["exclude"], 1)
        pair.addWidget(self.why)
        for widget in (*self.buttons.values(), self._exclude):  # columns of one width
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self.accept_all = _button("accept-all", "", actions["accept-all"], "3px 6px")

    def name_keys(self, keys: Mapping[str, str]) -> None:
        """Tell the keys of actions in the tooltips."""
        self._keys = keys
        for name, _, tip in _BUTTONS:
            self.buttons[name].setToolTip(with_key(tip, keys.get(name, "")))
        self.offer()

    def _lay_out(self) -> None:
        """Place the buttons; in blind mode there is nothing to accept."""
        blind = self._desk.review.blind
        offered = [button for name, button in self.buttons.items() if name != "accept" or not blind]
        for place, button in enumerate(offered):
            widget = self._exclude if button is self.buttons["exclude"] else button
            self._grid.addWidget(widget, place // _A_ROW, place % _A_ROW)
        self.buttons["accept"].setVisible(not blind)
        self.buttons["clear"].setText("Take back" if blind else "Predicted")

    def offer(self) -> None:
        """Enable what can be done, and say how much."""
        desk, review = self._desk, self._desk.review
        if self.buttons["accept"].isHidden() != review.blind:
            self._lay_out()
        may = not desk.project.read_only
        undo, redo = review.to_undo, review.to_redo
        for name, action in (("undo", undo), ("redo", redo)):
            self.buttons[name].setEnabled(may and action is not None)
            what = "" if action is None else f": {action.about}"
            tip = with_key(f"{name.capitalize()}{what}", self._keys.get(name, ""))
            self.buttons[name].setToolTip(tip)
        for name in ("accept", "exclude", "unsure", "clear"):
            self.buttons[name].setEnabled(may and desk.current >= 0)
        self.why.setEnabled(self.buttons["exclude"].isEnabled())
        tip = "Exclude, and say why: debris, out of focus, bad segmentation"
        self.why.setToolTip(with_key(tip, self._keys.get("exclude-why", "")))
        n = len(desk.sure_rows())
        self.accept_all.setVisible(bool(review.shown.sets))
        self.accept_all.setEnabled(may and n > 0)
        self.accept_all.setText(f"Accept {n:,} above {SURE:g}")
        code = int(review.shown.phase[desk.current]) if desk.current >= 0 else -1
        name = review.phases.phases[code].name if code >= 0 else "this phase"
        tip = (
            f"Accept every cell that is predicted {name} with a confidence above {SURE:g} and not "
            "judged yet: one step to undo"
        )
        self.accept_all.setToolTip(with_key(tip, self._keys.get("accept-all", "")))


def _button(name: str, text: str, action: Callable[[], Any], padding: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"do-{name}")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setStyleSheet(f"QPushButton {{ padding: {padding}; }}")
    button.clicked.connect(lambda _=False: action())
    return button
