"""The microscope: point spread, sampling, haze, attenuation, photons, camera and processing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import Grid, apply, between, kernel, scale_between

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array

_FWHM = 2.3548


@dataclass(frozen=True, slots=True)
class Microscope:
    """How a scene becomes an image.

    Parameters
    ----------
    pixel : float
        Distance of pixels, nuclear radii.
    plane : float
        Distance of planes, nuclear radii.
    lateral, axial : float
        Standard deviation of the point spread, nuclear radii.
    skirt : float
        Share of light in a spread three times as wide.
    haze : float
        Share of light that is spread over the surroundings.
    background : float
        Offset as a share of the bright signal.
    photons : float
        Photons at the bright signal.
    read : float
        Standard deviation of the camera's own noise, as photons.
    fade : float
        Attenuation per nuclear radius along z, of either sign.
    look : {"raw", "denoised", "sharpened", "median"}
        Processing before the file was saved.
    gamma : float
        Exponent applied to intensities.
    saturate : float
        Signal above this share of the bright level is clipped; 0 for none.
    depth : int
        Grey levels of the file.
    white : float
        Grey value of the bright signal, as a share of ``depth``.
    """

    pixel: float
    plane: float
    lateral: float
    axial: float
    skirt: float
    haze: float
    background: float
    photons: float
    read: float
    fade: float
    look: str
    gamma: float
    saturate: float
    depth: int
    white: float

    @classmethod
    def confocal(
        cls,
        unit: float,
        spacing: tuple[float, float, float],
        *,
        lateral: float = 0.14,
        axial: float = 0.45,
    ) -> Microscope:
        """Set up a good confocal microscope.

        Parameters
        ----------
        unit : float
            Nuclear radius, micrometres.
        spacing : tuple of float
            Distances of planes, rows and columns, micrometres.
        lateral, axial : float
            Standard deviation of the point spread, micrometres.
        """
        return cls(
            pixel=spacing[1] / unit,
            plane=spacing[0] / unit,
            lateral=lateral / unit,
            axial=axial / unit,
            skirt=0.08,
            haze=0.1,
            background=0.02,
            photons=220.0,
            read=1.5,
            fade=0.04,
            look="raw",
            gamma=1.0,
            saturate=0.0,
            depth=65535,
            white=0.35,
        )

    def axes(self, grid: Grid, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Positions of planes, rows and columns inside the grid, with a random phase."""
        axes = []
        for i, distance in enumerate((self.plane, self.pixel, self.pixel)):
            axis = grid.axis(i)
            extent = float(axis[-1] - axis[0])
            count = max(int(extent / distance), 3 if i == 0 else 8)
            slack = extent - (count - 1) * distance
            start = float(axis[0]) + slack * (0.25 + 0.5 * rng.random() if slack > 0 else 0.5)
            axes.append((start + distance * np.arange(count)).astype(np.float32))
        return axes[0], axes[1], axes[2]

    def blur(
        self, volume: Array, grid: Grid, out: tuple[Array, Array, Array], *, wide: float = 1.0
    ) -> Array:
        """Spread and sample a volume at the given planes, rows and columns."""
        widths = (self.axial * wide, self.lateral * wide, self.lateral * wide)
        mats = [kernel(grid.axis(i), out[i], widths[i], grid.step) for i in range(3)]
        return apply(volume, mats[0], mats[1], mats[2])

    def expose(
        self,
        volume: Array,
        grid: Grid,
        out: tuple[Array, Array, Array],
        rng: np.random.Generator,
    ) -> Array:
        """Image of a volume as grey values, uint16, ``(z, y, x)``.

        Parameters
        ----------
        volume : ndarray, ``(z, y, x)``
            Fluorophore density on ``grid``.
        grid : Grid
            Grid of the volume.
        out : tuple of ndarray
            Positions of planes, rows and columns.
        rng : Generator
            Source of chance.
        """
        image = self.blur(volume, grid, out)
        if self.skirt > 0:
            image *= 1 - self.skirt
            image += self.skirt * self.blur(volume, grid, out, wide=3.0)
        sample = image.ravel()[:: max(1, image.size // 40_000)]
        rank = max(1, sample.size // 300)
        image /= max(float(np.partition(sample, -rank)[-rank]), 1e-3)
        if self.haze > 0:
            image += self.haze * _haze(image)
        if self.fade:
            depth = out[0] - out[0][0] if self.fade > 0 else out[0][-1] - out[0]
            image *= np.exp(-abs(self.fade) * depth)[:, None, None]
        image += self.background
        if self.saturate:
            np.minimum(image, self.saturate + self.background, out=image)
        image = self._noise(image, rng)
        image = self._process(image)
        if self.gamma != 1:
            np.maximum(image, 0, out=image)
            image **= self.gamma
        image *= self.white * self.depth
        np.clip(image, 0, self.depth, out=image)
        return np.asarray(np.rint(image), dtype=np.uint16)

    def _noise(self, image: Array, rng: np.random.Generator) -> Array:
        variance = np.maximum(image, 0) / np.float32(self.photons)
        variance += np.float32((self.read / self.photons) ** 2)
        image += np.sqrt(variance) * rng.standard_normal(image.shape, dtype=np.float32)
        return image

    def _process(self, image: Array) -> Array:
        if self.look == "raw":
            return image
        if self.look == "median":
            return _median3(_median3(image, 2), 1)
        rows, columns = (np.arange(n, dtype=np.float32) for n in image.shape[1:])
        grain = float(np.clip(0.07 / self.pixel, 0.45, 1.3))
        if self.look == "denoised":
            my, mx = kernel(rows, rows, grain, 1.0), kernel(columns, columns, grain, 1.0)
            return np.asarray(np.matmul(np.matmul(my, image), mx.T), dtype=np.float32)
        # a difference of Gaussians stands in for deconvolution: crisp, dark halos, grain smoothed
        wide = max(1.5, 1.6 * self.lateral / self.pixel)
        my, mx = kernel(rows, rows, wide, 1.0), kernel(columns, columns, wide, 1.0)
        soft = np.matmul(np.matmul(my, image), mx.T)
        ny, nx = kernel(rows, rows, 0.6 * grain, 1.0), kernel(columns, columns, 0.6 * grain, 1.0)
        fine = np.matmul(np.matmul(ny, image), nx.T)
        return np.asarray(np.maximum(fine + 0.9 * (fine - soft), 0), dtype=np.float32)


def _median3(image: Array, axis: int) -> Array:
    """Median of each voxel and the two beside it along one axis."""
    a, c = np.roll(image, 1, axis), np.roll(image, -1, axis)
    low, high = np.minimum(a, image), np.maximum(a, image)
    return np.asarray(np.maximum(low, np.minimum(high, c)), dtype=np.float32)


def _haze(image: Array) -> Array:
    """Light from everywhere, smooth over the whole image."""
    per_plane = image.mean(axis=(1, 2), keepdims=True)
    return np.asarray(0.5 * per_plane + 0.5 * image.mean(), dtype=np.float32)


def microscope(rng: np.random.Generator) -> Microscope:
    """Draw a microscope: from a crisp confocal to a coarse light sheet."""
    pixel = 2 / scale_between(rng, 9.5, 60)
    ratio = scale_between(rng, 1, 10)
    plane = min(pixel * ratio, between(rng, 0.35, 0.6))
    plane = max(plane, pixel)
    lateral = scale_between(rng, 0.03, 0.16) / _FWHM
    axial = lateral * scale_between(rng, 1.5, 5)
    axial = min(axial, between(rng, 0.45, 0.8) / _FWHM)
    look = str(rng.choice(["raw", "denoised", "sharpened", "median"], p=[0.55, 0.22, 0.14, 0.09]))
    photons = scale_between(rng, 15, 2500)
    if look == "denoised":
        photons *= 4
    eight = rng.random() < 0.35
    depth = 255 if eight else int(rng.choice([4095, 65535], p=[0.4, 0.6]))
    return Microscope(
        pixel=pixel,
        plane=plane,
        lateral=lateral,
        axial=axial,
        skirt=between(rng, 0, 0.35) if rng.random() < 0.5 else 0.0,
        haze=between(rng, 0, 0.8) if rng.random() < 0.5 else 0.0,
        background=between(rng, 0, 0.08) if rng.random() < 0.7 else between(rng, 0.05, 0.4),
        photons=photons,
        read=scale_between(rng, 0.5, 8),
        fade=between(rng, -0.25, 0.25) if rng.random() < 0.5 else 0.0,
        look=look,
        gamma=scale_between(rng, 0.6, 1.4) if rng.random() < 0.35 else 1.0,
        saturate=between(rng, 0.35, 0.95) if rng.random() < 0.22 else 0.0,
        depth=depth,
        white=between(rng, 0.35, 0.95) if eight else scale_between(rng, 0.02, 0.9),
    )
