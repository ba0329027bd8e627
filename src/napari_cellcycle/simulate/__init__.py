"""Simulated cells with known truth: sample data, and training where no real data can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.simulate.cell import SimulatedCell, simulate_cell

__all__ = ["SimulatedCell", "simulate_cell"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from napari_cellcycle.simulate import cell

        return getattr(cell, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
