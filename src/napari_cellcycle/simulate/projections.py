"""Pictures of simulated nuclei, as a 2D microscope shows them: a crop set with known truth."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.geometry import resampling
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.simulate.cell import simulate_cell
from napari_cellcycle.simulate.workers import in_processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.cell import SimulatedCell
    from napari_cellcycle.simulate.grid import Array

    Picture = tuple[NDArray[np.uint8], NDArray[np.bool_], str, str, str]

SIZE = 96
RADIUS = 16.0
"""Pixels of the radius of a typical interphase nucleus."""
_PHASES = {
    "non-mitotic": 0.36,
    "prophase": 0.06,
    "early-prometaphase": 0.16,
    "prometaphase-metaphase": 0.18,
    "anaphase-telophase-cytokinesis": 0.24,
}
_KINDS = {
    "interphase": 0.42,
    "pyknotic": 0.15,
    "fragmented": 0.15,
    "early-g1": 0.10,
    "binucleate": 0.05,
    "lymphocyte": 0.03,
    "micronucleus": 0.04,
    "large": 0.06,
}
_APOPTOTIC = ("pyknotic", "fragmented")
_PROJECTIONS = {"max": 0.40, "mean": 0.35, "planes": 0.25}
_ALONE = 0.55  # share of anaphases and later of which one daughter is the cell
_CUT = 0.05
_WHITE = 220.0  # grey value of bright chromatin of the cell


def simulate_nucleus_set(
    n: int,
    seed: int = 0,
    *,
    workers: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, NDArray[Any]]:
    """Simulate a crop set of single nuclei in 2D, their neighbours in sight.

    Each is a 3D cell of :func:`~napari_cellcycle.simulate.simulate_cell` on a microscope of its
    own, seen as the maximum or the mean along z (widefield) or as the mean of up to three planes
    (confocal), centred on the cell. Mitosis and apoptosis are far more frequent than in a dish.

    Parameters
    ----------
    n : int
        Cells.
    seed : int
        The same seed gives the same cells, whatever the number of workers; a larger ``n`` only adds
        to them.
    workers : int
        Processes.
    progress : callable of (done, total), optional
        Called for every cell.

    Returns
    -------
    dict of str to ndarray
        The arrays of an ``.npz`` crop set: ``images`` uint8 ``(n, 1, 96, 96)`` with 16 pixels to
        the radius of a typical interphase nucleus and 0 as background; ``channels``; ``phase``:
        interphase, apoptosis, prophase, early-prometaphase, prometaphase-metaphase or
        anaphase-telophase-cytokinesis; ``group``: each cell its own; ``mask``: where the cell is,
        which is one daughter or both; and ``kind`` (what exactly was drawn) and ``projection``.

    Raises
    ------
    CellCycleError
        If there is no cell to simulate.
    """
    if n < 1:
        raise CellCycleError(f"{n} nuclei cannot be simulated: it takes one at least.")
    images = np.zeros((n, 1, SIZE, SIZE), np.uint8)
    masks = np.zeros((n, SIZE, SIZE), bool)
    words: list[tuple[str, str, str]] = []
    make = partial(_picture, seed)

    for i, (image, mask, *rest) in enumerate(in_processes(make, n, workers)):
        images[i, 0], masks[i] = image, mask
        words.append((rest[0], rest[1], rest[2]))
        if progress is not None:
            progress(i + 1, n)
    phase, kind, projection = (np.array(column) for column in zip(*words, strict=True))
    return {
        "images": images,
        "channels": np.array(["dna"]),
        "phase": phase,
        "group": np.array([f"simulated-{seed}-{i}" for i in range(n)]),
        "mask": masks,
        "kind": kind,
        "projection": projection,
    }


def _picture(seed: int, i: int) -> Picture:
    """Image, mask, label, kind and projection of one cell, which follow from seed and number."""
    rng = np.random.default_rng((seed, i))
    while True:
        phase, kind = _draw(rng, _PHASES), None
        if phase == "non-mitotic":
            kind = _draw(rng, _KINDS)
        cell = simulate_cell(
            phase,
            rng,
            membrane_kind="absent",
            alone=_ALONE,
            kind=kind,
            nucleus_um=2.0,  # the unit of length is then the radius of a typical nucleus
            cut=_CUT,
            misreport=0.0,
        )
        projection = _draw(rng, _PROJECTIONS)
        labels = cell.nuclei_labels == cell.label
        if labels.any():  # the border may have cut off all of it
            break
    if phase == "non-mitotic":
        phase = "apoptosis" if kind in _APOPTOTIC else "interphase"
    flat = _project(cell.image[0].astype(np.float32), labels, projection, rng)
    image, mask = _place(flat, labels.any(axis=0), cell)
    return image, mask, phase, cell.kind, projection


def _draw(rng: np.random.Generator, odds: dict[str, float]) -> str:
    return str(rng.choice(list(odds), p=list(odds.values())))


def _project(
    volume: Array, labels: NDArray[np.bool_], projection: str, rng: np.random.Generator
) -> Array:
    if projection == "max":
        return np.asarray(volume.max(axis=0))
    if projection == "mean":
        return np.asarray(volume.mean(axis=0))
    planes = np.flatnonzero(labels.any(axis=(1, 2)))
    quarter = len(planes) // 4
    middle = int(rng.choice(planes[quarter : max(3 * len(planes) // 4, quarter + 1)]))
    return np.asarray(volume[max(middle - 1, 0) : middle + 2].mean(axis=0))


def _place(
    picture: Array, own: NDArray[np.bool_], cell: SimulatedCell
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Centre a picture on the cell, on the pixels of the set; grey values above background."""
    background = float(np.percentile(picture, 10))
    light = np.clip(picture - background, 0, None)
    level = 0.3 * float(np.percentile(light[own], 98))
    bright = light[own & (light > level)]
    white = float(np.percentile(bright if bright.size else light[own], 99.5))
    step = cell.spacing.y
    centre = [float(where.mean()) * step for where in np.nonzero(own)]
    down, across = (
        resampling(length, 0.0, step, middle, SIZE / 2 / RADIUS, SIZE)
        for length, middle in zip(picture.shape, centre, strict=True)
    )
    grey = down @ light @ across.T * (_WHITE / max(white, 1.0))
    mask = down @ own.astype(np.float32) @ across.T > 0.5
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8), mask
