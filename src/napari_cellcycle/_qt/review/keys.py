"""The keys of Review: one table, from which they are bound, shown and explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QAbstractSpinBox, QLineEdit

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle.phases import PhaseSet


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    Parameters
    ----------
    action : str
        Name of the action.
    keys : str
        As Qt writes them, such as ``Ctrl+Z``.
    words : str
        What it does, for a person.
    """

    action: str
    keys: str
    words: str


KEYS = (
    Key("next", "D", "next cell of the queue"),
    Key("previous", "A", "previous cell"),
    Key("accept", "Return", "accept the prediction"),
    Key("accept-all", "Shift+Return", "accept all above 0.99 of the cell's predicted phase"),
    Key("exclude", "X", "exclude: debris, out of focus, badly segmented"),
    Key("unsure", "U", "unsure, with the note in the field"),
    Key("note", "N", "write a note"),
    Key("clear", "Backspace", "back to predicted"),
    Key("undo", "Ctrl+Z", "undo, and go to the cell"),
    Key("redo", "Ctrl+Shift+Z", "redo"),
    Key("centre", "C", "centre and zoom to the cell"),
    Key("isolate", "I", "show only this cell, or all again"),
    Key("outline", "O", "outline uncertain cells, or no more"),
    Key("update", "R", "take edited labels over, and classify stale cells again"),
)
"""Keys of the actions; those of the phases are made from the vocabulary."""


def keys_of(phases: PhaseSet) -> tuple[Key, ...]:
    """All keys for a vocabulary: 1 to 9 for its leaves, 0 for the first branch."""
    branches = [phase for phase in phases if phases.children(phase.slug)]
    found = [
        Key(f"phase:{leaf.slug}", str(number), leaf.name)
        for number, leaf in enumerate(phases.leaves[:9], start=1)
    ]
    found += [
        Key(f"phase:{branch.slug}", "0", f"{branch.name}, stage unknown") for branch in branches[:1]
    ]
    return (*KEYS[:3], *found, *KEYS[3:])


class KeyBinder:
    """Binds keys in the dock, and on layers of our own: never on a layer of the user's.

    Parameters
    ----------
    widget : QWidget
        Keys work while it, or something in it, has the focus.
    actions : mapping of str to callable
        What each action does.
    """

    def __init__(self, widget: QWidget, actions: Mapping[str, Callable[[], Any]]) -> None:
        self._widget = widget
        self._actions = actions
        self._shortcuts: list[QShortcut] = []

    def bind(self, keys: tuple[Key, ...]) -> None:
        """Bind these keys in the dock, in place of former ones."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []
        for key in keys:
            for sequence in _spellings(key.keys):
                shortcut = QShortcut(QKeySequence(sequence), self._widget)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(self._actions[key.action])
                self._shortcuts.append(shortcut)

    def bind_layer(self, layer: Any, keys: tuple[Key, ...]) -> None:
        """Bind these keys on one layer: they work while it is the selected one."""
        for key in keys:
            action = self._actions[key.action]
            layer.bind_key(
                key.keys.replace("Return", "Enter"), _ignoring_layer(action), overwrite=True
            )


class TypingGuard(QObject):
    """Lets keys that are typed into a field reach the field, and nothing else.

    Parameters
    ----------
    widget : QWidget
        Its fields are guarded, and no key that nothing in it wants goes on to the canvas.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)
        self._widget = widget
        for field in (*widget.findChildren(QLineEdit), *widget.findChildren(QAbstractSpinBox)):
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Accept keys for fields; stop those that come up to the widget unused."""
        if event is None:
            return False
        if watched is self._widget:
            if event.type() == QEvent.Type.KeyPress:
                event.accept()
                return True
        elif event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return False


def _spellings(keys: str) -> tuple[str, ...]:
    """A keyboard has two keys Enter, and Qt tells them apart."""
    return (keys, keys.replace("Return", "Enter")) if "Return" in keys else (keys,)


def _ignoring_layer(action: Callable[[], Any]) -> Callable[[Any], None]:
    def call(layer: Any) -> None:
        action()

    return call
