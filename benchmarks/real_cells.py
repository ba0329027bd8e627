"""Real 3D cells whose phase is known: mitotic ones of three sets, and nuclei in interphase."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.image.stack import Segmentation, Stack

NON_MITOTIC = "non-mitotic"
ORGANOID = "organoid_h2b_membrane_3d"
FRAMES = (301, 302, 303)
LATE_TELOPHASE = dict.fromkeys((5, 7), "anaphase-telophase-cytokinesis")
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
class StagedStack:
    """A stack of one frame, some cells of which were staged by eye.

    Parameters
    ----------
    group : str
        What its cells share: an embryo, an organoid or a dish.
    stack : Stack
        DNA and, where there is one, a membrane.
    labels : Segmentation
        Nuclei; those that were staged as one cell are joined.
    phases : dict of int to str
        Slug by label; all others are in interphase.
    """

    group: str
    stack: Stack
    labels: Segmentation
    phases: dict[int, str]


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
    for staged in embryos(folder):
        yield from _cells(staged)
        yield from _cells(beside(staged), " beside")
    for staged in organoids(folder):
        yield from _cells(staged)
    interphase = _staged(folder, "organoid_interphase_3d", "nuclei_labels", "organoid")
    yield from _cells(interphase)
    flat = _staged(folder, "flat_cells_3d", "labels", "flat cells", Spacing(1, 1, 1, "user"))
    yield from _cells(replace(flat, phases=LATE_TELOPHASE))


def embryos(folder: Path) -> Iterator[StagedStack]:
    """Single mitotic cells of mouse blastocysts, planes 2 µm apart."""
    folder = folder / "mitotic_crops_3d"
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        z, y, x = (float(edge) for edge in row["spacing_um_zyx"].split(","))
        staged = _staged(folder, row["file"], "labels", row["group"], Spacing(z, y, x, "user"))
        labels = np.unique(np.asarray(staged.labels.volume(0)))
        yield replace(staged, phases=dict.fromkeys(labels.tolist(), row["phase"]))


def beside(staged: StagedStack) -> StagedStack:
    """Nuclei in interphase beside a mitotic one, found by Segment nuclei."""
    mitotic = np.asarray(staged.labels.volume(0))
    found = np.array(segment_nuclei(staged.stack, 0).volume(0))
    doubtful = [found[voxel] for voxel in _NOT_CERTAIN.get(_stem(staged), ())]
    for label in np.unique(found[found > 0]).tolist():
        mask = found == label
        part = (mitotic[mask] > 0).mean()
        if label in doubtful or part > 0.1 or mask.sum() < _WHOLE_ENOUGH:
            found[mask] = 0
    return replace(staged, labels=replace(staged.labels, data=found[None]), phases={})


def organoids(folder: Path) -> Iterator[StagedStack]:
    """Three frames of an organoid, nine cells of which were staged by eye."""
    with (folder / f"{ORGANOID}_cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for frame in FRAMES:
        staged = _staged(folder, f"{ORGANOID}_t{frame}", "nuclei_labels", "organoid")
        labels = np.array(staged.labels.data)
        phases = {}
        for row in (row for row in rows if row["frame"] == str(frame)):
            first, *others = (int(part) for part in row["nuclei_labels"].split("+"))
            labels[np.isin(labels, others)] = first
            phases[first] = row["phase"]
        yield replace(staged, labels=replace(staged.labels, data=labels), phases=phases)


def _staged(
    folder: Path, name: str, labels: str, group: str, spacing: Spacing | None = None
) -> StagedStack:
    stack = open_image(folder / f"{name}.ome.tif")
    if spacing is not None:
        stack = replace(stack, spacing=spacing)
    return StagedStack(group, stack, open_labels(folder / f"{name}_{labels}.ome.tif"), {})


def _stem(staged: StagedStack) -> str:
    return staged.stack.name.removesuffix(".ome.tif")


def _cells(staged: StagedStack, what: str = "") -> Iterator[RealCell]:
    stack, labels = staged.stack, np.asarray(staged.labels.volume(0))
    assert stack.spacing is not None
    both = [np.asarray(stack.volume(0, channel)) for channel in range(len(stack.channels))]
    channels = (both[0], both[1] if len(both) > 1 else None)
    for label in np.unique(labels[labels > 0]).tolist():
        yield RealCell(
            f"{_stem(staged)}{what} {label}",
            staged.group,
            staged.phases.get(label, NON_MITOTIC),
            channels,
            labels,
            label,
            stack.spacing,
        )
