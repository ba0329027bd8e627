"""Keeps the memory of layers on the graphics card from being freed in the wrong place."""

from __future__ import annotations

from typing import Any


def free_in_the_canvas(viewer: Any) -> None:
    """Let what belongs to a layer be freed in the OpenGL context of the canvas when it goes.

    napari 0.9 frees it at once, whichever context is current. Outside of a drawing that is the one
    by which Qt puts the window together, and the next drawing may end the process (napari issue
    6472).
    """
    for event in (viewer.layers.events.removed, viewer.layers.events.end_batch):
        event.connect(_make_canvas_current, position="first")


def _make_canvas_current(event: Any = None) -> None:
    from vispy.gloo import get_current_canvas

    canvas = get_current_canvas()
    if canvas is not None:
        canvas.set_current()
