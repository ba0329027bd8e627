"""Random start of a network's weights."""

from __future__ import annotations

from typing import Literal

from torch import nn


def he_start(network: nn.Module, mode: Literal["fan_in", "fan_out"] = "fan_in") -> None:
    """Draw the weights of all convolutions so that signals keep their size through ReLUs.

    Biases start at zero. Fully connected layers keep torch's own start. A network without memory is
    left as it is: torch would load its compiler to draw nothing. Source: He et al. 2015, "Delving
    deep into rectifiers".

    Parameters
    ----------
    network : Module
        Its weights are overwritten.
    mode : {"fan_in", "fan_out"}
        Whether signals keep their size on the way forth, or gradients on the way back.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
