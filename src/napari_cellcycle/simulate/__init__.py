"""Simulated cells with known truth: sample data, and training where no real data can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.simulate.cell import SimulatedCell, simulate_cell
    from napari_cellcycle.simulate.field import SimulatedField, simulate_field

__all__ = ["SimulatedCell", "SimulatedField", "simulate_cell", "simulate_field"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from napari_cellcycle.simulate import cell, field

    return getattr(cell if name.lower().endswith("cell") else field, name)
