"""Parameters of architectures: frozen dataclasses that check every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, Self

from napari_cellcycle.errors import ModelError


@dataclass(frozen=True, slots=True)
class Params:
    """Base of the parameters of an architecture; this one has none.

    A field is made by :func:`whole`, :func:`wholes`, :func:`fraction` or :func:`switch`, which know
    what it may be.

    Raises
    ------
    ModelError
        Naming the parameter, the value found and those expected.
    """

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            try:
                object.__setattr__(self, spec.name, spec.metadata["check"](value))
            except ValueError as error:
                raise ModelError(f"{spec.name} is {value!r}, expected {error}.") from None
        self.agree()

    def agree(self) -> None:
        """Check values against one another."""

    @classmethod
    def read(cls, architecture: str, values: Mapping[str, Any]) -> Self:
        """Read parameters from a model card or a recipe; those left out have their defaults.

        Parameters
        ----------
        architecture : str
            Name for messages.
        values : mapping of str to plain value
            Lists stand for tuples.

        Raises
        ------
        ModelError
            If a parameter is unknown, of the wrong type or out of range.
        """
        known = [spec.name for spec in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            has = f"it has: {', '.join(known)}" if known else "it has none"
            raise ModelError(f"{architecture} has no parameter {', '.join(unknown)}; {has}.")
        try:
            return cls(**values)
        except ModelError as error:
            raise ModelError(f"{architecture}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """All parameters as plain values, for a model card."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def whole(default: int, low: int, high: int) -> Any:
    """Declare a whole number from ``low`` to ``high``."""

    def check(value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return field(default=default, metadata={"check": check})


def wholes(default: tuple[int, ...], low: int, high: int, fewest: int, most: int) -> Any:
    """Declare ``fewest`` to ``most`` whole numbers from ``low`` to ``high``."""

    def check(value: object) -> tuple[int, ...]:
        if (
            not isinstance(value, (list, tuple))
            or not fewest <= len(value) <= most
            or not all(type(item) is int and low <= item <= high for item in value)
        ):
            raise ValueError(f"a list of {fewest} to {most} whole numbers from {low} to {high}")
        return tuple(value)

    return field(default=default, metadata={"check": check})


def fraction(default: float) -> Any:
    """Declare a number from 0 to below 1."""

    def check(value: object) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not isfinite(value)
            or not 0 <= value < 1
        ):
            raise ValueError("a number from 0 to below 1")
        return float(value)

    return field(default=default, metadata={"check": check})


def switch(default: bool) -> Any:
    """Declare true or false."""

    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value

    return field(default=default, metadata={"check": check})
