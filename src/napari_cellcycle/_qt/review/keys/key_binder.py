"""Keys bound in the dock and on our own layers, and kept out of fields where a person types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QAbstractSpinBox, QLineEdit

from napari_cellcycle._qt.review.keys.keys import for_canvas

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle._qt.review.keys.keys import Key


class KeyBinder:
    """Binds keys in the dock, and on layers of our own: never on a layer of the user's.

    Parameters
    ----------
    widget : QWidget
        Keys work while it, or something in it, has the focus.
    actions : mapping of str to callable
        What each action does.
    around : callable, optional
        Is called with an action, and does it; for keys in the dock.
    """

    def __init__(
        self,
        widget: QWidget,
        actions: Mapping[str, Callable[[], Any]],
        around: Callable[[Callable[[], Any]], Any] | None = None,
    ) -> None:
        self._widget = widget
        self._actions = actions
        self._around = around
        self._shortcuts: list[QShortcut] = []
        self._layer: Any = None
        self._on_layer: list[Any] = []

    def bind(self, keys: tuple[Key, ...]) -> None:
        """Bind these keys in the dock, in place of former ones."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []
        for key in keys:
            action = self._actions[key.action]
            for sequence in _spellings(key.keys):
                shortcut = QShortcut(QKeySequence(sequence), self._widget)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(
                    action if self._around is None else partial(self._around, action)
                )
                self._shortcuts.append(shortcut)

    def bind_layer(self, layer: Any, keys: tuple[Key, ...]) -> None:
        """Bind these keys on one layer, in place of former ones: they work while it is selected."""
        self.free_layer()
        self._layer = layer
        for key in keys:
            binding = for_canvas(key.keys)
            if binding is None:
                continue
            layer.bind_key(binding, _ignoring_layer(self._actions[key.action]), overwrite=True)
            self._on_layer.append(binding)

    def free_layer(self) -> None:
        """Take the keys from the layer: it stays, and another review may want it."""
        for binding in self._on_layer:
            self._layer.bind_key(binding, None)
        self._layer, self._on_layer = None, []


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
    if not keys:
        return ()
    return (keys, keys.replace("Return", "Enter")) if "Return" in keys else (keys,)


def _ignoring_layer(action: Callable[[], Any]) -> Callable[[Any], None]:
    def call(layer: Any) -> None:
        action()

    return call
