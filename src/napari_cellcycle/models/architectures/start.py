"""Random start of a network's weights."""

from __future__ import annotations

from torch import nn


def he_start(network: nn.Module) -> None:
    """Draw the weights of all convolutions so that signals keep their size through ReLUs.

    Biases start at zero. Fully connected layers keep torch's own start. Source: He et al. 2015,
    "Delving deep into rectifiers".
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
