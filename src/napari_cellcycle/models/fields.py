"""Checks of single fields of a card; each failure names the card, the field and what was found."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cellcycle.cells.views.recipe import ViewRecipe


def _wrong(field: str, value: object, expected: str, name: str) -> ModelFormatError:
    found = repr(value)
    found = found if len(found) <= 60 else found[:57] + "..."
    return ModelFormatError(f"{name}: {field} is {found}, expected {expected}.")


def keys(field: str, values: Mapping[str, Any], expected: Iterable[str], name: str) -> None:
    """Refuse a mapping with other keys than ``expected``."""
    where = f" in {field}" if field else ""
    missing = sorted(set(expected) - set(values))
    unknown = sorted(set(values) - set(expected))
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"has unknown {', '.join(unknown)}"] if unknown else []
    if parts:
        raise ModelFormatError(
            f"{name} {' and '.join(parts)}{where}. Was it written by another version?"
        )


def same(field: str, values: Mapping[str, Any], expected: Iterable[str], name: str) -> None:
    """Refuse what is not given for exactly the ``expected`` axes or levels."""
    if set(values) != set(expected):
        raise ModelFormatError(
            f"The card of model {name} has {field} for {', '.join(values) or 'nothing'}, expected "
            f"{', '.join(expected)}."
        )


def mapping(field: str, value: object, name: str) -> dict[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise _wrong(field, value, "an object", name)
    return value


def record(field: str, value: object, expected: tuple[str, ...], name: str) -> dict[str, Any]:
    """Return a JSON object with exactly these keys."""
    values = mapping(field, value, name)
    keys(field, values, expected, name)
    return values


def sequence(field: str, value: object, name: str) -> list[Any]:
    """Return a JSON array."""
    if not isinstance(value, list):
        raise _wrong(field, value, "a list", name)
    return value


def string(field: str, value: object, name: str) -> str:
    """Return text."""
    if not isinstance(value, str):
        raise _wrong(field, value, "text", name)
    return value


def number(field: str, value: object, name: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise _wrong(field, value, "a number", name)
    return float(value)


def count(field: str, value: object, name: str) -> int:
    """Return a whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(field, value, "a whole number", name)
    return value


def pair(field: str, value: object, name: str) -> tuple[float, float]:
    """Return two numbers."""
    values = sequence(field, value, name)
    if len(values) != 2:
        raise _wrong(field, value, "two numbers", name)
    return number(field, values[0], name), number(field, values[1], name)


def positive(field: str, value: float, name: str) -> None:
    """Refuse a number that is not positive and finite."""
    if not 0 < value < float("inf"):
        raise ModelFormatError(
            f"The card of model {name} has {field} {value}, expected a positive number."
        )


def recipe(values: ViewRecipe, name: str) -> None:
    """Refuse a view recipe that no view can be made by."""
    problems = []
    channels, axes = values.channels, values.axes
    if not _names(channels):
        problems.append(f"channels {channels!r} (distinct roles)")
    if not _names(axes) or not (set(axes) <= {"x", "y", "z"} or axes == ("volume",)):
        problems.append(f"axes {axes!r} (some of x, y and z, or volume alone)")
    if type(values.size) is not int or not 8 <= values.size <= 1024:
        problems.append(f"size {values.size!r} (8 to 1024 pixels)")
    for field, choices in (
        ("unit", ("cell", "population", "um", "px")),
        ("intensity", ("cell", "population", "window")),
        ("mask", (True, False)),
        ("sharpen", (True, False)),
    ):
        if getattr(values, field) not in choices:
            problems.append(f"{field} {getattr(values, field)!r} ({', '.join(map(str, choices))})")
    for field, low, high in (
        ("extent", 1e-6, 1e6),
        ("dilate", 0, 10),
        ("membrane_dilate", 0, 10),
        ("foreground", 0, 1),
    ):
        value = getattr(values, field)
        if not isinstance(value, (int, float)) or not low <= value <= high:
            problems.append(f"{field} {value!r} ({low} to {high})")
    if problems:
        raise ModelFormatError(f"The view recipe of model {name} has {'; '.join(problems)}.")


def _names(values: object) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) > 0
        and all(isinstance(value, str) for value in values)
        and len(set(values)) == len(values)
    )
