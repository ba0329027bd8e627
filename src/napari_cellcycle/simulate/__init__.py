"""Simulated cells with known truth: sample data, and training where no real data can be had."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.simulate.cell import SimulatedCell, simulate_cell
    from napari_cellcycle.simulate.field import SimulatedField, simulate_field
    from napari_cellcycle.simulate.microtubules import (
        simulate_exposure_set,
        simulate_microtubules,
    )
    from napari_cellcycle.simulate.projections import simulate_nucleus_set

__all__ = [
    "SimulatedCell",
    "SimulatedField",
    "simulate_cell",
    "simulate_exposure_set",
    "simulate_field",
    "simulate_microtubules",
    "simulate_nucleus_set",
]

_MODULES = {
    "SimulatedCell": "cell",
    "SimulatedField": "field",
    "simulate_cell": "cell",
    "simulate_exposure_set": "microtubules",
    "simulate_field": "field",
    "simulate_microtubules": "microtubules",
    "simulate_nucleus_set": "projections",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
