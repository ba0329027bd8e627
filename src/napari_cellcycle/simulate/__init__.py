"""Simulated cells with known truth: sample data, and training where no real data can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

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

_HOME = {
    "SimulatedCell": "cell",
    "SimulatedField": "field",
    "simulate_cell": "cell",
    "simulate_exposure_set": "microtubules",
    "simulate_field": "field",
    "simulate_microtubules": "microtubules",
    "simulate_nucleus_set": "projections",
}

__getattr__, __dir__ = lazily(__name__, _HOME)
