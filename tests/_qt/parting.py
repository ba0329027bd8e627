"""What an overlay shows of labels, in the slow and obvious way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def parted(classes: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Class of each voxel, but 0 where the neighbour along y or x is of another cell.

    ``classes`` are those of labels from 0 on.
    """
    painted = classes[labels].astype(np.uint8)
    beside = np.pad(labels, [(0, 0)] * (labels.ndim - 2) + [(1, 1), (1, 1)])
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other = beside[..., y : y + labels.shape[-2], x : x + labels.shape[-1]]
        painted[(labels > 0) & (other > 0) & (labels != other)] = 0
    return painted
