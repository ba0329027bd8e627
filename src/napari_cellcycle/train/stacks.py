"""Real cells in 3D that a person staged, and views of them turned, stretched, cut and resampled."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.geometry import moments
from napari_cellcycle.cells.views import view_cell
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.train.viewset import ViewSet, allowed_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import ViewRecipe

    Labels = NDArray[np.integer[Any]]

REST = "non-mitotic"
PARTING = "anaphase-telophase-cytokinesis"
ORGANOID = "organoid_h2b_membrane_3d"
_VOXELS = 14.0  # along a nucleus' radius, once resampled
_REACH = 2.4  # radii around the centre that are resampled


@dataclass(frozen=True, slots=True, eq=False)
class StagedStack:
    """One frame of a stack, with the phases that a person gave.

    Parameters
    ----------
    name : str
        Of the file.
    group : str
        Animal, organoid or image: what must stay on one side of a split.
    channels : tuple of (ndarray, ``(z, y, x)``) or None
        DNA and membrane.
    nuclei : ndarray, ``(z, y, x)``, integer
    cells : ndarray, ``(z, y, x)``, integer, or None
        Outlines of cells, where there are any.
    spacing : Spacing
    staged : mapping of tuple of int to str
        Phase of each cell that divides, by its labels: two where its daughters have one each.
    doubtful : frozenset of int
        Labels that the person was not sure of.
    """

    name: str
    group: str
    channels: tuple[NDArray[Any] | None, ...]
    nuclei: Labels
    cells: Labels | None
    spacing: Spacing
    staged: Mapping[tuple[int, ...], str]
    doubtful: frozenset[int] = frozenset()

    def subjects(self) -> list[tuple[tuple[int, ...], str]]:
        """Labels and phase of every cell; daughters as one cell, and each by itself."""
        told = {label for labels in self.staged for label in labels} | self.doubtful
        rest = [int(label) for label in np.unique(self.nuclei) if label and label not in told]
        parts = [
            ((label,), phase)
            for labels, phase in self.staged.items()
            if phase == PARTING
            for label in labels
        ]
        return [*self.staged.items(), *parts, *(((label,), REST) for label in rest)]


def read_organoid(folder: Path) -> Iterator[StagedStack]:
    """Three frames of a mouse intestinal organoid: DNA, membrane, nuclei and cells."""
    with (folder / f"{ORGANOID}_cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    for frame in sorted(f.name for f in folder.glob(f"{ORGANOID}_t*[0-9].ome.tif")):
        name = frame.removesuffix(".ome.tif")
        these = [row for row in rows if name.endswith(f"_t{row['frame']}")]
        labels = {tuple(int(x) for x in row["nuclei_labels"].split("+")): row for row in these}
        yield _read(
            folder,
            name,
            "organoid",
            nuclei="nuclei_labels",
            cells="cells_labels",
            staged={k: r["phase"] for k, r in labels.items() if r["confidence"] != "doubtful"},
            doubtful=[x for k, r in labels.items() if r["confidence"] == "doubtful" for x in k],
        )


def read_embryos(folder: Path) -> Iterator[StagedStack]:
    """Single mitotic cells of mouse blastocysts: DNA, nuclei."""
    folder = folder / "mitotic_crops_3d"
    with (folder / "index.csv").open() as file:
        for row in csv.DictReader(file):
            z, y, x = (float(value) for value in row["spacing_um_zyx"].split(","))
            yield _read(
                folder,
                row["file"],
                row["group"],
                nuclei="labels",
                spacing=Spacing(z, y, x, "user"),
                staged={(1,): row["phase"]},
            )


def read_interphase(folder: Path) -> Iterator[StagedStack]:
    """An organoid in interphase, and flat cells with one late telophase."""
    yield _read(
        folder,
        "organoid_interphase_3d",
        "organoid in interphase",
        nuclei="nuclei_labels",
        cells="cells_labels",
    )
    yield _read(
        folder,
        "flat_cells_3d",
        "flat cells",
        nuclei="labels",
        spacing=Spacing(1.0, 1.0, 1.0, "user"),
        staged={(5, 7): PARTING},
    )


def _read(
    folder: Path,
    name: str,
    group: str,
    *,
    nuclei: str,
    cells: str | None = None,
    spacing: Spacing | None = None,
    staged: Mapping[tuple[int, ...], str] | None = None,
    doubtful: Sequence[int] = (),
) -> StagedStack:
    stack = open_image(folder / f"{name}.ome.tif")
    found = spacing or stack.spacing
    assert found is not None, f"{name} states no spacing"
    n = len(stack.channels)
    return StagedStack(
        name,
        group,
        (stack.volume(0, 0), stack.volume(0, 1) if n > 1 else None),
        open_labels(folder / f"{name}_{nuclei}.ome.tif").volume(0),
        None if cells is None else open_labels(folder / f"{name}_{cells}.ome.tif").volume(0),
        found,
        staged or {},
        frozenset(doubtful),
    )


def stack_views(
    stacks: Sequence[StagedStack], recipe: ViewRecipe, slugs: Sequence[str], *, n: int, seed: int
) -> ViewSet:
    """Make ``n`` views of every cell that divides and a third of it of others.

    Each is as if the cell lay otherwise, under another microscope.

    Cells are turned about the optical axis or in any direction, mirrored, stretched by up to 14 %
    along each axis and resampled with planes further apart; outlines are widened or narrowed; one
    in five cells is cut by the border.

    Parameters
    ----------
    stacks : sequence of StagedStack
        Where the cells are.
    recipe : ViewRecipe
        For DNA and membrane.
    slugs : sequence of str
        Leaves of the vocabulary.
    n : int
        Views of each cell that divides.
    seed : int
        Of this set.
    """
    images, phases, groups = [], [], []
    for s, stack in enumerate(stacks):
        for labels, phase in stack.subjects():
            cell = _Cell.find(stack, labels)
            for i in range(n if phase != REST else max(1, n // 3)):
                rng = np.random.default_rng((seed, s, labels[0], len(labels), i))
                view = cell.view(recipe, rng)
                if view is not None:
                    images.append(np.rint(view * 255).astype(np.uint8))
                    phases.append(phase)
                    groups.append(stack.group)
    return ViewSet(
        np.stack(images), recipe.axes, allowed_leaves(phases, slugs), np.array(groups, np.str_)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """One cell of a stack, its label 1 and those of others higher, in a box with a margin."""

    channels: tuple[NDArray[np.float32] | None, ...]
    nuclei: Labels
    cells: Labels | None
    step: NDArray[np.float64]
    centre: NDArray[np.float64]
    radius: float

    @classmethod
    def find(cls, stack: StagedStack, labels: tuple[int, ...]) -> _Cell:
        step = np.array(stack.spacing.zyx)
        own = np.isin(stack.nuclei, labels)
        centre, radius = moments(own, step, False)
        reach = np.sqrt(3) * _REACH * radius
        start = np.maximum(np.floor((centre - reach) / step).astype(int), 0)
        stop = np.minimum(np.ceil((centre + reach) / step).astype(int) + 1, own.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        cells = None
        if stack.cells is not None:
            inside, counts = np.unique(stack.cells[own], return_counts=True)
            around = int(inside[counts.argmax()])
            if around and len(labels) == 1:
                cells = _with_first(stack.cells[box], (around,))
        return cls(
            tuple(None if c is None else np.asarray(c[box], np.float32) for c in stack.channels),
            _with_first(stack.nuclei[box], labels),
            cells,
            step,
            centre - start * step,
            radius,
        )

    def view(self, recipe: ViewRecipe, rng: np.random.Generator) -> NDArray[np.float32] | None:
        """Make one view of it; None if nothing of it is left."""
        from scipy import ndimage

        voxel = self.radius / _VOXELS
        flat = rng.random() < 0.5
        if flat:
            angle = rng.uniform(0, 2 * np.pi)
            turn = np.eye(3)
            turn[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            planes = max(voxel, float(self.step[0]) * rng.uniform(0.7, 1.4))
        else:
            turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
            planes = voxel * float(np.exp(rng.uniform(0, np.log(4))))
        turn = turn @ np.diag(rng.choice([-1.0, 1.0], 3) * np.exp(rng.uniform(-0.13, 0.13, 3)))
        out = np.array([min(planes, self.radius / 2), voxel, voxel])
        shape = tuple(int(k) for k in np.ceil(2 * _REACH * self.radius / out))
        matrix = turn @ np.diag(out) / self.step[:, None]
        middle = (np.array(shape) - 1) / 2
        offset = self.centre / self.step - matrix @ middle
        as_cell = self.cells is not None and rng.random() < 0.3
        source = self.cells if as_cell and self.cells is not None else self.nuclei
        labels = ndimage.affine_transform(source, matrix, offset, shape, order=0)
        channels: list[NDArray[Any] | None] = [
            None
            if c is None
            else ndimage.affine_transform(c, matrix, offset, shape, order=1, mode="nearest")
            for c in self.channels
        ]
        labels = _redrawn(labels, int(rng.integers(-2, 3)))
        if rng.random() < 0.2:
            box = _cut(labels, rng)
            labels = labels[box]
            channels = [None if c is None else c[box] for c in channels]
        where = np.nonzero(labels == 1)
        if len(where[0]) < 100:
            return None
        bbox = np.array([[w.min() for w in where], [w.max() + 1 for w in where]])
        views, _ = view_cell(
            channels,
            labels,
            1,
            bbox,
            recipe=recipe,
            spacing=Spacing(float(out[0]), voxel, voxel, "user"),
            labels_are="cell" if as_cell else "nucleus",
        )
        return views


def _with_first(labels: Labels, own: tuple[int, ...]) -> Labels:
    """Give one cell the label 1, and all others a higher one."""
    result = np.where(labels > 0, labels.astype(np.int32) + 1, 0)
    result[np.isin(labels, own)] = 1
    return result


def _redrawn(labels: Labels, change: int) -> Labels:
    """Draw the outline of label 1 wider or narrower, in the planes, by some voxels."""
    from scipy import ndimage

    disc = ndimage.generate_binary_structure(2, 1)[None]
    own = labels == 1
    if change > 0:
        wider = ndimage.binary_dilation(own, disc, change) & (labels == 0)
        return np.where(wider, 1, labels)
    if change < 0:
        narrower = ndimage.binary_erosion(own, disc, -change)
        return np.where(own & ~narrower, 0, labels)
    return labels


def _cut(labels: Labels, rng: np.random.Generator) -> tuple[slice, ...]:
    """Choose a box that cuts off up to 0.45 of label 1 at one side."""
    along = int(rng.integers(3))
    where = np.flatnonzero((labels == 1).any(axis=tuple(d for d in range(3) if d != along)))
    box = [slice(None)] * 3
    if len(where) < 4:
        return tuple(box)
    off = int(rng.uniform(0.05, 0.45) * len(where))
    if rng.random() < 0.5:
        box[along] = slice(int(where[0]) + off, None)
    else:
        box[along] = slice(None, int(where[-1]) + 1 - off)
    return tuple(box)
