"""What of an image a view without a mask shows, and between which grey values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.geometry import percentile

if TYPE_CHECKING:
    from numpy.typing import NDArray


def around(
    centre: NDArray[np.float64], half: float, step: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """Voxels that a view over ``centre ± half`` can see."""
    margin = half + 2 * half / 8
    start = np.clip(np.floor((centre - margin) / step).astype(int), 0, np.array(shape) - 1)
    stop = np.clip(np.ceil((centre + margin) / step).astype(int) + 1, start + 1, shape)
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))


def within(
    centre: NDArray[np.float64], half: float, step: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """Voxels whose middle lies in ``centre ± half``, at least one along each axis."""
    start = np.clip(np.ceil((centre - half) / step).astype(int), 0, np.array(shape) - 1)
    stop = np.clip(np.floor((centre + half) / step).astype(int) + 1, start + 1, shape)
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))


def fitted(
    half: float, centre: NDArray[np.float64], step: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[float, NDArray[np.float64]]:
    """Make a window no wider than the picture that it looks at, and move it into this."""
    first, last = -step / 2, (np.array(shape) - 0.5) * step  # outer faces of the voxels
    edge = float((last - first)[1:].min())
    if 2 * half <= edge:
        return half, centre
    inside = np.clip(centre, first + edge / 2, last - edge / 2)
    return edge / 2, np.where([False, True, True], inside, centre)


def levels(values: NDArray[Any]) -> tuple[float, float]:
    """Grey values that a window shows as 0 and 1."""
    seen = np.asarray(values, dtype=np.float32)
    seen = seen[seen != 0]
    return (percentile(seen, 1), percentile(seen, 99.7)) if seen.size else (0.0, 0.0)
