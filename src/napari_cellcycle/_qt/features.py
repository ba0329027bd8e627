"""Predictions as features of the user's Labels layer: what its status bar and table show."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

COLUMNS = ("phase", "confidence", "entropy", "deciding_axis")
"""The columns that belong to us; every other column of the layer is kept."""
_NONE: dict[str, list[int]] = {"index": []}


class FeatureView:
    """Keeps the features of a Labels layer at the predictions of the frame on screen.

    A row of features belongs to a label, and labels repeat from frame to frame. The layer of a time
    series therefore has the rows of one frame, and gets others when the time slider moves.

    Parameters
    ----------
    layer : napari.layers.Labels
    viewer : napari.Viewer
    axes : str
        Axes of that layer, letters of ``TZYX``.
    """

    def __init__(self, layer: Any, viewer: Any, axes: str) -> None:
        self._layer = layer
        # weakly: the session that keeps this object is kept by the viewer
        self._viewer = weakref.ref(getattr(viewer, "__wrapped__", viewer))
        self._time_axis = axes.index("T") if "T" in axes else None
        self._theirs = _without_ours(layer.features)
        self._rows_of: Callable[[int], pd.DataFrame] | None = None
        self._shown: int | None = None
        self._resting = once(None, self._show)
        viewer.dims.events.current_step.connect(self._on_step)

    def set(self, frame: NDArray[np.integer[Any]], rows: pd.DataFrame) -> None:
        """Take the predictions of all frames and show those of the current one.

        Parameters
        ----------
        frame : ndarray, ``(n,)``, int
            Frame of each row.
        rows : DataFrame
            ``index`` (the label) and :data:`COLUMNS`.
        """
        self.follow(lambda number: rows[frame == number])

    def follow(self, rows_of: Callable[[int], pd.DataFrame], rest_ms: int = 0) -> None:
        """Show the predictions of the current frame, and ask for those of another when it comes.

        Parameters
        ----------
        rows_of : callable
            From a frame to rows as :meth:`set` takes them, none where it has no cells.
        rest_ms : int
            How long a frame is on screen before its rows are made; until then there are none.
        """
        self._rows_of = rows_of
        self._shown = None
        self._show()
        self._resting.setInterval(rest_ms)

    def close(self) -> None:
        """Stop following the time slider; the features stay."""
        self._resting.stop()
        viewer = self._viewer()
        if viewer is not None:
            viewer.dims.events.current_step.disconnect(self._on_step)

    def current_frame(self) -> int:
        """Frame of this layer that is on screen."""
        viewer = self._viewer()
        if self._time_axis is None or viewer is None:
            return 0
        point = self._layer.world_to_data(viewer.dims.point[-self._layer.ndim :])
        return round(float(point[self._time_axis]))

    def _on_step(self, event: Any = None) -> None:
        if not self._resting.interval():
            self._show()
        elif self._shown is None or self.current_frame() != self._shown:
            if self._shown is not None:  # its rows are wrong in another frame
                self._shown = None
                self._layer.features = _NONE if self._theirs is None else self._theirs
            self._resting.start()

    def _show(self) -> None:
        frame = self.current_frame()
        if frame == self._shown or self._rows_of is None:
            return
        self._shown = frame
        ours = self._rows_of(frame).reset_index(drop=True)
        if self._theirs is not None:
            ours = ours.merge(self._theirs, on="index", how="outer")
        self._layer.features = ours


def _without_ours(features: pd.DataFrame) -> pd.DataFrame | None:
    """Keep the user's own columns beside the label they belong to, or ``None`` without any."""
    theirs = features.drop(columns=[name for name in COLUMNS if name in features])
    if "index" not in theirs:
        # without such a column napari takes the row's number for the label
        theirs = theirs.assign(index=np.arange(len(theirs)))
    return theirs if len(theirs.columns) > 1 and len(theirs) else None
