"""Tells a widget when the layers of its viewer change."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal


class LayerWatch(QObject):
    """Emits :attr:`changed` when layers come, go, move, or change name, data, scale or units."""

    changed = Signal()

    _OF_LAYER = ("name", "data", "scale", "units", "axis_labels")

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = viewer.layers
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layers.events, name).connect(self._on_list)
        for layer in self._layers:
            self._follow(layer)

    def stop(self) -> None:
        """Disconnect from the viewer."""
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layers.events, name).disconnect(self._on_list)
        for layer in self._layers:
            self._leave(layer)

    def _on_list(self, event: Any) -> None:
        if event.type == "inserted":
            self._follow(event.value)
        elif event.type == "removed":
            self._leave(event.value)
        self.changed.emit()

    def _on_layer(self, event: Any = None) -> None:
        self.changed.emit()

    def _follow(self, layer: Any) -> None:
        for name in self._OF_LAYER:
            if name in layer.events.emitters:
                getattr(layer.events, name).connect(self._on_layer)

    def _leave(self, layer: Any) -> None:
        for name in self._OF_LAYER:
            if name in layer.events.emitters:
                getattr(layer.events, name).disconnect(self._on_layer)
