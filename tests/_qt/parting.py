"""What an overlay shows of labels, in the slow and obvious way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from dask.array.core import slices_from_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray


def parted(
    classes: NDArray[Any], labels: NDArray[Any], chunks: tuple[tuple[int, ...], ...] | None = None
) -> NDArray[np.uint8]:
    """Class of each voxel, but 0 where the neighbour along y or x is of another cell.

    ``classes`` are those of labels from 0 on; of lazy labels neighbours in the same chunk count.
    """
    painted = classes[labels].astype(np.uint8)
    whole = tuple((size,) for size in labels.shape)
    for block in slices_from_chunks(chunks or whole):
        part, out = labels[block], painted[block]
        beside = np.pad(part, [(0, 0)] * (part.ndim - 2) + [(1, 1), (1, 1)])
        for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
            other = beside[..., y : y + part.shape[-2], x : x + part.shape[-1]]
            out[(part > 0) & (other > 0) & (part != other)] = 0
    return painted
