"""Small networks with or without shortcuts: ``resnet8``, ``resnet14`` and ``resnet20``.

Source: He et al. 2015, "Deep residual learning for image recognition", section 4.2, for CIFAR-10:
a 3x3 convolution, three stages of ``n`` blocks of two 3x3 convolutions with ``width``, twice and
four times as many filters, the mean over the map, a fully connected layer: 6 n + 2 layers with
weights. Every convolution is followed by batch normalisation. Shortcuts have no parameters: where
a stage begins, they take every second pixel and fill new channels with zeros (option A). With
``residual=False`` they are left out: the "plain" networks of the publication, which have as many
parameters.

Layers of ``resnet20`` for 3 channels, 32 pixels and 10 outputs, 269,722 parameters (the
publication says 0.27 million)::

    name     output        parameters
    input    16 x 32 x 32         464
    stage1   16 x 32 x 32       14016
    stage2   32 x 16 x 16       51072
    stage3   64 x 8 x 8        203520
    pool     64 x 1 x 1             0
    flatten  64                     0
    output   10                   650

``resnet14`` has 172,506 there and ``resnet8`` 75,290.

``content`` and ``symmetric`` are ours. ``content=True`` is for views whose grey values mean DNA
content: the classifier is also given mean, root mean square and maximum of each input channel, each
as how near its logarithm is to 80 marks between -5 and -0.1. Narrow steps, such as that from G1 to
S, are told by them; a mean over the map after batch normalisation tells these poorly.
``symmetric=True`` is for views that have no up and no left: once trained, the network answers with
the mean over the eight turned and mirrored copies of a view.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from napari_cellcycle.models.architectures.params import Params, switch, whole
from napari_cellcycle.models.architectures.start import he_start

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.task import Task


_MARKS = 80
_LOWEST, _HIGHEST = -5.0, -0.1  # logarithms of an all but empty and of a white view
_STATISTICS = 3


@dataclass(frozen=True, slots=True)
class CifarParams(Params):
    """Parameters of ``resnet8``, ``resnet14`` and ``resnet20``.

    Parameters
    ----------
    residual : bool
        With shortcuts.
    width : int
        Filters of the first stage.
    content : bool
        Give the classifier mean, root mean square and maximum of each input channel too.
    symmetric : bool
        Answer with the mean over turned and mirrored copies.
    """

    residual: bool = switch(True)
    width: int = whole(16, 1, 512)
    content: bool = switch(False)
    symmetric: bool = switch(False)


def resnet8(task: Task, params: CifarParams) -> nn.Module:
    """Build the network of one block a stage."""
    return _network(task, params, 1)


def resnet14(task: Task, params: CifarParams) -> nn.Module:
    """Build the network of two blocks a stage."""
    return _network(task, params, 2)


def resnet20(task: Task, params: CifarParams) -> nn.Module:
    """Build the network of three blocks a stage."""
    return _network(task, params, 3)


class Block(nn.Module):
    """Two convolutions, and the block's own input added to what they give.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int
        Step of the first convolution.
    residual : bool
        Whether the input is added.
    """

    def __init__(self, n_in: int, n_out: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.stride = stride
        self.new_channels = n_out - n_in
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(n, n_in, y, x)`` to ``(n, n_out, y / stride, x / stride)``, rounded up."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.residual:
            shortcut = x[:, :, :: self.stride, :: self.stride]
            y = y + F.pad(shortcut, (0, 0, 0, 0, 0, self.new_channels))
        return F.relu(y)


class SmallResNet(nn.Sequential):
    """Layers of which ``output`` may also be given statistics of the grey values.

    Parameters
    ----------
    layers : OrderedDict of str to Module
        In order, the last one ``output``.
    content : bool
        Whether it is given them.
    symmetric : bool
        Whether the trained network looks at turned and mirrored copies.
    """

    def __init__(
        self, layers: OrderedDict[str, nn.Module], *, content: bool, symmetric: bool
    ) -> None:
        super().__init__(layers)
        self.content = content
        self.symmetric = symmetric

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(n, channels, y, x)`` in [0, 1] to logits."""
        if self.training or not self.symmetric:
            return self._answer(x)
        copies = [
            torch.rot90(side, quarter, (2, 3)) for side in (x, x.flip(3)) for quarter in range(4)
        ]
        return torch.stack([self._answer(copy) for copy in copies]).mean(dim=0)

    def _answer(self, x: torch.Tensor) -> torch.Tensor:
        layers = dict(self.named_children())
        output = layers.pop("output")
        features = x
        for layer in layers.values():
            features = layer(features)
        if self.content:
            features = torch.cat([features, _statistics(x)], dim=1)
        result: torch.Tensor = output(features)
        return result


def _statistics(x: torch.Tensor) -> torch.Tensor:
    """Map ``(n, channels, y, x)`` to how near each statistic is to each mark, ``(n, features)``."""
    found = (x.mean(dim=(2, 3)), x.square().mean(dim=(2, 3)).sqrt(), x.amax(dim=(2, 3)))
    logs = torch.log(torch.cat(found, dim=1).clamp(min=1e-6))
    marks = torch.linspace(_LOWEST, _HIGHEST, _MARKS, device=x.device)
    step = (_HIGHEST - _LOWEST) / (_MARKS - 1)
    return torch.exp(-0.5 * ((logs[..., None] - marks) / step) ** 2).flatten(1)


def _network(task: Task, params: CifarParams, n_blocks: int) -> nn.Module:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["input"] = nn.Sequential(
        nn.Conv2d(task.n_channels, params.width, 3, padding=1, bias=False),
        nn.BatchNorm2d(params.width),
        nn.ReLU(),
    )
    n_in = params.width
    for stage in range(3):
        n_out = params.width * 2**stage
        blocks = []
        for block in range(n_blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            blocks.append(Block(n_in, n_out, stride, params.residual))
            n_in = n_out
        layers[f"stage{stage + 1}"] = nn.Sequential(*blocks)
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    if params.content:
        n_in += _STATISTICS * _MARKS * task.n_channels
    layers["output"] = nn.Linear(n_in, task.n_outputs)
    network = SmallResNet(layers, content=params.content, symmetric=params.symmetric)
    he_start(network)
    return network
