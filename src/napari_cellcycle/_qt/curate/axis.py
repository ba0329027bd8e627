"""An axis of a plot: what of it is in sight, on a linear or a logarithmic scale, and its ticks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_MARGIN = 0.04
_FEWEST = 2  # ticks; where decades give fewer, they are divided evenly
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class Axis:
    """What lies between the ends of an axis.

    Parameters
    ----------
    title : str
        Name and unit.
    low, high : float
        The ends; decadic logarithms on a logarithmic scale.
    log : bool
        Whether the scale is logarithmic.
    """

    title: str
    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, values: ArrayLike, title: str, *, log: bool = False) -> Axis:
        """The axis on which all of some values can be seen; those that cannot be are left out."""
        scaled = _scaled(values, log=log)
        scaled = scaled[np.isfinite(scaled)]
        low, high = (float(scaled.min()), float(scaled.max())) if len(scaled) else (0.0, 1.0)
        margin = _MARGIN * (high - low) or max(abs(high) * _MARGIN, 0.1)
        return cls(title, low - margin, high + margin, log)

    def place(self, values: ArrayLike) -> Floats:
        """Where values lie: 0 at one end, 1 at the other; NaN for what has no place."""
        return (_scaled(values, log=self.log) - self.low) / (self.high - self.low)

    def value(self, place: float) -> float:
        """What lies at a place."""
        scaled = self.low + place * (self.high - self.low)
        return float(10**scaled if self.log else scaled)

    def zoomed(self, factor: float, place: float) -> Axis:
        """As much less in sight as a factor says, with what is at a place staying there."""
        about = self.low + place * (self.high - self.low)
        low, high = (about + (end - about) / factor for end in (self.low, self.high))
        if not np.isfinite(high - low) or high - low < 1e-9 * max(abs(low), abs(high), 1e-12):
            return self
        return replace(self, low=low, high=high)

    def moved(self, share: float) -> Axis:
        """With everything further on by a share of what is in sight."""
        by = share * (self.high - self.low)
        return replace(self, low=self.low - by, high=self.high - by)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Places of round numbers, and how they are written; about as many as asked for."""
        if not self.log:
            values = _round_numbers(self.low, self.high, most)
        else:
            values = self._decades(most)
            if len(values) < _FEWEST:
                values = _round_numbers(10**self.low, 10**self.high, most)
        return [
            (place, number(value))
            for value, place in zip(values.tolist(), self.place(values).tolist(), strict=True)
            if 0 <= place <= 1
        ]

    def _decades(self, most: int) -> Floats:
        first, last = int(np.floor(self.low)), int(np.ceil(self.high))
        if last - first > 300:  # zoomed out beyond all numbers
            return np.zeros(0)
        powers = 10.0 ** np.arange(first, last + 1)
        for parts in ((1, 2, 5), (1, 3), (1,)):
            values = np.outer(powers, parts).ravel()
            inside = values[(np.log10(values) >= self.low) & (np.log10(values) <= self.high)]
            if len(inside) <= most:
                return inside
        return inside[:: -(-len(inside) // most)]


def number(value: float) -> str:
    """A round number as it stands at a tick: ``1,200``, ``0.25``, ``3×10⁶``."""
    size = abs(value)
    if value == 0:
        return "0"
    if 1e-3 <= size < 1e5:
        return f"{value:,.6g}".replace("-", "−")
    power = int(np.floor(np.log10(size) + 1e-9))
    mantissa = f"{value / 10.0**power:.4g}".replace("-", "−")
    raised = f"10{str(power).translate(_SUPERSCRIPT)}"
    return raised if mantissa == "1" else f"{mantissa}×{raised}"


def _scaled(values: ArrayLike, *, log: bool) -> Floats:
    found = np.asarray(values, np.float64)
    if not log:
        return found
    return np.log10(found, out=np.full(found.shape, np.nan), where=found > 0)


def _round_numbers(low: float, high: float, most: int) -> NDArray[Any]:
    rough = (high - low) / max(most, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * part for part in (1, 2, 5, 10) if power * part >= rough * (1 - 1e-9))
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.round(np.arange(first, last + 1) * step, 12)
