"""Architectures by name. A model file never says what to run, only which of these to build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch


def build(
    architecture: str,
    *,
    n_channels: int,
    n_outputs: int,
    pretrained: bool = False,
    params: Mapping[str, Any] | None = None,
) -> torch.nn.Module:
    """Build the network of one axis.

    Parameters
    ----------
    architecture : str
        A name in :data:`ARCHITECTURES`.
    n_channels : int
        Input channels; inputs are ``(n, n_channels, size, size)``, float32 in [0, 1].
    n_outputs : int
        Logits: non-mitotic, mitotic, then one a stage.
    pretrained : bool
        Start from ImageNet weights, which torchvision downloads on first use; otherwise from random
        ones.
    params : mapping, optional
        Of the architecture; see there.

    Raises
    ------
    ModelError
        If the architecture or a parameter is unknown, or the weights cannot be downloaded.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ModelError(f"There is no architecture {architecture!r}; there are: {known}.")
    return ARCHITECTURES[architecture](n_channels, n_outputs, pretrained, dict(params or {}))


def skeleton(
    architecture: str, *, n_channels: int, n_outputs: int, params: Mapping[str, Any] | None = None
) -> torch.nn.Module:
    """Build a network without memory for its weights: it knows their names, shapes and types."""
    import torch

    with torch.device("meta"):
        return build(architecture, n_channels=n_channels, n_outputs=n_outputs, params=params)


def _resnet18(
    n_channels: int, n_outputs: int, pretrained: bool, params: dict[str, Any]
) -> torch.nn.Module:
    """ResNet-18 of torchvision with its first and last layer fitted to the task; no parameters."""
    import torch
    from torchvision.models import resnet18

    if params:
        raise ModelError(f"resnet18-projections has no parameters, found {sorted(params)}.")
    network: torch.nn.Module = resnet18(weights=None)
    if pretrained:
        network.load_state_dict(_imagenet_resnet18())
    old = network.conv1
    assert isinstance(old, torch.nn.Conv2d)
    network.conv1 = torch.nn.Conv2d(
        n_channels, old.out_channels, kernel_size=7, stride=2, padding=3, bias=False
    )
    if pretrained:
        with torch.no_grad():
            network.conv1.weight.copy_(spread_colours(old.weight, n_channels))
    elif not network.conv1.weight.is_meta:
        torch.nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    assert isinstance(network.fc, torch.nn.Linear)
    network.fc = torch.nn.Linear(network.fc.in_features, n_outputs)
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


def _imagenet_resnet18() -> Mapping[str, Any]:
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


ARCHITECTURES: dict[str, Callable[[int, int, bool, dict[str, Any]], torch.nn.Module]] = {
    "resnet18-projections": _resnet18,
}
"""Builders by the name that stands in a model card."""
