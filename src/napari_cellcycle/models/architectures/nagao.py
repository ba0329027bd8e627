"""Convolutions and max pooling in equal stages, for cell-cycle phases of interphase cells.

Source: Nagao et al. 2020, "Robust classification of cell cycle phase and biological feature
extraction by image-based deep learning", Molecular Biology of the Cell 31:1346. An input
convolution, ``depth`` stages of convolution and max pooling, dropout 0.5, and a fully connected
classifier of two (G2 or not) or more phases. Ours: kernels of 3x3 with a border of zeros, so that
only pooling makes maps smaller; the same ``width`` in all stages; ReLU; no normalisation.

A stage halves the map, and at least 2x2 pixels must be left: 64 pixels allow 5 stages, 300 allow 7.
With ``pool_stride=1`` a stage takes one pixel off instead, so that 52 pixels allow 50 stages.

Layers for 1 channel, 64 pixels and 4 outputs, 36,260 parameters::

    name     output        parameters
    input    32 x 64 x 64         320
    stage1   32 x 32 x 32        9248
    stage2   32 x 16 x 16        9248
    stage3   32 x 8 x 8          9248
    flatten  2048                   0
    dropout  2048                   0
    output   4                   8196
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.params import Params, fraction, whole
from napari_cellcycle.models.architectures.start import he_start

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.task import Task


@dataclass(frozen=True, slots=True)
class NagaoParams(Params):
    """Parameters of ``nagao``.

    Parameters
    ----------
    depth : int
        Stages, 2 to 50, where the input is large enough for them.
    width : int
        Filters of every convolution.
    pool_stride : {1, 2}
        Step of the 2x2 max pooling.
    dropout : float
    """

    depth: int = whole(3, 2, 50)
    width: int = whole(32, 1, 1024)
    pool_stride: int = whole(2, 1, 2)
    dropout: float = fraction(0.5)


def most_stages(size: int, pool_stride: int) -> int:
    """Count the stages after which ``size`` pixels have at least two left."""
    if pool_stride == 1:
        return size - 2
    return size.bit_length() - 2


def nagao(task: Task, params: NagaoParams) -> nn.Module:
    """Build the network.

    Raises
    ------
    ModelError
        If the input is too small for the depth.
    """
    most = most_stages(task.size, params.pool_stride)
    if params.depth > most:
        ways = "stages, larger views or pool_stride 1"
        if params.pool_stride == 1:
            ways = "stages or larger views"
        raise ModelError(
            f"nagao: depth {params.depth} does not fit into {task.size} pixels: at most {most}. "
            f"Take fewer {ways}."
        )
    edge = task.size
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["input"] = nn.Sequential(*_convolution(task.n_channels, params.width))
    for stage in range(1, params.depth + 1):
        layers[f"stage{stage}"] = nn.Sequential(
            *_convolution(params.width, params.width), nn.MaxPool2d(2, params.pool_stride)
        )
        edge = edge - 1 if params.pool_stride == 1 else edge // 2
    layers["flatten"] = nn.Flatten()
    layers["dropout"] = nn.Dropout(params.dropout)
    layers["output"] = nn.Linear(params.width * edge**2, task.n_outputs)
    network = nn.Sequential(layers)
    he_start(network)
    return network


def _convolution(n_in: int, n_out: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(n_in, n_out, kernel_size=3, padding=1), nn.ReLU()
