"""Time between two frames, in minutes: from metadata with a unit, never guessed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle.image.scenes import Length

_MINUTES = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1 / 60_000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1 / 60),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 1.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60.0),
    **dict.fromkeys(("d", "day", "days"), 1440.0),
}
_EVEN = 0.1
"""Share of the usual step by which steps may differ: else there is no one time between frames."""


def known_minutes(lengths: Mapping[str, Length]) -> float | None:
    """Minutes between two frames, if metadata give a credible value with its unit.

    A second sharp is what programs write that do not know; it is not believed.

    Parameters
    ----------
    lengths : mapping of str to Length
        Of a :class:`~napari_cellcycle.image.scenes.Scene`; the one along T counts.
    """
    value, unit = lengths.get("T", (None, None))
    factor = _MINUTES.get(str(getattr(unit, "value", unit)).strip().lower())
    if factor is None:
        return None
    try:
        minutes = float(value or 0) * factor
    except (TypeError, ValueError):
        return None
    return minutes if 0 < minutes < math.inf and minutes != 1 / 60 else None


def ome_interval(pixels: Mapping[str, Any], planes: Sequence[Mapping[str, Any]]) -> Length | None:
    """Time between two frames of an OME-TIFF.

    Parameters
    ----------
    pixels : mapping
        Attributes of the element ``Pixels``: its ``TimeIncrement`` comes first.
    planes : sequence of mapping
        Attributes of each ``Plane``; else the steps of ``DeltaT`` count, if they are even.
    """
    if "TimeIncrement" in pixels:
        # the OME schema gives seconds as the unit where the attribute is left out
        return pixels["TimeIncrement"], pixels.get("TimeIncrementUnit", "s")
    first = {
        plane["TheT"]: (plane["DeltaT"], plane.get("DeltaTUnit", "s"))
        for plane in planes
        if plane.get("TheZ") == plane.get("TheC") == 0 and {"TheT", "DeltaT"} <= plane.keys()
    }
    units = {unit for _, unit in first.values()}
    if len(first) < 2 or len(units) > 1 or sorted(first) != list(range(len(first))):
        return None
    try:
        steps = np.diff([float(first[frame][0]) for frame in sorted(first)])
    except (TypeError, ValueError):  # such as 0,5 with the comma of some languages
        return None
    usual = float(np.median(steps))
    return (usual, units.pop()) if np.all(np.abs(steps - usual) <= _EVEN * abs(usual)) else None
