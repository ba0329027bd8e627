"""Augmentations by name, on batches of views.

=====================  =============================================================================
name                   strength
=====================  =============================================================================
``rotate``             greatest angle in degrees, either way (side views: at most 12)
``scale``              greatest change in size, such as 0.1 for 10 %
``shift``              greatest shift, as a share of the edge
``rotate90``           by exactly 0, 90, 180 or 270 degrees (side views: 0 or 180)
``flip``               left and right, up and down, each for half of the views
``border``             share of views of which up to a quarter is blanked at each side
``window``             share of views that are blanked outside of a square in the middle, of half to
                       all of their edge, as of a crop that was cut tightly (not stacks)
``blur``               greatest sigma of a Gaussian, pixels; half of the views are blurred
``saturate``           share of views whose contrast is enhanced: up to 0.15 of the range is cut off
                       at the dark end, up to 0.45 at the bright end
``gamma``              greatest logarithm of the exponent, either way
``brightness-contrast``  greatest change in brightness (of the range) and in contrast (relative)
``colour-jitter``      greatest relative change in the brightness of each channel by itself
``grey``               share of views whose channels are all replaced by their mean
``noise``              greatest standard deviation of Gaussian noise, of the range
``coarse``             share of views that are reduced to few, noisy pixels, as of a smaller image
=====================  =============================================================================

Side views are those along x and y: their vertical is the optical axis. What is rotated, scaled or
shifted in goes on beyond the edge as a mirror image. What is 0, as outside of a cell's mask, stays
so under noise and brightness.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from napari_cellcycle.train.fit.plan import STRENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIDE_ANGLE = 12.0
"""Degrees by which a side view is turned at most."""


def vary(
    images: torch.Tensor, augment: Mapping[str, float], axis: str, rng: torch.Generator
) -> torch.Tensor:
    """Vary a batch of views.

    Parameters
    ----------
    images : Tensor, ``(n, channels, y, x)`` or ``(n, channels, z, y, x)``, float32 in [0, 1]
        On the device of ``rng``. Stacks are varied in the plane, all their planes alike.
    augment : mapping of str to float
        Strength of each; the order does not matter.
    axis : {"x", "y", "z", "volume"}
        Along which the views were projected.
    rng : torch.Generator
        Source of all randomness.

    Returns
    -------
    Tensor of the same shape, in [0, 1]
    """
    side = axis in ("x", "y")
    if any(name in augment for name in ("rotate", "scale", "shift")):
        images = _resample(images, augment, side, rng)
    if "rotate90" in augment:
        turns = torch.randint(0, 4, (len(images),), generator=rng, device=rng.device)
        images = turn(images, 2 * (turns % 2) if side else turns)
    for name in STRENGTHS:
        if name in augment and name in _LOOKS:
            images = _LOOKS[name](images, augment[name], rng)
    return images.clamp(0, 1)


def turn(images: torch.Tensor, quarters: torch.Tensor) -> torch.Tensor:
    """Turn each view by exact quarters, without interpolation.

    Parameters
    ----------
    images : Tensor, ``(n, ..., size, size)``
        Any channels and planes between.
    quarters : Tensor, ``(n,)``, int
        0 to 3.
    """
    result = images.clone()
    for k in (1, 2, 3):
        chosen = quarters == k
        result[chosen] = torch.rot90(images[chosen], k, (-2, -1))
    return result


def _uniform(rng: torch.Generator, low: float, high: float, like: torch.Tensor) -> torch.Tensor:
    """One number a view, to be broadcast over its pixels."""
    shape = (len(like), *(1,) * (like.ndim - 1))
    return torch.rand(shape, generator=rng, device=rng.device) * (high - low) + low


def _resample(
    images: torch.Tensor, augment: Mapping[str, float], side: bool, rng: torch.Generator
) -> torch.Tensor:
    """Rotate, scale and shift in one interpolation."""
    n, height, width = len(images), *images.shape[-2:]

    def each(reach: float) -> torch.Tensor:
        return _uniform(rng, -reach, reach, images).flatten()

    angle = augment.get("rotate", 0.0)
    angles = torch.deg2rad(each(min(angle, SIDE_ANGLE) if side else angle))
    scale = torch.exp(each(math.log1p(augment.get("scale", 0.0))))
    shift = 2 * augment.get("shift", 0.0)
    theta = torch.zeros(n, 2, 3, device=images.device)
    theta[:, 0, 0] = theta[:, 1, 1] = torch.cos(angles) * scale
    theta[:, 0, 1] = -torch.sin(angles) * scale
    theta[:, 1, 0] = torch.sin(angles) * scale
    theta[:, 0, 2], theta[:, 1, 2] = each(shift), each(shift)
    planes = images.reshape(n, -1, height, width)
    grid = F.affine_grid(theta, list(planes.shape), align_corners=False)
    moved = F.grid_sample(planes, grid, padding_mode="reflection", align_corners=False)
    return moved.reshape(images.shape)


def _flip(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    for along in (-1, -2):
        chosen = _uniform(rng, 0, 1, images) < 0.5
        images = torch.where(chosen, images.flip(along), images)
    return images


def _border(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    if images.ndim != 4:
        return images
    chosen = _uniform(rng, 0, 1, images) < strength
    height, width = images.shape[-2:]
    inside = torch.ones((len(images), 1, height, width), dtype=torch.bool, device=images.device)
    for along, edge in ((2, height), (3, width)):
        place = torch.arange(edge, device=images.device).view(1, 1, -1, 1)
        place = place if along == 2 else place.transpose(2, 3)
        low, high = (edge * _uniform(rng, 0, 0.25, images) for _ in range(2))
        inside = inside & (place >= low.floor()) & (place < edge - high.floor())
    return torch.where(chosen & ~inside, torch.zeros_like(images), images)


def _window(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    if images.ndim != 4:
        return images
    chosen = _uniform(rng, 0, 1, images) < strength
    reach = _uniform(rng, 0.5, 1, images)
    height, width = images.shape[-2:]
    down = (2 * torch.arange(height, device=images.device) + 1 - height).abs().view(-1, 1) / height
    across = (2 * torch.arange(width, device=images.device) + 1 - width).abs().view(1, -1) / width
    outside = torch.maximum(down, across) > reach
    return torch.where(chosen & outside, torch.zeros_like(images), images)


def _saturate(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    chosen = _uniform(rng, 0, 1, images) < strength
    low, high = _uniform(rng, 0, 0.15, images), 1 - _uniform(rng, 0, 0.45, images)
    return torch.where(chosen, ((images - low) / (high - low)).clamp(0, 1), images)


def _blur(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    sigma = _uniform(rng, -strength, strength, images).flatten().clamp(min=1e-3)
    reach = min(math.ceil(3 * strength), *(edge - 1 for edge in images.shape[-2:]))
    x = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-(x**2) / (2 * sigma[:, None] ** 2))
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    # views become channels of one picture, so that each has a kernel of its own
    planes = images.reshape(1, -1, *images.shape[-2:])
    each = kernel.repeat_interleave(planes.shape[1] // len(images), dim=0)
    n = planes.shape[1]
    planes = F.pad(planes, (reach, reach, reach, reach), mode="reflect")
    planes = F.conv2d(planes, each.view(n, 1, 1, -1), groups=n)
    planes = F.conv2d(planes, each.view(n, 1, -1, 1), groups=n)
    return planes.reshape(images.shape)


def _gamma(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    powers = torch.exp(_uniform(rng, -strength, strength, images))
    return images.clamp(0, 1) ** powers


def _brightness_contrast(
    images: torch.Tensor, strength: float, rng: torch.Generator
) -> torch.Tensor:
    brightness = _uniform(rng, -strength, strength, images)
    contrast = 1 + _uniform(rng, -strength, strength, images)
    space = tuple(range(1, images.ndim))
    mean = images.mean(dim=space, keepdim=True)
    return torch.where(images > 0, (images - mean) * contrast + mean + brightness, images)


def _colour_jitter(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    shape = (*images.shape[:2], *(1,) * (images.ndim - 2))
    gain = torch.rand(shape, generator=rng, device=rng.device) * 2 - 1
    return images * (1 + strength * gain)


def _grey(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    chosen = _uniform(rng, 0, 1, images) < strength
    return torch.where(chosen, images.mean(dim=1, keepdim=True), images)


def _noise(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    deviation = _uniform(rng, 0, strength, images)
    noise = torch.randn(images.shape, generator=rng, device=rng.device)
    return torch.where(images > 0, images + deviation * noise, images)


def _coarse(images: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    chosen = _uniform(rng, 0, 1, images).flatten() < strength
    if images.ndim != 4 or not bool(chosen.any()):
        return images
    edge = images.shape[-1]
    pixels = int(torch.randint(max(6, edge // 5), edge, (1,), generator=rng, device=rng.device))
    few = F.interpolate(images[chosen], (pixels, pixels), mode="area")
    grain = 0.15 * _uniform(rng, 0, 1, few) * few.clamp(0, 1).sqrt()
    few = few + grain * torch.randn(few.shape, generator=rng, device=rng.device)
    images = images.clone()
    images[chosen] = F.interpolate(few, (edge, edge), mode="bilinear", align_corners=False)
    return images


_LOOKS: dict[str, Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]] = {
    "flip": _flip,
    "border": _border,
    "window": _window,
    "blur": _blur,
    "saturate": _saturate,
    "gamma": _gamma,
    "brightness-contrast": _brightness_contrast,
    "colour-jitter": _colour_jitter,
    "grey": _grey,
    "noise": _noise,
    "coarse": _coarse,
}
