"""The peaks of G1 and of G2 and mitosis among the DNA contents of the cells of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.content import FEWEST

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_STEP = 0.02  # octaves between the places where the density is known
_NARROW, _WIDE = 0.1, 0.5  # octaves: bandwidth for many cells; times n**-0.2, for few
_DEVIATIONS = 2.0  # by which a peak must stand out of what chance would give
_LOW = 0.05  # of the highest peak: lower ones do not count
_RATIO = (1.74, 2.3)  # of G2/M to G1: a factor of 2, within 0.2 octaves


@dataclass(frozen=True, slots=True)
class DnaPeaks:
    """Where the peaks of DNA content lie.

    Parameters
    ----------
    all : tuple of float
        Every peak that stands out, ascending.
    g1, g2 : float
        Two of them, about a factor of two apart; NaN if there are none.
    problem : str
        Why there are none; else empty.
    """

    all: tuple[float, ...]
    g1: float = np.nan
    g2: float = np.nan
    problem: str = ""

    @property
    def found(self) -> bool:
        """Whether there are two."""
        return not self.problem

    @property
    def ratio(self) -> float:
        """DNA content of G2 and mitosis over that of G1: 2 if all was measured well."""
        return self.g2 / self.g1


def find_dna_peaks(content: ArrayLike) -> DnaPeaks:
    """Look for two peaks whose ratio is about two.

    The density of log content is smoothed with a Gaussian kernel. Its maxima count if they rise
    above the dips beside them by twice what chance would give. Of the pairs with a ratio from 1.74
    to 2.3, that of the highest peaks is taken.

    Parameters
    ----------
    content : array-like, ``(n,)``
        DNA above background of each cell of one image, added up; what is not above 0 is left out.
    """
    from scipy import ndimage, signal

    values = np.asarray(content, np.float64)
    octaves = np.log2(values[np.isfinite(values) & (values > 0)])
    n = len(octaves)
    if n < FEWEST:
        return DnaPeaks((), problem=f"{n} cells have DNA; peaks need {FEWEST} or more.")
    # a few cells far away must not make the grid long
    low, high = np.quantile(octaves, (0.001, 0.999))
    edges = np.arange(low - 1, high + 1, _STEP)
    wide = max(_NARROW, _WIDE * n**-0.2) / _STEP
    counts = np.histogram(octaves, edges)[0].astype(float)
    # as many cells as lie within reach of the kernel, so that chance can be told: a Poisson number
    density = ndimage.gaussian_filter1d(counts, wide, mode="constant") * wide * np.sqrt(2 * np.pi)
    places, about = signal.find_peaks(density, prominence=0)
    by_chance = np.sqrt(density[places] / np.sqrt(2))
    stands_out = about["prominences"] >= _DEVIATIONS * by_chance
    stands_out &= density[places] >= _LOW * density.max()
    places = places[stands_out]
    peaks = 2.0 ** ((edges[:-1] + edges[1:])[places] / 2)
    return _pair(peaks, density[places])


def _pair(peaks: Floats, height: NDArray[Any]) -> DnaPeaks:
    ratio = peaks[None] / peaks[:, None]
    fits = (ratio >= _RATIO[0]) & (ratio <= _RATIO[1])
    every = tuple(peaks.tolist())
    if fits.any():
        both = np.where(fits, height[None] + height[:, None], -1.0)
        first, second = np.unravel_index(int(both.argmax()), both.shape)
        return DnaPeaks(every, float(peaks[first]), float(peaks[second]))
    if len(peaks) > 1:
        many = " : ".join(f"{value:.1f}" for value in peaks / peaks[0])
        return DnaPeaks(every, problem=f"Peaks at {many}; none is about twice another.")
    one = "One peak, and none at about twice its content" if len(peaks) else "No peak stands out"
    return DnaPeaks(every, problem=f"{one}: G1 and G2/M cannot be told.")
