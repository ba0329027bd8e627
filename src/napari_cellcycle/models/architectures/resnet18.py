"""ResNet-18 on one projection: the network of each axis of the three-projection ensemble.

Source: He et al. 2015, "Deep residual learning for image recognition", as torchvision builds it,
with the first and the last layer fitted to the task. It can start from ImageNet weights.

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
    fc       6                   3078
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.params import Params, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.models.architectures.task import Task


@dataclass(frozen=True, slots=True)
class ResNet18Params(Params):
    """Parameters of ``resnet18-projections``.

    Parameters
    ----------
    groups : int
        Of the four groups of blocks, how many are kept: without the last one, which holds three
        quarters of all weights, small views lose little.
    """

    groups: int = whole(4, 2, 4)


def resnet18(task: Task, params: ResNet18Params, *, pretrained: bool = False) -> nn.Module:
    """Build the network; ``pretrained`` starts it from ImageNet weights.

    Raises
    ------
    ModelError
        If the ImageNet weights cannot be downloaded.
    """
    from torchvision.models import resnet18 as torchvision_resnet18

    network: nn.Module = torchvision_resnet18(weights=None)
    if pretrained:
        network.load_state_dict(_imagenet_weights())
    old = network.conv1
    assert isinstance(old, nn.Conv2d)
    network.conv1 = nn.Conv2d(
        task.n_channels, old.out_channels, kernel_size=7, stride=2, padding=3, bias=False
    )
    if pretrained:
        with torch.no_grad():
            network.conv1.weight.copy_(spread_colours(old.weight, task.n_channels))
    else:
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    for group in range(params.groups + 1, 5):
        setattr(network, f"layer{group}", nn.Identity())
    network.fc = nn.Linear(64 * 2 ** (params.groups - 1), task.n_outputs)
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


def _imagenet_weights() -> Mapping[str, Any]:
    from urllib.error import URLError

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
