"""Further ways into one network: beside the usual first layers, others for views of a training.

A network that learns from a few hundred cells of one microscope gets worse on all others. What
another microscope changes is seen by the first layers (Lee et al. 2023, "Surgical fine-tuning
improves adaptation to distribution shifts"), so these can be learned anew while the old ones stay
beside them. Each view goes through one of these, by its likeness to the views that were learned
from; the layers behind are shared. A later training puts its first layers beside all before.
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
    """The first layers of a network, several times.

    Parameters
    ----------
    layers : OrderedDict of str to Module
        A convolution, which describes the view, then what follows it up to where all meet.
    n : int
        How many times.

    Attributes
    ----------
    usual : Sequential
        For views that are familiar to no others.
    own : ModuleList of Sequential
        Those of each further training, the newest last.
    likeness : ModuleList of Likeness
        Which views are familiar to these.
    """

    def __init__(self, layers: Layers, n: int) -> None:
        super().__init__()
        self.usual = nn.Sequential(layers)
        self.own = nn.ModuleList(copy.deepcopy(self.usual) for _ in range(1, n))
        first = self.usual[0]
        assert isinstance(first, nn.Conv2d)
        self.likeness = nn.ModuleList(Likeness(2 * first.out_channels) for _ in self.own)

    @property
    def ways(self) -> list[nn.Module]:
        """All of them, the oldest first."""
        return [self.usual, *self.own]

    def way_of(self, responses: torch.Tensor) -> torch.Tensor:
        """Tell which of :attr:`ways` each view takes: the newest to which it is familiar.

        Parameters
        ----------
        responses : Tensor, ``(n, channels, y, x)``
            What the first layer of the usual ones gives.

        Returns
        -------
        Tensor, ``(n,)``, int64
        """
        features = response_features(responses)
        found = torch.zeros(len(features), dtype=torch.int64, device=features.device)
        for number, likeness in enumerate(self.likeness, 1):
            found = torch.where(likeness(features), number, found)
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map views through the first layers that they take."""
        responses = self.usual[0](x)
        taken = self.way_of(responses)
        behind = self.usual[1:]
        if self.training or x.is_meta:  # norms need cells to learn from, shapes have no values
            result: torch.Tensor = behind(responses)
            for number, own in enumerate(self.own, 1):
                result = torch.where((taken == number)[:, None, None, None], own(x), result)
            return result
        parts = [behind(responses[taken == 0])]
        parts += [own(x[taken == number]) for number, own in enumerate(self.own, 1)]
        # each view's place among all that were mapped, way by way
        return torch.cat(parts)[torch.argsort(torch.argsort(taken, stable=True))]
