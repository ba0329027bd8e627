"""How long something lasts, where its end was not always seen."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Kaplan and Meier's estimate of how many still last.

    Parameters
    ----------
    complete : int
        How many were seen from beginning to end.
    censored : int
        How many were seen to begin only: they lasted longer than they were seen.
    time : ndarray, ``(k,)``, float64
        Ascending.
    lasting : ndarray, ``(k,)``, float64
        Share that lasts longer than each time.
    low, high : ndarray, ``(k,)``, float64
        95 % confidence limits of it (Greenwood, log-log); NaN where nothing can be said.
    """

    complete: int
    censored: int
    time: Floats
    lasting: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, lasts: Floats, ended: Bools) -> Survival:
        """Estimate it.

        Parameters
        ----------
        lasts : ndarray, ``(n,)``, float64
            How long each was seen.
        ended : ndarray, ``(n,)``, bool
            Whether its end was seen.
        """
        from scipy.stats import CensoredData, ecdf

        complete = int(ended.sum())
        if not len(lasts):
            nothing = np.zeros(0)
            return cls(0, 0, nothing, nothing, nothing, nothing)
        found: Any = ecdf(CensoredData(uncensored=lasts[ended], right=lasts[~ended])).sf
        with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
            # limits are not defined before the first end and after the last one
            warnings.simplefilter("ignore", RuntimeWarning)
            limits = found.confidence_interval(method="log-log")
        return cls(
            complete,
            len(lasts) - complete,
            found.quantiles,
            found.probabilities,
            limits.low.probabilities,
            limits.high.probabilities,
        )

    def quantile(self, share: float) -> float:
        """Time after which this share has ended, NaN if too few were seen to end."""
        return _first(self.time, self.lasting <= 1 - share + 1e-9)

    @property
    def median(self) -> float:
        """Time after which half have ended."""
        return self.quantile(0.5)

    @property
    def median_limits(self) -> tuple[float, float]:
        """95 % confidence limits of the median (Brookmeyer and Crowley); NaN where it is open."""
        return _first(self.time, self.low <= 0.5), _first(self.time, self.high <= 0.5)


def _first(time: Floats, which: Bools) -> float:
    places = np.flatnonzero(which)
    return float(time[places[0]]) if len(places) else math.nan
