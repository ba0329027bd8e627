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
    """Select, after layers were added, what was selected before."""
    selected = set(layers.selection)
    yield
    layers.selection = selected
