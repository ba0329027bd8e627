"""The layers of the images of a project: found among the user's, or added and taken away again."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.layers import add_segmentation, add_stack, labels_in_memory, on_axes
from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle._qt.own_layers import placed_like
from napari_cellcycle._qt.review.opening.filling import Filling
from napari_cellcycle._qt.session import session_of
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.movie import Movie

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle._qt.review.opening.prepared import Prepared
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Stack
    from napari_cellcycle.review.loaded import Loaded

ROLES = ("dna", "membrane")
"""Channels that a person chooses where there is no model."""


class ImageLayers:
    """Brings one image of a project at a time into a viewer.

    The user's layers are hidden while another image is shown, and never removed.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    filling : Filling
        Reads what is not on screen yet.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self.filling = Filling()
        self._added: dict[int, list[Any]] = {}
        self._hidden: dict[int, list[Any]] = {}
        self._edited: dict[int, Any] = {}
        self._merged: set[Any] = set()
        self._left: list[Any] = []

    def forget(self) -> None:
        """Leave every layer to the user."""
        self._left += [layer for added in self._added.values() for layer in added]
        self._added.clear()
        self._hidden.clear()
        self._edited.clear()
        self._merged.clear()

    def bring(self, prepared: Prepared, spacing: Spacing) -> Any:
        """Show an image with its labels; returns the Labels layer.

        Parameters
        ----------
        prepared : Prepared
            The image.
        spacing : Spacing
            Of new layers.
        """
        undertaking = prepared.undertaking
        number = undertaking.image
        hidden = self._hidden.pop(number, ())
        for layer in hidden:
            layer.visible = True
        if prepared.layer in self._viewer.layers:
            return prepared.layer
        self._hide_left()
        added = []
        if undertaking.stack is not None and not hidden:
            with ExitStack() as looking:
                for movie in (data for data in prepared.channels if isinstance(data, Movie)):
                    # napari looks at the first frame and the middle one before it is told where
                    looking.enter_context(movie.resting())
                added = self._add_channels(undertaking, spacing, prepared.channels)
                looks = self._look_at(added[0], undertaking, prepared.frame)
            if not looks:
                for layer in added:
                    layer.refresh()
        labels = add_segmentation(
            self._viewer,
            undertaking.segmentation,
            spacing,
            visible=False,  # the phases lie over it
            data=prepared.labels,
        )
        self._added.setdefault(number, []).append(labels)
        self._viewer.reset_view()
        self.filling.add((*added, labels))
        return labels

    def _hide_left(self) -> None:
        """Hide what former projects have left: two images would lie over one another."""
        for left in self._left:
            if left in self._viewer.layers:
                for layer in (left, *overlays_of(self._viewer, left)):
                    layer.visible = False
        self._left.clear()

    def _look_at(self, layer: Any, undertaking: Undertaking, frame: int) -> bool:
        """Go to a frame before more layers are sliced, if one is shown at a time."""
        dims = self._viewer.dims
        axis = dims.ndim - layer.ndim
        if undertaking.segmentation.grid[0] == 1 or axis in dims.displayed:
            return False
        dims.set_point(axis, layer.data_to_world([frame] + [0] * (layer.ndim - 1))[0])
        return True

    def add_merged(self, undertaking: Undertaking, labels: Any) -> Any:
        """Add a layer of our own in which some labels of a layer are one cell, and hide the latter.

        Parameters
        ----------
        undertaking : Undertaking
            With these labels.
        labels : napari.layers.Labels
            Where they are cells of their own; it stays as it is.
        """
        name = f"{undertaking.segmentation.name}, merged"
        merged = self._add_beside(undertaking, labels, name)
        self._merged.add(merged)
        return merged

    def exchange(self, undertaking: Undertaking, former: Any, layer: Any = None) -> Any:
        """Bring other labels of an image in the place of a layer, which is hidden.

        Parameters
        ----------
        undertaking : Undertaking
            With these labels.
        former : napari.layers.Labels
            What was reviewed; it stays as it is.
        layer : napari.layers.Labels, optional
            Has these labels; added where there is none.

        Returns
        -------
        napari.layers.Labels
        """
        if layer is None:
            return self._add_beside(undertaking, former, undertaking.segmentation.name)
        self._retire(former)
        layer.visible = True
        return layer

    def _retire(self, labels: Any) -> None:
        for layer in list(overlays_of(self._viewer, labels)):
            self._viewer.layers.remove(layer)
        labels.visible = False

    def _add_beside(self, undertaking: Undertaking, former: Any, name: str) -> Any:
        """Add labels of an image over a layer that has others, and hide the latter."""
        from napari.layers import Labels

        self._retire(former)
        time = undertaking.segmentation.grid[0] > 1
        axes = inputs.axes_of(former, time=time)
        added = Labels(
            labels_in_memory(undertaking.segmentation, axes, ()),
            name=name,
            visible=False,  # the phases lie over it
            **placed_like(former),
        )
        self._viewer.layers.insert(self._viewer.layers.index(former) + 1, added)
        self._added.setdefault(undertaking.image, []).append(added)
        self.filling.add([added])
        return added

    def take_merged(
        self,
        undertaking: Undertaking,
        labels: Any,
        read: Loaded,
        cells: Sequence[tuple[int, int]],
    ) -> bool:
        """Bring other merged cells into a layer of our own; False if the layer is the user's.

        Parameters
        ----------
        undertaking : Undertaking
            With the labels as they are now.
        labels : napari.layers.Labels
            What the review shows.
        read : Loaded
            What the review reads of them.
        cells : sequence of (frame, label)
            Those of its cells that are other ones now.
        """
        if labels not in self._merged and labels not in self._added.get(undertaking.image, ()):
            return False
        time = undertaking.segmentation.grid[0] > 1
        axes = inputs.axes_of(labels, time=time)
        data = on_axes(undertaking.segmentation.data, axes)
        if not isinstance(labels.data, (np.ndarray, Movie)):
            labels.data = data
            return True
        for row in (read.index.row(*cell) for cell in cells):
            (z0, y0, x0), (z1, y1, x1) = read.cells.bbox[row].tolist()
            frame = int(read.cells.frame[row])
            whole = {
                "T": slice(frame, frame + 1),
                "Z": slice(z0, z1),
                "Y": slice(y0, y1),
                "X": slice(x0, x1),
            }
            box = tuple(whole[axis] for axis in axes)
            labels.data[box] = np.asarray(data[box])
        labels.refresh(extent=False)
        return True

    def holds_edits(self, undertaking: Undertaking) -> bool:
        """Whether its labels were put away with edits that the project does not have."""
        return self._edited.pop(undertaking.image, None) in self._viewer.layers

    def edited(self, number: int) -> Any:
        """The Labels layer of an image that was put away with edits, None without any."""
        layer = self._edited.get(number)
        return layer if layer in self._viewer.layers else None

    def _add_channels(
        self, undertaking: Undertaking, spacing: Spacing, channels: Sequence[Any]
    ) -> list[Any]:
        """Add the channels of an image, with their data as they were read."""
        assert undertaking.stack is not None
        added = add_stack(self._viewer, undertaking.stack, spacing, channels or None)
        self._added.setdefault(undertaking.image, []).extend(added)
        return added

    def add_found(self, prepared: Prepared, spacing: Spacing) -> None:
        """Add the channels of an image that was found later, below every other layer."""
        n = len(self._viewer.layers)
        added = self._add_channels(prepared.undertaking, spacing, prepared.channels)
        self._viewer.layers.move_multiple(range(n, len(self._viewer.layers)), 0)
        self.filling.add(added)

    def stacks(self) -> list[Stack]:
        """Images in the viewer, each as one: where a project may find its own again."""
        found = [finished.stack for finished in session_of(self._viewer).finished.values()]
        for layer in inputs.label_layers(self._viewer.layers):
            channels = inputs.channels_of(self._viewer.layers, like=layer)
            guessed = inputs.guess(channels, ROLES, layer)
            for chosen in (guessed, {str(i): c for i, c in enumerate(channels)}):
                try:
                    found.append(inputs.combine(chosen, like=layer)[0])
                except CellCycleError:
                    continue
        return found

    def put_away(self, undertaking: Undertaking, labels: Any, *, edited: bool = False) -> None:
        """Make room for another image.

        Parameters
        ----------
        undertaking : Undertaking
            The image that was shown.
        labels : napari.layers.Labels
            Its labels.
        edited : bool
            Whether they hold edits that the project does not have: then they stay, hidden.
        """
        layers, number = self._viewer.layers, undertaking.image
        for layer in list(overlays_of(self._viewer, labels)):
            layers.remove(layer)
        added = [layer for layer in self._added.pop(number, ()) if layer in layers]
        if labels in added and not edited:
            self.filling.leave(added)
            for layer in added:
                layers.remove(layer)
            added = []
        self._hidden[number] = [
            layer
            for layer in layers
            if layer.visible
            and (layer == labels or layer in added or _belongs(layer, undertaking, labels))
        ]
        for layer in self._hidden[number]:
            layer.visible = False
        if added:
            self._added[number] = added
        if edited:
            self._edited[number] = labels


def _belongs(layer: Any, undertaking: Undertaking, labels: Any) -> bool:
    """Whether a layer of the user's is a channel of an image, judged by a plane in the middle."""
    stack = undertaking.stack
    channels = inputs.channels_of([layer], like=labels)
    if stack is None or not channels:
        return False
    try:
        mine, _ = inputs.combine({"": channels[0]}, like=labels)
    except CellCycleError:
        return False
    if mine.grid != stack.grid:
        return False
    t, z = mine.grid[0] // 2, mine.grid[1] // 2
    plane = np.asarray(mine.data[t, channels[0].index, z])
    return any(
        np.array_equal(plane, np.asarray(stack.data[t, c, z])) for c in range(len(stack.channels))
    )
