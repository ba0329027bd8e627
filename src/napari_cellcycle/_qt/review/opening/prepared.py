"""What a review needs before there is anything to see, read off the screen's thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.layers import channels_in_memory, labels_in_memory
from napari_cellcycle._qt.overlay import compile_colors
from napari_cellcycle._qt.review.opening.kept import Kept, frame_at_hand
from napari_cellcycle._qt.review.opening.undertaking import Lost
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.movie import Movie

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.review.loaded import Loaded


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An image of a project that only has to be shown.

    Parameters
    ----------
    undertaking : Undertaking
        The image.
    review : Loaded
        Its cells, and what is said of them.
    layer : napari.layers.Labels or None
        A layer of the viewer that has its labels already.
    channels : sequence of array
        Data of new layers of the image.
    labels : array or None
        Data of a new layer of the labels.
    frame : int
        That of the cell that will be at hand.
    first : tuple of (list of array, array) or None
        That frame of a movie: its channels, and its labels, ``(z, y, x)``, not to be written to.
    """

    undertaking: Undertaking
    review: Loaded
    layer: Any = None
    channels: Sequence[Any] = field(default_factory=tuple)
    labels: Any = None
    frame: int = 0
    first: tuple[list[Any], Any] | None = None


def prepare(
    opening: Generator[str, None, Undertaking | Lost],
    layers: Sequence[Any],
    given: Any = None,
    is_open: bool = False,
    shown: int | None = None,
) -> Generator[str, None, Prepared | Lost]:
    """Read what an image that is being opened will show.

    Parameters
    ----------
    opening : generator
        Finds the image.
    layers : sequence of napari.layers.Labels
        Layers of the viewer that may have its labels.
    given : napari.layers.Labels, optional
        The layer that has them, where it is known.
    is_open : bool
        Whether the project was open before, and stays so whatever comes of it.
    shown : int, optional
        Number of the image that is shown already, perhaps without its pixels.

    Yields
    ------
    str
        What is going on.

    Raises
    ------
    CellCycleError
        If a file of the project is damaged.
    """
    from napari_cellcycle.review.loaded import load
    from napari_cellcycle.review.state import Review

    found = yield from opening
    if isinstance(found, Lost):
        return found
    project, number = found.project, found.image
    try:
        yield "Reading the cells…"
        review = load(project, number, predictions=Kept(project, number).shown_set)
        yield "Reading the image…"
        layer = given if given is not None else layer_of(found, layers)
        if layer is not None and number != shown:
            return Prepared(found, review, layer)
        frame = frame_at_hand(Kept(project, number), Review(project, number, read=review))
        with ThreadPoolExecutor(1, "labels") as pool:
            beside = None
            if layer is None:
                beside = pool.submit(labels_in_memory, found.segmentation, first=(frame,))
            channels = () if found.stack is None else channels_in_memory(found.stack, (frame,))
            if beside is None:
                return Prepared(found, review, layer, channels)
            labels = beside.result()
        compile_colors()
        first = _volumes(frame, channels, labels, found.segmentation.grid)
    except BaseException:
        if not is_open:
            project.close()
        raise
    return Prepared(found, review, None, channels, labels, frame, first)


def _volumes(
    frame: int, channels: Sequence[Any], labels: Any, grid: tuple[int, ...]
) -> tuple[list[Any], Any] | None:
    """A frame of movies; None where anything else is among them."""
    if not all(isinstance(data, Movie) for data in (*channels, labels)):
        return None
    seen, *drawn = (data.whole[frame].reshape(grid[1:]) for data in (labels, *channels))
    return drawn, seen.copy()  # its layer may be painted on


def known(undertaking: Undertaking) -> Generator[str, None, Undertaking]:
    """An image that was found before, for :func:`prepare`."""
    yield from ()
    return undertaking


def layer_of(found: Undertaking, layers: Sequence[Any]) -> Any:
    """A Labels layer of the viewer that has the cells of an image already."""
    wanted, time = found.segmentation, found.segmentation.grid[0] > 1
    for layer in layers:
        try:
            other = inputs.segmentation(layer, wanted.labels_are, time=time)
        except CellCycleError:
            continue
        if other.is_same_as(wanted):
            return layer
    return None
