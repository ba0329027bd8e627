"""How views are made. A recipe is part of the model card and travels with the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from napari_cellcycle.errors import ModelFormatError

Axis = Literal["x", "y", "z"]


@dataclass(frozen=True, slots=True)
class ViewRecipe:
    """What a network sees of one cell.

    The cell's size is the radius of the ball that has the same radius of gyration as its DNA
    foreground, so that it hardly depends on how tightly a segmentation was drawn.

    Parameters
    ----------
    channels : tuple of str
        Roles, in the order of the network's input channels. ``dna`` is required; another that an
        image lacks is filled with zeros.
    axes : tuple of {"x", "y", "z"}
        Maximum intensity projections, along each of these axes. 2D input has only ``z``.
    size : int
        Edge of the square view, pixels.
    extent : float
        Half of the crop's edge.
    unit : {"cell", "um"}
        Unit of ``extent``: radii of the cell, or micrometres.
    dilate : float
        How far the mask of a nucleus is dilated for the DNA channel, in radii of the cell.
    membrane_dilate : float
        The same for every other channel.
    foreground : float
        DNA foreground threshold, as a fraction between background and bright DNA.
    """

    channels: tuple[str, ...] = ("dna", "membrane")
    axes: tuple[Axis, ...] = ("x", "y", "z")
    size: int = 64
    extent: float = 1.5
    unit: Literal["cell", "um"] = "cell"
    dilate: float = 0.12
    membrane_dilate: float = 0.6
    foreground: float = 0.3

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ViewRecipe:
        """Rebuild a recipe from a model card.

        Raises
        ------
        ModelFormatError
            If a value is missing or unknown: a recipe is never completed by defaults.
        """
        expected = {field.name for field in fields(cls)}
        if set(values) != expected:
            raise ModelFormatError(
                f"The card's view recipe has {sorted(values)}, expected {sorted(expected)}."
            )
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**plain)
