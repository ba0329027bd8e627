"""What every other room works on: an image with named channels, and a segmentation of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_cellcycle.errors import (
    CellCycleError,
    ChannelError,
    ImageReadError,
    SegmentationError,
    SegmentationMismatchError,
)
from napari_cellcycle.image.window import WHOLE, Window, block_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing

LabelsAre = Literal["cell", "nucleus"]


@dataclass(frozen=True, slots=True)
class Stack:
    """An image with named channels, lazily loaded.

    Parameters
    ----------
    data : array-like, ``(t, c, z, y, x)``, any real dtype
        Numpy or dask; 2D images have one plane, still images one frame.
    channels : tuple of str
        One name a channel.
    spacing : Spacing or None
        ``None`` where metadata give no value with a unit.
    name : str
        Name of the file or layer; the ``image`` column of every table.
    scene : str
        Name of the scene inside the file, empty where there is only one.
    path : Path or None
        The file it came from.
    notes : tuple of str
        What a person should know of how the file was understood.
    held : int or None
        As of a :class:`Segmentation`, of one channel of one frame.
    frame_minutes : float or None
        Time between two frames; ``None`` where metadata give no value with a unit.
    """

    data: Any
    channels: tuple[str, ...]
    spacing: Spacing | None
    name: str
    scene: str = ""
    path: Path | None = None
    notes: tuple[str, ...] = ()
    held: int | None = None
    frame_minutes: float | None = None

    def __post_init__(self) -> None:
        if len(self.data.shape) != 5:
            raise ValueError(f"A Stack is (t, c, z, y, x), not of shape {self.data.shape}.")
        if len(self.channels) != self.data.shape[1]:
            raise ChannelError(
                f"{self.name} has {self.data.shape[1]} channels but {len(self.channels)} names: "
                f"{', '.join(self.channels)}."
            )

    @property
    def n_frames(self) -> int:
        """Number of frames in time."""
        return int(self.data.shape[0])

    @property
    def is_2d(self) -> bool:
        """Whether there is one plane only."""
        return int(self.data.shape[2]) == 1

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """Shape ``(t, z, y, x)`` that a segmentation must have."""
        t, _, z, y, x = self.data.shape
        return int(t), int(z), int(y), int(x)

    def channel(self, which: int | str) -> int:
        """Index of a channel given by index or by (case-insensitive) name.

        Raises
        ------
        ChannelError
            If there is no such channel.
        """
        text = str(which).strip()
        if text.isdecimal() and int(text) < len(self.channels):
            return int(text)
        names = [name.casefold() for name in self.channels]
        if names.count(text.casefold()) == 1:
            return names.index(text.casefold())
        listing = ", ".join(f"{i}={name}" for i, name in enumerate(self.channels))
        raise ChannelError(f"{self.name} has no channel {which!r}; it has {listing}.")

    def volume(self, frame: int, channel: int) -> NDArray[Any]:
        """Read one channel of one frame, ``(z, y, x)``.

        Raises
        ------
        ImageReadError
            If the file cannot be read after all.
        """
        return _read(self.data, (frame, channel), self.name)

    def window(self, frame: int, channel: int) -> NDArray[Any] | Window:
        """Open one channel of one frame, ``(z, y, x)``: the array itself, unless it is large.

        Raises
        ------
        ImageReadError
            If the file cannot be read after all; of a window, when it is sliced.
        """
        window = _open(self.data, (frame, channel), self.name, self.held)
        return self.volume(frame, channel) if window is None else window


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Integer labels of cells or of nuclei, 0 where there is none.

    Parameters
    ----------
    data : array-like, ``(t, z, y, x)``, integer
    labels_are : {"cell", "nucleus"}
    name : str
    spacing : Spacing or None
        ``None`` inherits the image's.
    path : Path or None
    held : int or None
        Bytes of one frame that are held at a time: what is lazy and larger is read by blocks. 256
        MiB by default.
    """

    data: Any
    labels_are: LabelsAre
    name: str
    spacing: Spacing | None = None
    path: Path | None = None
    held: int | None = None

    def __post_init__(self) -> None:
        if len(self.data.shape) != 4:
            raise ValueError(f"A Segmentation is (t, z, y, x), not of shape {self.data.shape}.")
        if self.labels_are not in get_args(LabelsAre):
            raise SegmentationError(
                f"Labels are {' or '.join(map(repr, get_args(LabelsAre)))}, not "
                f"{self.labels_are!r} ({self.name})."
            )

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """Shape ``(t, z, y, x)``."""
        t, z, y, x = self.data.shape
        return int(t), int(z), int(y), int(x)

    def volume(self, frame: int) -> NDArray[np.integer[Any]]:
        """Read one frame, ``(z, y, x)``.

        Raises
        ------
        ImageReadError
            If the file cannot be read after all.
        SegmentationError
            If a label is negative.
        """
        return self._checked(_read(self.data, (frame,), self.name), frame)

    def window(self, frame: int) -> NDArray[np.integer[Any]] | Window:
        """Open one frame, ``(z, y, x)``: the array itself, unless it is large.

        Raises
        ------
        ImageReadError, SegmentationError
            As :meth:`volume`; of a window, when it is sliced.
        """
        check = partial(self._checked, frame=frame)
        window = _open(self.data, (frame,), self.name, self.held, check)
        return self.volume(frame) if window is None else window

    def is_same_as(self, other: Segmentation) -> bool:
        """Whether both have one grid, and every voxel the same label in both."""
        return self.grid == other.grid and all(
            np.array_equal(self.volume(t), other.volume(t)) for t in range(self.grid[0])
        )

    def _checked(self, labels: NDArray[np.integer[Any]], frame: int) -> NDArray[np.integer[Any]]:
        if labels.dtype.kind == "i" and labels.size and labels.min() < 0:
            raise SegmentationError(
                f"{self.name} has a negative label ({labels.min()}) in frame {frame}; labels are "
                "0 (background) and above."
            )
        return labels


