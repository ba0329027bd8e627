"""A small 3D network over the crop itself, in place of its projections.

Beyond the three publications; Li et al. 2025, "CellCycleNet" (Life Science Alliance), found 3D
better than 2D for every architecture that they tried. A convolution, then three residual blocks
(He et al. 2015) of two 3x3x3 convolutions with 2, 4 and 8 times as many filters; max pooling
2x2x2 before each block; the mean over what is left, dropout, a fully connected layer. Group
normalisation (Wu and He 2018) in place of batch normalisation, so that a cell's result does not
depend on the statistics of simulated and real cells in training batches.

Input is ``(n, channels, size, size, size)``, axes z, y, x, voxels of one size along all axes.

Layers for 2 channels, 32 voxels and 6 outputs, 884,454 parameters::

    name     output              parameters
    input    16 x 32 x 32 x 32          896
    stage1   32 x 16 x 16 x 16        42144
    stage2   64 x 8 x 8 x 8          168256
    stage3   128 x 4 x 4 x 4         672384
    pool     128 x 1 x 1 x 1              0
    flatten  128                          0
    dropout  128                          0
    output   6                          774
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.params import Params, fraction, whole
from napari_cellcycle.models.architectures.start import he_start

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.task import Task

GROUPS = 8
"""Groups of channels that are normalised together."""


@dataclass(frozen=True, slots=True)
class VolumeParams(Params):
    """Parameters of ``volume-cnn``.

    Parameters
    ----------
    width : int
        Filters of the first convolution, a multiple of 8. 16 give 0.9 million parameters, 24 give
        2 million.
    dropout : float
    """

    width: int = whole(16, 8, 64)
    dropout: float = fraction(0.2)

    def agree(self) -> None:
        """Refuse a width that cannot be normalised in groups."""
        if self.width % GROUPS:
            raise ModelError(f"width is {self.width}, expected a multiple of {GROUPS}.")


def volume_cnn(task: Task, params: VolumeParams) -> nn.Module:
    """Build the network."""
    width = params.width
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["input"] = nn.Sequential(
        nn.Conv3d(task.n_channels, width, 3, padding=1, bias=False),
        nn.GroupNorm(GROUPS, width),
        nn.ReLU(),
    )
    for stage in range(1, 4):
        layers[f"stage{stage}"] = nn.Sequential(
            nn.MaxPool3d(2), Block(width * 2 ** (stage - 1), width * 2**stage)
        )
    layers["pool"] = nn.AdaptiveAvgPool3d(1)
    layers["flatten"] = nn.Flatten()
    layers["dropout"] = nn.Dropout(params.dropout)
    layers["output"] = nn.Linear(width * 8, task.n_outputs)
    network = nn.Sequential(layers)
    he_start(network)
    return network


class Block(nn.Module):
    """Two convolutions, and the block's own input, mixed to as many channels, added to them."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(n_in, n_out, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(GROUPS, n_out)
        self.conv2 = nn.Conv3d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(GROUPS, n_out)
        self.shortcut = nn.Conv3d(n_in, n_out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(n, n_in, z, y, x)`` to ``(n, n_out, z, y, x)``."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))
