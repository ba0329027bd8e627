"""ResNet-18 on one projection: the network of each axis of the three-projection ensemble.

Source: He et al. 2015, "Deep residual learning for image recognition", table 1, 18 layers, the
first and the last one fitted to the task. Names of weights, and what is computed from them, are
those of torchvision's ``resnet18``, so that its ImageNet weights fit. It is built here because
torchvision loads torch's compiler when it is imported, which takes longer than a first small image.

Layers for 2 channels, 64 pixels and 6 outputs, 11,176,454 parameters::

    name     output        parameters
    conv1    64 x 32 x 32        6272
    bn1      64 x 32 x 32         128
    relu     64 x 32 x 32           0
    maxpool  64 x 16 x 16           0
    layer1   64 x 16 x 16      147968
    layer2   128 x 8 x 8       525568
    layer3   256 x 4 x 4      2099712
    layer4   512 x 2 x 2      8393728
    avgpool  512 x 1 x 1            0
    flatten  512                    0
    fc       6                   3078
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.entrances import Entrances
from napari_cellcycle.models.architectures.params import Params, whole
from napari_cellcycle.models.architectures.start import he_start
from napari_cellcycle.models.native import load_triton_apart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.models.architectures.task import Task

Layers = OrderedDict[str, nn.Module]
"""Layers by their names, in the order in which they run."""

FIRST_LAYERS = ("conv1", "bn1", "relu", "maxpool", "layer1")
"""Those that each entrance has."""

MOST_ENTRANCES = 9


@dataclass(frozen=True, slots=True)
class ResNet18Params(Params):
    """Parameters of ``resnet18-projections``.

    Parameters
    ----------
    groups : int
        Of the four groups of blocks, how many are kept: without the last one, which holds three
        quarters of all weights, small views lose little.
    entrances : int
        How many times the layers up to the first group are there: once, and for views like those
        of each later training (:mod:`napari_cellcycle.models.architectures.entrances`).
    """

    groups: int = whole(4, 2, 4)
    entrances: int = whole(1, 1, MOST_ENTRANCES)


class Block(nn.Module):
    """Two convolutions, and the block's own input added to what they give.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int
        Step of the first convolution. Where it or the channels change, the input passes a
        convolution of one pixel.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(n, n_in, y, x)`` to ``(n, n_out, y / stride, x / stride)``, rounded up."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y)) + self.downsample(x)
        result: torch.Tensor = self.relu(y)
        return result


def resnet18(task: Task, params: ResNet18Params, *, pretrained: bool = False) -> nn.Module:
    """Build the network; ``pretrained`` starts it from ImageNet weights.

    Raises
    ------
    ModelError
        If the ImageNet weights cannot be downloaded, or do not fit several entrances.
    """
    layers: Layers = OrderedDict()
    layers["conv1"] = nn.Conv2d(task.n_channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    layers["bn1"] = nn.BatchNorm2d(64)
    layers["relu"] = nn.ReLU(inplace=True)
    layers["maxpool"] = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
    n_in = 64
    for group in range(params.groups):
        n_out = 64 * 2**group
        layers[f"layer{group + 1}"] = nn.Sequential(
            Block(n_in, n_out, stride=2 if group else 1), Block(n_out, n_out, stride=1)
        )
        n_in = n_out
        if group == 0 and params.entrances > 1:
            layers = OrderedDict(entrance=Entrances(layers, params.entrances))
    layers["avgpool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(n_in, task.n_outputs)
    network = nn.Sequential(layers)
    he_start(network, "fan_out")
    if pretrained:
        if params.entrances > 1:
            raise ModelError(
                "A network of several entrances begins with a model that was trained, not with "
                "ImageNet weights."
            )
        network.load_state_dict(_fitted(_imagenet_weights(), network.state_dict()))
    return network


def spread_colours(weight: torch.Tensor, n_channels: int) -> torch.Tensor:
    """Fit the first layer of a colour network to other channels.

    Parameters
    ----------
    weight : Tensor, ``(out, 3, y, x)``
        Of the colour network.
    n_channels : int
        Channels to fit it to.

    Returns
    -------
    Tensor, ``(out, n_channels, y, x)``
        The mean over colours for every channel, scaled so that a grey picture in all of them gives
        what it gave in three.
    """
    mean = weight.mean(dim=1, keepdim=True)
    return mean.repeat(1, n_channels, 1, 1) * (weight.shape[1] / n_channels)


def _fitted(
    imagenet: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Weights of ImageNet for a network with other channels, other outputs, maybe fewer groups."""
    state = {key: value if key.startswith("fc.") else imagenet[key] for key, value in own.items()}
    first = "conv1.weight"
    state[first] = spread_colours(imagenet[first], own[first].shape[1])
    return state


def _imagenet_weights() -> Mapping[str, Any]:
    from urllib.error import URLError

    load_triton_apart()
    from torchvision.models import ResNet18_Weights

    try:
        state: Mapping[str, Any] = ResNet18_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, map_location="cpu", weights_only=True
        )
    except URLError as error:
        raise ModelError(
            f"The ImageNet weights cannot be downloaded ({error.reason}). Connect to the internet "
            "once, or start from random weights (pretrained=False)."
        ) from error
    return state
