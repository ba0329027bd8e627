"""Tells at once when a person edits the labels under a review."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle.image.movie import Movie

_EVENTS = ("paint", "labels_update", "data")


class LabelWatch(QObject):
    """Whether a Labels layer was edited since its labels were taken into the project.

    Parameters
    ----------
    layer : napari.layers.Labels

    Attributes
    ----------
    changed : Signal(bool)
        Whether there is anything to take over now.
    """

    changed = Signal(bool)

    def __init__(self, layer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layer = layer
        self._data = layer.data
        self.is_edited = False
        for name in _EVENTS:
            getattr(layer.events, name).connect(self._on_edit)

    def stop(self) -> None:
        """Listen no more."""
        for name in _EVENTS:
            getattr(self._layer.events, name).disconnect(self._on_edit)

    def set_edited(self, edited: bool) -> None:
        """Say that the labels were taken over, or that they were not after all."""
        if edited != self.is_edited:
            self.is_edited = edited
            self.changed.emit(edited)

    def _on_edit(self, event: Any = None) -> None:
        former, self._data = self._data, self._layer.data
        if isinstance(former, Movie) and self._data is former.whole:
            return  # all of its frames were read: they are the same labels
        self.set_edited(True)
