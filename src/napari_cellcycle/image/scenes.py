"""What every reader hands back: one scene of a file as an array with named axes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image.spacing import Spacing, to_micrometres

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Length = tuple[float | None, object]
"""A value and its unit, which may be ``None``."""

NO_PIXEL = 50.0
"""Micrometres. A pixel as large shows no cell: it is that of a print, or in a wrong unit."""

WHOLE_VOLUME_BYTES = 2**28
"""A volume (one channel of one frame) larger than this is read plane by plane."""

# Three digits are no count but a wavelength, as in C405; what Imaris writes is no name either.
_UNNAMED = re.compile(
    r"^(?:(?:image|channel|ch|c)?(?:[\s:_\-#]*0*\d{1,2}(?!\d))*|channel:.*:\d+|"
    r"\(name not specified\))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of a file, not yet arranged.

    Parameters
    ----------
    data : array-like
        Numpy or dask, any real dtype.
    axes : str
        One letter an axis of ``data``: T, C, Z, Y, X, or S for the samples of a colour picture.
    scenes : tuple of str
        All scenes of the file.
    index : int
        Which of them this is.
    channels : tuple of str
        Names found in metadata, empty where there are none.
    lengths : mapping of str to Length
        Size of a voxel along Z, Y and X, and the time between two frames (T), with their units.
    notes : tuple of str
        What a person should know of how the file was understood.
    """

    data: Any
    axes: str
    scenes: tuple[str, ...] = ("Image:0",)
    index: int = 0
    channels: tuple[str, ...] = ()
    lengths: Mapping[str, Length] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def pick_scene(scenes: Sequence[str], scene: str | int | None, path: Path) -> int:
    """Index of a scene given by name or by index; the first one if ``None``.

    Raises
    ------
    ImageReadError
        If the file has no such scene.
    """
    if scene is None:
        return 0
    if isinstance(scene, str) and scene in scenes:
        return scenes.index(scene)
    text = str(scene).strip()
    if text.isdecimal() and int(text) < len(scenes):
        return int(text)
    listing = ", ".join(f"{i}={name}" for i, name in enumerate(scenes))
    raise ImageReadError(f"{path.name} has no scene {scene!r}; it has {listing}.")


def tell_apart(names: Iterable[object]) -> tuple[str, ...]:
    """Count the scenes of one name, from the second on, because a name stands for a scene."""
    found: list[str] = []
    seen: Counter[str] = Counter()
    for name in map(str, names):
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return tuple(found)


def is_unnamed(name: str) -> bool:
    """Whether a channel's name only counts it, such as ``Channel:0:1``, or says nothing."""
    return _UNNAMED.match(name.strip()) is not None


def name_channels(names: Sequence[object], n: int) -> tuple[str, ...]:
    """Plain strings for ``n`` channels; ``channel i`` where metadata give no real name."""
    texts = [str(name).strip() for name in names]
    if len(texts) != n:
        texts = [""] * n
    return tuple(f"channel {i}" if is_unnamed(t) else t for i, t in enumerate(texts))


def known_spacing(
    lengths: Mapping[str, Length], name: str, *, is_2d: bool
) -> tuple[Spacing | None, tuple[str, ...]]:
    """Micrometres along z, y and x, if metadata give every value with its unit.

    A 2D image needs none along z, and gets 1. Pixels that are larger than a cell are not believed.

    Parameters
    ----------
    lengths : mapping of str to Length
        As of :class:`Scene`.
    name : str
        What a note calls the image.
    is_2d : bool
        Whether there is one plane only.

    Returns
    -------
    spacing : Spacing or None
    notes : tuple of str
        Why a size is not believed.
    """
    z, y, x = (to_micrometres(*lengths.get(axis, (None, None))) for axis in "ZYX")
    largest = max(size or 0.0 for size in (y, x))
    if largest >= NO_PIXEL:
        return None, (
            f"{name} states pixels of {largest:g} µm, which is more than a cell: that is the "
            "resolution of a print, or a wrong unit, and not used. Give the right one "
            "(--spacing, or the widget's field).",
        )
    if z is None and is_2d:
        z = 1.0
    known = None if z is None or y is None or x is None else Spacing(z, y, x, "metadata")
    return known, ()
