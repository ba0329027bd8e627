"""Real 3D cells whose phase is known: mitotic ones of three sets, and nuclei in interphase."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.segmentation import segment_nuclei
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

NON_MITOTIC = "non-mitotic"
ORGANOID = "organoid_h2b_membrane_3d"
FRAMES = (301, 302, 303)
_LATE_TELOPHASE = (5, 7)
"""Labels of ``flat_cells_3d`` that are the daughters of one cell."""
_WHOLE_ENOUGH = 400
"""Voxels of a neighbour: smaller ones are pieces."""
_NOT_CERTAIN = {
    "mouse_embryo_E3.5_22_105": ((14, 9, 17),),
    "mouse_embryo_E3.5_28_139": ((8, 28, 9), (18, 7, 35), (18, 26, 8), (20, 5, 37)),
    "mouse_embryo_E3.5_28_142": ((8, 51, 5), (13, 3, 55), (15, 54, 26), (18, 49, 4)),
    "mouse_embryo_E3.5_29_146": ((9, 31, 9),),
    "mouse_embryo_E4.5_8_535": ((9, 42, 36),),
}
"""Neighbours that are condensed, threaded or in pieces to the eye, by a voxel of each."""


@dataclass(frozen=True, slots=True)
class RealCell:
    """A cell in its stack.

    Parameters
    ----------
    name : str
    group : str
        What it shares an embryo, an organoid or a dish with.
    phase : str
        Slug of its phase, by eye.
    channels : tuple of (ndarray, ``(z, y, x)``) or None
        DNA, membrane.
    labels : ndarray, ``(z, y, x)``, integer
        Nuclei.
    label : int
        That of the cell.
    spacing : Spacing
    """

    name: str
    group: str
    phase: str
    channels: tuple[NDArray[Any] | None, ...]
    labels: NDArray[np.integer[Any]]
    label: int
    spacing: Spacing


def real_cells(folder: Path) -> Iterator[RealCell]:
    """Read ``mitotic_crops_3d``, both organoids and ``flat_cells_3d`` from a folder.

    The neighbours of the mitotic crops come in as interphase: without them a network could learn
    that whatever that microscope shows divides. They are found by Segment nuclei, and were looked
    at.

    Raises
    ------
    CellCycleError
        If a file cannot be read.
    """
    yield from embryos(folder / "mitotic_crops_3d")
    yield from _organoids(folder)
    dna = np.asarray(open_image(folder / "flat_cells_3d.ome.tif").volume(0, 0))
    labels = np.asarray(open_labels(folder / "flat_cells_3d_labels.ome.tif").volume(0))
    phases = dict.fromkeys(_LATE_TELOPHASE, "anaphase-telophase-cytokinesis")
    yield from _each(
        "flat cells",
        "flat cells",
        (dna, None),
        labels,
        Spacing(1, 1, 1, "user"),
        phases,
    )


def embryos(folder: Path) -> Iterator[RealCell]:
    """Mitotic cells of mouse blastocysts, each followed by its neighbours in interphase."""
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        name, group = row["file"], row["group"]
        z, y, x = (float(edge) for edge in row["spacing_um_zyx"].split(","))
        spacing = Spacing(z, y, x, "user")
        stack = replace(open_image(folder / f"{name}.ome.tif"), spacing=spacing)
        labels = np.asarray(open_labels(folder / f"{name}_labels.ome.tif").volume(0))
        channels = (np.asarray(stack.volume(0, 0)), None)
        phases = dict.fromkeys(np.unique(labels[labels > 0]).tolist(), row["phase"])
        yield from _each(name, group, channels, labels, spacing, phases)
        found = np.array(segment_nuclei(stack, 0).volume(0))
        doubtful = [found[voxel] for voxel in _NOT_CERTAIN.get(name, ())]
        for label in np.unique(found[found > 0]).tolist():
            mask = found == label
            part = (labels[mask] > 0).mean()
            if label in doubtful or part > 0.1 or mask.sum() < _WHOLE_ENOUGH:
                found[mask] = 0
        yield from _each(f"{name} beside", group, channels, found, spacing, {})


def _organoids(folder: Path) -> Iterator[RealCell]:
    """Three frames of one organoid, some cells of which were staged, and another in interphase."""
    with (folder / f"{ORGANOID}_cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"{ORGANOID}_t{frame}" for frame in FRAMES] + ["organoid_interphase_3d"]
    for name, frame in zip(names, (*FRAMES, None), strict=True):
        stack = open_image(folder / f"{name}.ome.tif")
        labels = np.array(open_labels(folder / f"{name}_nuclei_labels.ome.tif").volume(0))
        phases = {}
        for row in (row for row in rows if row["frame"] == str(frame)):
            first, *others = (int(part) for part in row["nuclei_labels"].split("+"))
            labels[np.isin(labels, others)] = first
            phases[first] = row["phase"]
        assert stack.spacing is not None
        channels = (np.asarray(stack.volume(0, 0)), np.asarray(stack.volume(0, 1)))
        yield from _each(name, "organoid", channels, labels, stack.spacing, phases)


def _each(
    name: str,
    group: str,
    channels: tuple[NDArray[Any] | None, ...],
    labels: NDArray[np.integer[Any]],
    spacing: Spacing,
    phases: dict[int, str],
) -> Iterator[RealCell]:
    for label in np.unique(labels[labels > 0]).tolist():
        phase = phases.get(label, NON_MITOTIC)
        yield RealCell(f"{name} {label}", group, phase, channels, labels, label, spacing)
