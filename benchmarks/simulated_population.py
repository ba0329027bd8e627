"""Simulated cells of one tissue under one microscope, measured and classified by a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures.measures import measure_cell
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import view_cell
from napari_cellcycle.classify.run import BORDER_ODDS
from napari_cellcycle.files import replacing
from napari_cellcycle.models.ensemble import Decision, decide, discount
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.simulate.cell import SimulatedCell, simulate_cell
from napari_cellcycle.simulate.nuclei import Stain
from napari_cellcycle.simulate.optics import Microscope
from napari_cellcycle.simulate.workers import in_processes

if TYPE_CHECKING:
    from numpy.typing import NDArray

PHASES = {
    "non-mitotic": 0.94,
    "prophase": 0.012,
    "early-prometaphase": 0.008,
    "prometaphase-metaphase": 0.02,
    "anaphase-telophase-cytokinesis": 0.02,
}
"""Shares in a tissue that grows: about one cell in seventeen divides."""
KINDS = {
    "interphase": 0.92,
    "early-g1": 0.03,
    "large": 0.015,
    "binucleate": 0.01,
    "pyknotic": 0.01,
    "fragmented": 0.01,
    "micronucleus": 0.005,
}
"""What is not mitotic: mostly ordinary nuclei."""
NUCLEUS_UM = 9.0
SCOPE = Microscope.confocal(NUCLEUS_UM / 2, (0.5, 0.2, 0.2), lateral=0.12, axial=0.38)
LOOK = Stain((0.12, 0.2, 0.22, 0.12), 9, 0.09, 1.1, 0.75, 0.25)
"""A good confocal microscope and the chromatin of one tissue, as in the sample data."""
_BATCH = 64
_FIELDS = ("truth", "kind", "border", "measures", "level1", "level2")


@dataclass(frozen=True, slots=True)
class Population:
    """Simulated cells and what the model says of them.

    Parameters
    ----------
    truth, kind : ndarray, ``(n,)``, str
        Slug of the phase, and what exactly was drawn.
    border : ndarray, ``(n,)``, bool
    measures : ndarray, ``(n, measures)``, float64
    level1, level2 : ndarray, ``(n, axes, …)``, float64
        Probabilities.
    """

    truth: NDArray[np.str_]
    kind: NDArray[np.str_]
    border: NDArray[np.bool_]
    measures: NDArray[np.float64]
    level1: NDArray[np.float64]
    level2: NDArray[np.float64]

    def decision(self) -> Decision:
        """As the program decides, with the higher odds asked at the border of the image."""
        level1 = discount(self.level1, self.border, BORDER_ODDS)
        return decide(level1, self.level2, ("x", "y", "z"))

    def first(self, n: int) -> Population:
        return Population(**{name: getattr(self, name)[:n] for name in _FIELDS})

    @classmethod
    def joined(cls, parts: Sequence[Population]) -> Population:
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in _FIELDS))

    def save(self, path: Path) -> None:
        with replacing(path) as new:
            np.savez_compressed(new, **{name: getattr(self, name) for name in _FIELDS})

    @classmethod
    def load(cls, path: Path) -> Population:
        with np.load(path, allow_pickle=False) as file:
            return cls(**{name: file[name] for name in _FIELDS})


def one_cell(i: int, *, seed: int) -> SimulatedCell:
    """Cell ``i``, with its neighbours."""
    rng = np.random.default_rng((seed, i))
    phase = str(rng.choice(list(PHASES), p=list(PHASES.values())))
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    return simulate_cell(
        phase,
        rng,
        membrane_kind="shell",
        kind=kind if phase == "non-mitotic" else None,
        scope=SCOPE,
        look=LOOK,
        nucleus_um=NUCLEUS_UM,
        cut=0.02,
        misreport=0.0,
    )


def _examined(
    i: int, *, first: int, seed: int, recipe: ViewRecipe
) -> tuple[str, str, bool, NDArray[np.float64], NDArray[np.float32]]:
    cell = one_cell(first + i, seed=seed)
    labels = cell.cells_labels
    where = np.nonzero(labels == cell.label)
    bbox = np.array([[w.min() for w in where], [w.max() + 1 for w in where]])
    border = bool((bbox[0] == 0).any() or (bbox[1] == labels.shape).any())
    measures = measure_cell(
        cell.image[0],
        labels,
        cell.label,
        bbox,
        spacing=cell.spacing,
        labels_are="cell",
        nucleus_voxels=int((cell.nuclei_labels == cell.label).sum()),
    )
    views, _ = view_cell(
        list(cell.image),
        labels,
        cell.label,
        bbox,
        recipe=recipe,
        spacing=cell.spacing,
        labels_are="cell",
    )
    return cell.phase, cell.kind, border, measures, views


def simulate_population(
    n: int,
    seed: int,
    *,
    first: int = 0,
    model: str = "mitosis-3d",
    workers: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Population:
    """Simulate, measure and classify; cell ``i`` depends on the seed and ``i`` only."""
    classifier = load_model(model, "cpu")
    axes = classifier.card.recipe.axes
    make = partial(_examined, first=first, seed=seed, recipe=classifier.card.recipe)
    columns: tuple[list[Any], ...] = ([], [], [], [], [], [])
    waiting: list[NDArray[np.float32]] = []
    for i, (truth, kind, border, measures, views) in enumerate(in_processes(make, n, workers)):
        for column, value in zip(columns, (truth, kind, border, measures), strict=False):
            column.append(value)
        waiting.append(views)
        if len(waiting) == _BATCH or i == n - 1:
            level1, level2 = classifier.predict(np.stack(waiting), axes)
            columns[4].extend(level1)
            columns[5].extend(level2)
            waiting.clear()
            if progress is not None:
                progress(i + 1, n)
    return Population(*(np.array(column) for column in columns))
