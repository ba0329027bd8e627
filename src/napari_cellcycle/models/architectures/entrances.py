"""Two ways into one network: the usual first layers, and others for views like those of a training.

A network that learns from a few hundred cells of one microscope gets worse on all others. What
another microscope changes is seen by the first layers (Lee et al. 2023, "Surgical fine-tuning
improves adaptation to distribution shifts"), so these can be learned anew while the old ones stay
beside them. Each view goes through one of the two, by its likeness to the views that were learned
from; the layers behind are shared.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from napari_cellcycle.models.architectures.resnet18 import Layers

_LEAST_SPREAD = 1e-4


def response_features(responses: torch.Tensor) -> torch.Tensor:
    """Describe what the first layer makes of views, wherever in them.

    Parameters
    ----------
    responses : Tensor, ``(n, channels, y, x)``
        What the first layer gives.

    Returns
    -------
    Tensor, ``(n, 2 * channels)``
        Mean of each channel, then the logarithm of its standard deviation.
    """
    spread = responses.std((2, 3)).clamp_min(_LEAST_SPREAD)
    return torch.cat([responses.mean((2, 3)), spread.log()], dim=1)


class Likeness(nn.Module):
    """Tell which views are like those that were learned from, by their Mahalanobis distance.

    Parameters
    ----------
    n_features : int
        Numbers that describe a view.
    """

    centre: torch.Tensor
    whitening: torch.Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("whitening", torch.eye(n_features))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Give True for each row of ``(n, n_features)`` whose distance is below 1."""
        whitened = (features - self.centre) @ self.whitening.T
        return whitened.square().sum(dim=1) < 1


class Entrances(nn.Module):
    """The first layers of a network, twice.

    Parameters
    ----------
    layers : OrderedDict of str to Module
        A convolution, which describes the view, then what follows it up to where both meet.
    """

    def __init__(self, layers: Layers) -> None:
        super().__init__()
        self.usual = nn.Sequential(layers)
        self.own = copy.deepcopy(self.usual)
        first = self.usual[0]
        assert isinstance(first, nn.Conv2d)
        self.likeness = Likeness(2 * first.out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map views through their own entrance if they are familiar, else through the usual one."""
        responses = self.usual[0](x)
        familiar = self.likeness(response_features(responses))
        behind = self.usual[1:]
        if self.training or x.is_meta:  # norms need cells to learn from, shapes have no values
            return torch.where(familiar[:, None, None, None], self.own(x), behind(responses))
        own, usual = self.own(x[familiar]), behind(responses[~familiar])
        result: torch.Tensor = own.new_empty(len(x), *own.shape[1:])
        result[familiar], result[~familiar] = own, usual
        return result
