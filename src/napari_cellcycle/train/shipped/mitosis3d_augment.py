"""Vary views for ``mitosis-3d``: geometry that keeps an axis' meaning, other microscopes' looks.

Recipes name their augmentations, which are in :mod:`napari_cellcycle.train.fit.augmentations`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

_DROPOUT = 0.3  # probability that every channel but the first is set to zero
_COARSE = 0.12  # that a view is reduced to a few, noisy pixels, as of a small cell


def augment(
    images: torch.Tensor,
    axis: str,
    rng: torch.Generator,
    *,
    cut: float = 0.0,
) -> torch.Tensor:
    """Vary a batch of views.

    Views along z are rotated by any angle; those along x and y, whose vertical is the optical
    axis, by a few degrees only. All are flipped, scaled, shifted and sheared, blurred, made coarse
    and noisy and changed in gamma and contrast; channels other than the first are dropped at times.

    Parameters
    ----------
    images : Tensor, ``(n, channels, size, size)``, float32 in [0, 1]
        Views along one axis.
    axis : {"x", "y", "z"}
        That axis.
    rng : torch.Generator
        Source of all randomness.
    cut : float
        Probability that a view is cut by a straight border, as at the edge of an image.

    Returns
    -------
    Tensor of the same shape, in [0, 1]
    """
    n, channels, size, _ = images.shape

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(n, *shape, generator=rng) * (high - low) + low

    turn = math.pi if axis == "z" else math.radians(12)
    angle = uniform(-turn, turn)
    scale = torch.exp(uniform(-0.18, 0.18))
    stretch = torch.exp(uniform(-0.08, 0.08) if axis == "z" else uniform(-0.15, 0.15))
    flip_x = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    flip_y = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = cos * scale * flip_x
    theta[:, 0, 1] = -sin * scale * flip_y * stretch
    theta[:, 1, 0] = sin * scale * flip_x
    theta[:, 1, 1] = cos * scale * flip_y * stretch
    theta[:, :, 2] = uniform(-0.06, 0.06, 2)
    if cut > 0:
        for share in (cut, cut / 3):
            images, theta = _cut(images, theta, uniform(0, 1), uniform(0, 1), uniform(0, 1), share)
    grid = F.affine_grid(theta, [n, channels, size, size], align_corners=False)
    images = F.grid_sample(images, grid, align_corners=False)

    # Blur a fifth of the cells.
    for sigma in (0.7, 1.3):
        chosen = uniform(0, 1) < 0.1
        if bool(chosen.any()):
            images[chosen] = _blur(images[chosen], sigma)

    for pixels in torch.randint(13, 28, (2,), generator=rng).tolist():
        chosen = uniform(0, 1) < _COARSE / 2
        if bool(chosen.any()):
            images[chosen] = _coarsen(images[chosen], pixels, rng)

    gamma = torch.exp(uniform(-0.5, 0.5, channels, 1, 1))
    images = images.clamp(0, 1) ** gamma
    gain = uniform(0.75, 1.3, channels, 1, 1)
    noise = uniform(-0.08, 0.08, 1, 1, 1).clamp(min=0)
    present = (images > 0).float()
    images = images * gain + torch.randn(images.shape, generator=rng) * noise * present
    if channels > 1:
        keep = (uniform(0, 1, 1, 1, 1) >= _DROPOUT).float()
        images = torch.cat([images[:, :1], images[:, 1:] * keep], dim=1)
    return images.clamp(0, 1)


def _cut(
    images: torch.Tensor,
    theta: torch.Tensor,
    chance: torch.Tensor,
    where: torch.Tensor,
    side: torch.Tensor,
    share: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blank some views beyond a line, and move and enlarge what is left as a view of it would."""
    size = images.shape[-1]
    # in a view that reaches 1.5 radii from the centre, the cell ends near 2/3 of the half width
    edge = 2 / 3
    line = where * (edge + 0.1) - 0.1
    position = (torch.arange(size) + 0.5) / size * 2 - 1
    chosen = chance < share
    sign = torch.where(side < 0.5, 1.0, -1.0)
    vertical = ((side * 4).long() % 2) == 0
    beyond = position[None] * sign[:, None] > line[:, None]
    blank = torch.where(vertical[:, None, None], beyond[:, None, :], beyond[:, :, None]).expand(
        -1, size, size
    )
    images = images.masked_fill((blank & chosen[:, None, None])[:, None], 0.0)
    left = ((line + edge) / (2 * edge)).clamp(max=1.0)
    shrink = torch.where(chosen, left**0.35, torch.ones_like(left))
    theta = theta * torch.stack([shrink, shrink, torch.ones_like(shrink)], dim=1)[:, None]
    centre = torch.where(chosen, sign * (line - edge).clamp(max=0) / 2, torch.zeros_like(left))
    shift = torch.stack(
        [torch.where(vertical, centre, 0 * centre), torch.where(vertical, 0 * centre, centre)],
        dim=1,
    )
    theta[:, :, 2] = theta[:, :, 2] + shift
    return images, theta


def _coarsen(images: torch.Tensor, pixels: int, rng: torch.Generator) -> torch.Tensor:
    """Sample views on a grid of a few pixels, make these noisy, and enlarge them again."""
    size = images.shape[-1]
    small = F.interpolate(images, (pixels, pixels), mode="area")
    strength = 0.25 * torch.rand(len(images), 1, 1, 1, generator=rng)
    small = small + strength * small.sqrt() * torch.randn(small.shape, generator=rng)
    return F.interpolate(small.clamp(0, 1), (size, size), mode="bilinear", align_corners=False)


def _blur(images: torch.Tensor, sigma: float) -> torch.Tensor:
    reach = math.ceil(3 * sigma)
    x = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    n, channels, height, width = images.shape
    flat = images.reshape(n * channels, 1, height, width)
    flat = F.conv2d(flat, kernel.view(1, 1, 1, -1), padding=(0, reach))
    flat = F.conv2d(flat, kernel.view(1, 1, -1, 1), padding=(reach, 0))
    return flat.reshape(images.shape)
