"""What the plain baselines see of a crop: its pixels, or its shape, intensity and texture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern
from skimage.filters import threshold_otsu
from skimage.measure import regionprops

from napari_cellcycle.train.data.cropset import CropSet

Floats = NDArray[np.float32]

SHAPE = (
    "area",
    "perimeter",
    "eccentricity",
    "solidity",
    "extent",
    "axis_major_length",
    "axis_minor_length",
    "euler_number",
)
HARALICK = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
_DISTANCES = (1, 2, 4)
_ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
_LEVELS = 24
_EDGE = 20


def relative(image: NDArray[np.floating]) -> Floats:
    """Stretch a crop between its 2nd and 99.8th percentile: no absolute intensity is left."""
    low, high = np.percentile(image, (2, 99.8))
    return np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def pixels(crops: CropSet, channel: str, *, absolute: bool = False, edge: int = _EDGE) -> Floats:
    """Grey values of a channel, averaged down to at most ``edge`` pixels a side, ``(n, pixels)``.

    Parameters
    ----------
    crops : CropSet
        Of 2D crops.
    channel : str
        Role of the channel.
    absolute : bool
        Keep grey values as they are instead of stretching each crop.
    edge : int
        Pixels that are left along each axis.
    """
    images = crops.images[:, crops.channels.index(channel)]
    rows = []
    for image in images.astype(np.float32):
        image = image if absolute else relative(image)
        factors = [min(edge / n, 1) for n in image.shape]
        wide = [max(0.4 * (1 / f - 1), 0) for f in factors]
        rows.append(ndimage.zoom(ndimage.gaussian_filter(image, wide), factors, order=1).ravel())
    return np.stack(rows)


def measurements(crops: CropSet, channel: str, *, absolute: bool = False) -> Floats:
    """Shape, intensity and texture of what is bright in the middle of each crop, ``(n, features)``.

    Region properties and moments of the foreground (Otsu's threshold), the distribution of light
    in it, its radial course, Haralick's texture, local binary patterns and energies of scales.

    Parameters
    ----------
    crops : CropSet
        Of 2D crops.
    channel : str
        Role of the channel.
    absolute : bool
        Measure intensities in grey values, too.
    """
    images = crops.images[:, crops.channels.index(channel)].astype(np.float32)
    masks = [None] * len(crops) if crops.mask is None else crops.mask
    return np.stack(
        [
            np.fromiter(_measure(image, mask, absolute), np.float32)
            for image, mask in zip(images, masks, strict=True)
        ]
    )


def _measure(image: Floats, mask: NDArray[np.bool_] | None, absolute: bool) -> Iterator[float]:
    view = relative(image)
    mask = foreground(view) if mask is None else mask
    (region,) = regionprops(mask.astype(np.uint8), intensity_image=view)
    for name in SHAPE:
        yield float(region[name])
    yield from region.moments_hu
    light = view[mask]
    yield from (light.mean(), light.std(), stats.skew(light), stats.kurtosis(light))
    yield from np.percentile(light, (5, 25, 50, 75, 95))
    yield float(np.hypot(*np.subtract(region.centroid_weighted, region.centroid)))
    depth = ndimage.distance_transform_edt(mask)
    depth /= depth.max()
    for low in (0, 0.25, 0.5, 0.75):
        ring = mask & (depth > low) & (depth <= low + 0.25)
        yield float(view[ring].mean()) if ring.any() else 0.0
    yield from _texture(view, mask)
    if absolute:
        raw = image - np.percentile(image, 2)
        yield from (float(np.percentile(image, 2)), raw.sum(), raw[mask].sum())
        yield from (raw[mask].mean(), raw[mask].std(), raw.max())


def _texture(view: Floats, mask: NDArray[np.bool_]) -> Iterator[float]:
    grey = np.minimum((view * _LEVELS).astype(np.uint8), _LEVELS - 1)
    pairs = graycomatrix(grey, _DISTANCES, _ANGLES, levels=_LEVELS, symmetric=True, normed=True)
    for name in HARALICK:
        yield from graycoprops(pairs, name).mean(axis=1)
    eight_bit = (view * 255).astype(np.uint8)
    for points, radius in ((8, 1), (16, 2)):
        codes = local_binary_pattern(eight_bit, points, radius, "uniform")[mask]
        yield from np.bincount(codes.astype(int), minlength=points + 2) / len(codes)
    for sigma in (0.7, 1.4, 2.8, 5.6):
        yield float(ndimage.gaussian_laplace(view, sigma)[mask].std() * sigma**2)


def foreground(view: Floats) -> NDArray[np.bool_]:
    """Largest bright object of a crop, holes and all; the whole crop if nothing stands out."""
    smooth = ndimage.gaussian_filter(view, 1)
    if smooth.max() <= smooth.min():
        return np.ones(view.shape, bool)
    objects, n = ndimage.label(smooth > threshold_otsu(smooth))
    if n == 0:
        return np.ones(view.shape, bool)
    return objects == 1 + int(np.argmax(np.bincount(objects.ravel())[1:]))
