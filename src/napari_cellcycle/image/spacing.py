"""Voxel spacing in micrometres: from metadata with a unit, or from a person, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_cellcycle.errors import SpacingError

if TYPE_CHECKING:
    from collections.abc import Sequence

Source = Literal["metadata", "user", "user-2d", "isotropic", "cell-size"]

_MICROMETRES = {
    "m": 1e6, "meter": 1e6, "metre": 1e6,
    "cm": 1e4, "centimeter": 1e4, "centimetre": 1e4,
    "mm": 1e3, "millimeter": 1e3, "millimetre": 1e3,
    "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "micrometre": 1.0, "micrometers": 1.0, "\\u00b5m": 1.0,
    "nm": 1e-3, "nanometer": 1e-3, "nanometre": 1e-3,
    "Å": 1e-4, "angstrom": 1e-4, "ångström": 1e-4,
    "pm": 1e-6, "picometer": 1e-6,
    "in": 25400.0, "inch": 25400.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance between voxel centres along z, y and x.

    Parameters
    ----------
    z, y, x : float
        Micrometres per voxel where ``source`` is ``"metadata"`` or ``"user"``; otherwise relative
        (all 1), because nobody knows the micrometres.
    source : {"metadata", "user", "user-2d", "isotropic", "cell-size"}
        Who said so. ``"user-2d"`` is a person who gave y and x alone, so that z says nothing;
        ``"cell-size"`` is the fallback of 2D images: sizes are relative to the cell.
    """

    z: float
    y: float
    x: float
    source: Source

    def __post_init__(self) -> None:
        values = (self.z, self.y, self.x)
        if not all(0 < v < float("inf") for v in values):
            raise SpacingError(f"Spacing must be positive numbers (z, y, x), not {values}.")

    @property
    def zyx(self) -> tuple[float, float, float]:
        """The three values in array order."""
        return (self.z, self.y, self.x)

    @property
    def is_physical(self) -> bool:
        """Whether the values are micrometres."""
        return self.source in ("metadata", "user", "user-2d")


def to_micrometres(value: Any, unit: object) -> float | None:
    """Convert one length to micrometres; ``None`` without a number or a known unit."""
    if value is None or unit is None:
        return None
    name = str(getattr(unit, "value", unit)).strip()
    factor = _MICROMETRES.get(name) or _MICROMETRES.get(name.lower())
    try:
        number = float(value)
    except (TypeError, ValueError):  # "0,65", as some languages write it; to tifffile it is a pair
        return None
    return number * factor if factor is not None and number > 0 else None


def parse_spacing(text: str | Sequence[float]) -> Spacing:
    """Read a person's ``z,y,x`` (or ``y,x`` for 2D) in micrometres.

    Raises
    ------
    SpacingError
        If it is not two or three positive numbers.
    """
    parts: Sequence[str | float] = text.split(",") if isinstance(text, str) else text
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) == 2:
        return Spacing(1.0, values[0], values[1], "user-2d")
    if len(values) != 3:
        raise SpacingError(
            f"Spacing {text!r} is not understood; give micrometres as z,y,x, such as "
            "0.29,0.11,0.11."
        )
    return Spacing(values[0], values[1], values[2], "user")


def resolve_spacing(
    found: Spacing | None,
    *,
    user: Spacing | None = None,
    isotropic: bool = False,
    is_2d: bool = False,
    name: str = "the image",
) -> Spacing:
    """Decide which spacing holds.

    A person's word comes first, then isotropic, then metadata, then (in 2D) the cell's size.

    Raises
    ------
    SpacingError
        If the data are 3D and nobody knows the spacing, or a person gave y and x alone.
    """
    if user is not None:
        if user.source == "user-2d" and not is_2d:
            raise SpacingError(
                f"{name} is 3D, and the spacing {user.y:g},{user.x:g} is of y and x alone. Give "
                "all three in micrometres (--spacing z,y,x, or the widget's field)."
            )
        return user
    if isotropic:
        return Spacing(1.0, 1.0, 1.0, "isotropic")
    if found is not None:
        return found
    if is_2d:
        return Spacing(1.0, 1.0, 1.0, "cell-size")
    raise SpacingError(
        f"The voxel spacing of {name} is unknown (its metadata give no credible value with a unit) "
        "and a 3D cell cannot be projected without it. Give it in micrometres (--spacing z,y,x, or "
        "the widget's field), or say that voxels are as deep as wide (--isotropic)."
    )
