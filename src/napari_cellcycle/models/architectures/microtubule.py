"""Two convolutions and two dense layers, for the look of a microtubule network.

Source: Shpilman et al. 2017, "Deep learning of cell classification using microscope images of
intracellular microtubule networks", ICMLA, arXiv 2012.12125: grey pictures of 300x300 pixels, 16
filters of 2x2, ReLU, max pooling 2x2; 64 filters of 3x3, ReLU, max pooling 2x2; dense layers of 32
and 32; softmax over the levels of exposure. Dropout 0.5; the penalty on squared weights (0.01) is
the optimiser's, and the softmax is applied outside. Ours: no border around the convolutions, ReLU
and dropout after each dense layer.

The parameters span what the publication searched: 1 to 5 convolutions of 8 to 256 filters and
kernels of 2 to 5, 1 to 4 dense layers of 16 to 512, with or without pooling, 100 to 300 pixels.
Smaller views than 100 pixels are allowed too; the shipped demonstration uses them to stay small.

Layers for 1 channel, 300 pixels and 3 outputs, 10,924,339 parameters::

    name     output          parameters
    conv1    16 x 299 x 299          80
    pool1    16 x 149 x 149           0
    conv2    64 x 147 x 147        9280
    pool2    64 x 73 x 73             0
    flatten  341056                   0
    dense1   32                10913824
    dense2   32                    1056
    output   3                       99
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.params import Params, fraction, switch, wholes
from napari_cellcycle.models.architectures.start import he_start

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.task import Task


@dataclass(frozen=True, slots=True)
class MicrotubuleParams(Params):
    """Parameters of ``microtubule``.

    Parameters
    ----------
    filters : tuple of int
        Of each convolution.
    kernels : tuple of int
        Edge of each convolution's kernel, pixels; as many as ``filters``.
    dense : tuple of int
        Units of each dense layer.
    pooling : bool
        Max pooling 2x2 after each convolution.
    dropout : float
        After each dense layer.
    """

    filters: tuple[int, ...] = wholes((16, 64), 8, 256, 1, 5)
    kernels: tuple[int, ...] = wholes((2, 3), 2, 5, 1, 5)
    dense: tuple[int, ...] = wholes((32, 32), 16, 512, 1, 4)
    pooling: bool = switch(True)
    dropout: float = fraction(0.5)

    def agree(self) -> None:
        """Refuse another number of kernels than of filters."""
        if len(self.filters) != len(self.kernels):
            raise ModelError(
                f"filters {list(self.filters)} and kernels {list(self.kernels)} must be as many: "
                "one of each for a convolution."
            )


def microtubule(task: Task, params: MicrotubuleParams) -> nn.Module:
    """Build the network.

    Raises
    ------
    ModelError
        If the input is too small for the convolutions.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    n_in, edge = task.n_channels, task.size
    for index, (n_out, kernel) in enumerate(zip(params.filters, params.kernels, strict=True), 1):
        needed = kernel + 1 if params.pooling else kernel
        if edge < needed:
            raise ModelError(
                f"microtubule: convolution {index} of {len(params.filters)} needs {needed} pixels, "
                f"but of {task.size} only {edge} are left there. Take fewer convolutions, smaller "
                "kernels or larger views."
            )
        layers[f"conv{index}"] = nn.Sequential(nn.Conv2d(n_in, n_out, kernel), nn.ReLU())
        n_in, edge = n_out, edge - kernel + 1
        if params.pooling:
            layers[f"pool{index}"] = nn.MaxPool2d(2)
            edge //= 2
    layers["flatten"] = nn.Flatten()
    n_in *= edge**2
    for index, units in enumerate(params.dense, 1):
        layers[f"dense{index}"] = nn.Sequential(
            nn.Linear(n_in, units), nn.ReLU(), nn.Dropout(params.dropout)
        )
        n_in = units
    layers["output"] = nn.Linear(n_in, task.n_outputs)
    network = nn.Sequential(layers)
    he_start(network)
    return network
