"""Networks on pixels alone, without convolutions: ``mlp`` and ``logistic-regression``.

Baselines: what they reach needs no knowledge of shapes. Multinomial logistic regression is one
fully connected layer; the multilayer perceptron has hidden layers with ReLU before it.

Layers of ``mlp`` for 1 channel, 64 pixels and 4 outputs, 1,049,860 parameters::

    name     output  parameters
    flatten  4096             0
    dense1   256        1048832
    output   4             1028

Layers of ``logistic-regression`` for the same, 16,388 parameters::

    name     output  parameters
    flatten  4096             0
    output   4            16388
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from napari_cellcycle.models.architectures.params import Params, fraction, wholes

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.task import Task


@dataclass(frozen=True, slots=True)
class MlpParams(Params):
    """Parameters of ``mlp``.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer, 1 to 8 layers.
    dropout : float
        After each of them.
    """

    hidden: tuple[int, ...] = wholes((256,), 1, 4096, 1, 8)
    dropout: float = fraction(0.0)


def mlp(task: Task, params: MlpParams) -> nn.Module:
    """Build the multilayer perceptron."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    n_in = task.n_channels * task.size**2
    for index, units in enumerate(params.hidden, start=1):
        layers[f"dense{index}"] = nn.Sequential(
            nn.Linear(n_in, units), nn.ReLU(), nn.Dropout(params.dropout)
        )
        n_in = units
    layers["output"] = nn.Linear(n_in, task.n_outputs)
    return nn.Sequential(layers)


def logistic_regression(task: Task, params: Params) -> nn.Module:
    """Build one fully connected layer over all pixels."""
    n_in = task.n_channels * task.size**2
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), output=nn.Linear(n_in, task.n_outputs)))
