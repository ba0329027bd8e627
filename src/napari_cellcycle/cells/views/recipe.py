"""How views are made. A recipe is part of the model card and travels with the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from napari_cellcycle.errors import ModelFormatError

Axis = Literal["x", "y", "z", "volume"]
"""A projection along x, y or z, or ``volume``: the crop itself, not projected."""


@dataclass(frozen=True, slots=True)
class ViewRecipe:
    """What a network sees of one cell.

    The cell's size is the radius of the ball that has the same radius of gyration as its DNA
    foreground, so that it hardly depends on how tightly a segmentation was drawn.

    Parameters
    ----------
    channels : tuple of str
        Roles, in the order of the network's input channels. That of :attr:`reference` is required;
        another that an image lacks is filled with zeros.
    axes : tuple of {"x", "y", "z"}, or ("volume",)
        Maximum intensity projections, along each of these axes. 2D input has only ``z``.
    size : int
        Edge of the square (or cubic) view, pixels.
    extent : float
        Half of the crop's edge.
    unit : {"cell", "population", "um", "px"}
        Unit of ``extent``: radii of the cell, radii of the image's typical cell, micrometres, or
        pixels of the image as they are. In pixels, the centre is that of the bounding box.
    intensity : {"cell", "population", "window"}
        What DNA is scaled by: the cell's own bright DNA, so that only its pattern is seen; the
        image's G1 peak, so that DNA content is seen too
        (:mod:`napari_cellcycle.cells.views.content`); or all that the view shows, neighbours
        included, so that nothing depends on an outline. An image that is smaller than such a view,
        as a crop of one cell can be, is shown as a whole.
    mask : bool
        Whether what lies outside the cell's mask is set to zero; otherwise neighbours are seen.
    sharpen : bool
        Sharpen views with the 3 x 3 filter of Pillow's ``ImageFilter.SHARPEN``.
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
    unit: Literal["cell", "population", "um", "px"] = "cell"
    intensity: Literal["cell", "population", "window"] = "cell"
    mask: bool = True
    sharpen: bool = False
    dilate: float = 0.12
    membrane_dilate: float = 0.6
    foreground: float = 0.3

    @property
    def reference(self) -> str:
        """Channel that gives the cell's size and centre: DNA, or the first where there is none."""
        return "dna" if "dna" in self.channels else self.channels[0]

    @property
    def needs_population(self) -> bool:
        """Whether a cell's view depends on the other cells of its image."""
        return "population" in (self.unit, self.intensity)

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
