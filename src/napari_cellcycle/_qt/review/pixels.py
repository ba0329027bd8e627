"""The pixels of a reviewed image: views as the networks get them, and cells in their place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.review.source import Pictures, Tile
from napari_cellcycle.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.views.content import Population
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.image.stack import Segmentation, Stack

    Ints = NDArray[np.int64]
    Volume = NDArray[Any]

_FRAMES = 4
"""Frames kept in memory: that of the cell at hand, those beside it, and one more."""
_SLICES = ("below", "centre", "above")


class Pixels:
    """Makes pictures of cells; to be called in worker threads.

    Parameters
    ----------
    stack : Stack or None
        The image; without it there are no pictures.
    segmentation : Segmentation
        As the project has it.
    cells : CellTable
        Measured from it.
    channels : mapping of str to int or None
        Channel of the image for each role.
    recipe : ViewRecipe
        How the model wants its views.
    problem : str
        Why there is no image.
    population : Population, optional
        What the model took for typical of the image's cells; measured when it is needed by default.
    """

    def __init__(
        self,
        stack: Stack | None,
        segmentation: Segmentation,
        cells: CellTable,
        channels: Mapping[str, int | None],
        recipe: ViewRecipe,
        problem: str = "",
        population: Population | None = None,
    ) -> None:
        self.stack = stack
        self.segmentation = segmentation
        self.cells = cells
        self.channels = dict(channels)
        self.recipe = recipe
        self._problem = problem
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[int, str], Volume | None] = OrderedDict()
        self._population = population

    def take(self, frame: int, channels: Sequence[Volume], labels: Volume) -> None:
        """Take a frame that was read already.

        Parameters
        ----------
        frame : int
            Its number.
        channels : sequence of ndarray, ``(z, y, x)``
            All of the image.
        labels : ndarray, ``(z, y, x)``, integer
            As the project has them.
        """
        with self._lock:
            for role in self.recipe.channels:
                number = self.channels.get(role)
                if number is not None:
                    self._read[frame, role] = channels[number]
            self._read[frame, "labels"] = labels

    def views(self, rows: Ints) -> Pictures:
        """Views of some cells.

        Raises
        ------
        ImageReadError
            If the image was not found.
        """
        from napari_cellcycle.cells.views.views import Views, make_views, view_axes

        stack = self._image()
        axes = view_axes(self.recipe, is_2d=stack.is_2d)
        images: NDArray[Any] | None = None
        frames = self.cells.frame[rows]
        for frame in np.unique(frames).tolist():
            here = np.flatnonzero(frames == frame)
            made = make_views(
                [self._volume(frame, role) for role in self.recipe.channels],
                self._labels(frame),
                self.cells.select(rows[here]),
                self.recipe,
                self._typical(),
            )
            if images is None:
                images = np.zeros((len(rows), *made.images.shape[1:]), np.float32)
            images[here] = made.images
        assert images is not None
        shown = Views(images, axes, np.zeros(len(rows))).pictures()
        return Pictures(shown.images, shown.axes, self.recipe.channels)

    def together(self, rows: Ints) -> Pictures:
        """Views of cells of one frame as if they were one cell.

        Raises
        ------
        ImageReadError
            If the image was not found.
        """
        from napari_cellcycle.cells.merge import group_of, merge_cells, relabel
        from napari_cellcycle.cells.views.views import make_views

        self._image()
        parts = self.cells.select(np.sort(rows))
        frame, labels = group_of(int(parts.frame[0]), parts.label.tolist())
        heirs = dict.fromkeys(labels[1:], labels[0])
        shown = make_views(
            [self._volume(frame, role) for role in self.recipe.channels],
            relabel(self._labels(frame), heirs),
            merge_cells(parts, [(frame, labels)]),
            self.recipe,
            self._typical(),
        ).pictures()
        return Pictures(shown.images, shown.axes, self.recipe.channels)

    def tiles(self, row: int) -> list[Tile]:
        """Slices through a cell with its neighbours, and the cell in the frames beside its own."""
        if self.stack is None:
            return []
        frame, label = int(self.cells.frame[row]), int(self.cells.label[row])
        tiles = self._composite(row, frame, label, _SLICES)
        for step, name in ((-1, "frame before"), (1, "frame after")):
            there = np.flatnonzero((self.cells.frame == frame + step) & (self.cells.label == label))
            for tile in (
                self._composite(int(there[0]), frame + step, label, ("centre",))
                if len(there)
                else ()
            ):
                tiles.append(Tile(name, tile.rgb))
        return tiles

    def _composite(self, row: int, frame: int, label: int, wanted: tuple[str, ...]) -> list[Tile]:
        from napari_cellcycle.cells.views.composite import make_composite

        others = [role for role in self.recipe.channels if role != self.recipe.reference]
        first = self._volume(frame, self.recipe.reference)
        if first is None:
            return []
        made = make_composite(
            first,
            self._volume(frame, others[0]) if others else None,
            self._labels(frame),
            label,
            self.cells.bbox[row],
            self.cells.spacing,
            context=1.8,
        )
        pairs = zip(made.names, made.tiles, strict=True)
        return [Tile(name, rgb) for name, rgb in pairs if name in wanted]

    def _image(self) -> Stack:
        if self.stack is None:
            raise ImageReadError(self._problem or "The image of this project was not found.")
        return self.stack

    def _typical(self) -> Population | None:
        from napari_cellcycle.cells.views.content import measure_population

        if not self.recipe.needs_population:
            return None
        with self._lock:
            if self._population is None:
                stack, channel = self._image(), self.channels.get("dna") or 0
                frames = range(stack.n_frames)
                self._population = measure_population(
                    [stack.volume(t, channel) for t in frames],
                    [self.segmentation.volume(t) for t in frames],
                    self.cells,
                    self.recipe,
                )
            return self._population

    def _volume(self, frame: int, role: str) -> Volume | None:
        channel = self.channels.get(role)
        if channel is None:
            return None
        stack = self._image()
        return self._kept((frame, role), lambda: stack.volume(frame, channel))

    def _labels(self, frame: int) -> Volume:
        labels = self._kept((frame, "labels"), lambda: self.segmentation.volume(frame))
        assert labels is not None
        return labels

    def _kept(self, key: tuple[int, str], read: Any) -> Volume | None:
        with self._lock:
            if key not in self._read:
                self._read[key] = read()
            self._read.move_to_end(key)
            while len(self._read) > _FRAMES * (len(self.recipe.channels) + 1):
                self._read.popitem(last=False)
            return self._read[key]
