"""Layers of our own beside a layer of the user's: where they lie, and what stays selected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PLACE = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def placed_like(layer: Any) -> dict[str, Any]:
    """Arguments of a new layer that put it where another one lies."""
    return {name: getattr(layer, name) for name in _PLACE}


@contextmanager
def selection_kept(layers: Any) -> Iterator[None]:
    """Select, after layers were added, what was selected before; nobody is told meanwhile."""
    selected, told = set(layers.selection), layers.selection.events
    told.block_all()
    try:
        yield
        layers.selection = selected
    finally:
        told.unblock_all()


@contextmanager
def told_later(layers: Any) -> Iterator[None]:
    """Let the list of layers not be drawn anew for each event of each layer; see :func:`tell`."""
    layers.events.block()  # what layers say through their list; coming and going is still told
    try:
        yield
    finally:
        layers.events.unblock()


def tell(layers: Any) -> None:
    """Draw the list of layers with thumbnails of what is shown now."""
    for layer in layers:
        layer.events.thumbnail()
