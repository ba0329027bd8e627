"""Segmentations that are transparent while phases lie over them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_cellcycle._qt.overlay import covered_by

_DRAWING = ("paint", "erase", "fill", "polygon")
"""Modes of a Labels layer in which a person must see it."""


class Below:
    """Makes layers transparent below the phases of a segmentation, and shows them again.

    They are shown again when the phases go, when a person draws in them, or when they are to.
    A layer that is not visible has no values in the status bar; a transparent one has.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[Any, ...]] = {}
        self._opacity: dict[Any, float] = {}

    def hide(self, viewer: Any, segmentation: Any, layers: tuple[Any, ...]) -> None:
        """Keep layers transparent while phases of a segmentation are in the viewer.

        Parameters
        ----------
        viewer : napari.Viewer
            Where they lie.
        segmentation : napari.layers.Labels
            What the phases are of.
        layers : tuple of napari.layers.Labels
            It, and others that lie there.
        """
        key = str(segmentation.unique_id)
        self._wanted[key] = layers
        if _has_phases(viewer.layers, key):
            self._dim(layers)

    def show(self, segmentation: Any) -> None:
        """Show what was hidden below the phases of a segmentation, and hide it no more."""
        self._restore(self._wanted.pop(str(segmentation.unique_id), ()))

    def arrive(self, layer: Any) -> None:
        """Take note of a layer that has come into the viewer."""
        self._dim(self._wanted.get(covered_by(layer), ()))

    def leave(self, layer: Any, others: Iterable[Any]) -> None:
        """Take note of a layer that has gone from the viewer, in which others are left."""
        key = covered_by(layer)
        if key in self._wanted and not _has_phases(others, key):
            self._restore(self._wanted[key])
        self._restore(self._wanted.pop(str(layer.unique_id), ()))

    def _dim(self, layers: Iterable[Any]) -> None:
        for layer in layers:
            if layer not in self._opacity:
                self._opacity[layer], layer.opacity = layer.opacity, 0.0
                layer.events.mode.connect(self._on_mode)

    def _restore(self, layers: Iterable[Any]) -> None:
        for layer in layers:
            opacity = self._opacity.pop(layer, None)
            if opacity is None:
                continue
            layer.events.mode.disconnect(self._on_mode)
            if layer.opacity == 0:  # else the person has chosen another one
                layer.opacity = opacity

    def _on_mode(self, event: Any) -> None:
        if str(event.mode) in _DRAWING:
            self._restore([event.source])


def _has_phases(layers: Iterable[Any], key: str) -> bool:
    return any(covered_by(layer) == key for layer in layers)
