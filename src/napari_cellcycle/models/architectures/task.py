"""What a network takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, fields

from napari_cellcycle.errors import ModelError

SMALLEST = 8
"""Smallest edge of an input, pixels."""


@dataclass(frozen=True, slots=True)
class Task:
    """Input and output of a network.

    Parameters
    ----------
    n_channels : int
        Channels of the input.
    n_outputs : int
        Logits, two or more.
    size : int
        Edge of the input, pixels: a square, or a cube for a network of volumes.

    Raises
    ------
    ModelError
        If one of them is no whole number or too small.
    """

    n_channels: int
    n_outputs: int
    size: int

    def __post_init__(self) -> None:
        least = {"n_channels": 1, "n_outputs": 2, "size": SMALLEST}
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < least[field.name]:
                raise ModelError(
                    f"A network cannot have {field.name} {value!r}; expected a whole number from "
                    f"{least[field.name]}."
                )