def _open(
    data: Any,
    index: tuple[int, ...],
    name: str,
    held: int | None,
    check: Callable[[NDArray[Any]], NDArray[Any]] = lambda part: part,
) -> Window | None:
    """Open a window on what is lazy and too large to be read whole; None for anything else."""
    z, y, x = data.shape[-3:]
    block = block_of(data)
    dtype = np.dtype(data.dtype)
    most = WHOLE if held is None else held
    if block is None or z * y * x * dtype.itemsize <= most:
        return None

    def read(box: tuple[slice, ...]) -> NDArray[Any]:
        return check(_read(data, (*index, *box), name))

    return Window((z, y, x), dtype, block, read, most)


def _read(data: Any, index: tuple[int | slice, ...], name: str) -> NDArray[Any]:
    """Load part of an array; a failure deep inside a reader becomes one line with the name."""
    part = data[index]
    try:
        return np.asarray(part)
    except (CellCycleError, MemoryError):
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageReadError(f"{name} cannot be read at {index}: {reason}.") from error


def check_match(stack: Stack, segmentation: Segmentation) -> None:
    """Refuse a segmentation that does not lie on the image's grid, or is the image itself.

    Raises
    ------
    SegmentationMismatchError
        Naming both shapes, ``(t, z, y, x)``, or the file that is given twice.
    """
    t, z, y, x = segmentation.grid
    if stack.grid != segmentation.grid:
        step = (
            "One has time where the other has depth: save the one that is wrong with its axes "
            "(TYX of a movie, ZYX of a stack), from ImageJ or as OME-TIFF."
            if stack.grid == (z, t, y, x)
            else "Choose the segmentation that was made from this image, at its full resolution."
        )
        raise SegmentationMismatchError(
            f"{segmentation.name} does not lie on {stack.name}: the image is "
            f"{stack.grid} (t, z, y, x), the segmentation {segmentation.grid}. {step}"
        )
    if stack.path is not None and stack.path == segmentation.path and _is_same(stack, segmentation):
        raise SegmentationMismatchError(
            f"{segmentation.name} is given as the image and as its segmentation: each grey value "
            "would be a cell. Give a label image, or no labels to have nuclei segmented."
        )


def _is_same(stack: Stack, segmentation: Segmentation) -> bool:
    """Whether both have the same pixels in the middle plane of the first frame."""
    middle = stack.grid[1] // 2
    planes = (
        _read(stack.data, (0, 0, middle), stack.name),
        _read(segmentation.data, (0, middle), segmentation.name),
    )
    return bool(np.array_equal(*planes))
