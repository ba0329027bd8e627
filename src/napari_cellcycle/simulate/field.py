"""A field of simulated tissue, seen by one microscope, with its segmentations and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.simulate import membrane
from napari_cellcycle.simulate.cell import draw_body
from napari_cellcycle.simulate.envelope import Nucleus
from napari_cellcycle.simulate.grid import Grid, between, directions, noise
from napari_cellcycle.simulate.nuclei import Stain
from napari_cellcycle.simulate.optics import Microscope
from napari_cellcycle.simulate.outlines import nearest, outline
from napari_cellcycle.simulate.subjects import (
    PHASES,
    Subject,
    interphase_subject,
    mitotic_subject,
)
from napari_cellcycle.simulate.tissue import Body, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array

MITOTIC_SHARE = {
    "prophase": 0.07,
    "early-prometaphase": 0.05,
    "prometaphase-metaphase": 0.11,
    "anaphase-telophase-cytokinesis": 0.07,
}
"""Share of each mitotic phase in a field: far more than in life, to show them all."""

_LOOK = Stain((0.12, 0.2, 0.22, 0.12), 9, 0.09, 1.1, 0.75, 0.25)


@dataclass(frozen=True, slots=True)
class SimulatedField:
    """A simulated image with its segmentations.

    Parameters
    ----------
    stack : Stack
        Channels ``DNA`` and ``membrane``, uint16.
    nuclei : Segmentation
        One label a cell, both daughters of an anaphase together.
    cells : Segmentation
        The same labels.
    truth : dict of int to str
        Phase of each label.
    pairs : tuple of pairs of int
        Labels of the two daughters of one division, where these are apart.
    """

    stack: Stack
    nuclei: Segmentation
    cells: Segmentation
    truth: dict[int, str]
    pairs: tuple[tuple[int, int], ...] = ()


def simulate_field(
    *,
    n_cells: int = 40,
    seed: int = 0,
    shape: tuple[int, int, int] = (36, 224, 224),
    spacing: tuple[float, float, float] = (0.9, 0.3, 0.3),
    shares: Mapping[str, float] = MITOTIC_SHARE,
    daughters: Literal["together", "apart"] = "together",
) -> SimulatedField:
    """Simulate a tissue-like field of cells in all phases.

    Parameters
    ----------
    n_cells : int
        How many cells; by default about 30 % of them divide.
    seed : int
        The same seed gives the same field.
    shape : tuple of int
        Planes, rows and columns. Cells are as large as the room allows.
    spacing : tuple of float
        Micrometres between planes, rows and columns.
    shares : mapping of str to float
        Share of each mitotic phase.
    daughters : {"together", "apart"}
        Whether the daughters of an anaphase, telophase or cytokinesis have one label or two, as a
        segmentation might have them.

    Raises
    ------
    CellCycleError
        If the field is too small for that many cells.
    """
    rng = np.random.default_rng(seed)
    size = np.array(shape) * np.array(spacing)
    if n_cells < 1 or min(shape) < 4:
        raise CellCycleError(
            f"A field of {n_cells} cells and {shape} voxels cannot be simulated: "
            "it takes at least one cell and 4 voxels a side."
        )
    unit = float((0.66 * np.prod(size) / n_cells / (4.19 * 1.38**3)) ** (1 / 3))
    unit = min(unit, 7.5, float(size.min()) / 2.8)
    if unit < 3 * spacing[1]:
        raise CellCycleError(
            f"{n_cells} cells do not fit a field of {'x'.join(f'{s:.0f}' for s in size)} µm at "
            f"{spacing[1]} µm a pixel: nuclei would be {2 * unit:.1f} µm wide. "
            "Change the number of cells or the shape."
        )
    grid, out = _grids(shape, spacing, unit)
    phases = _mixture(rng, n_cells, shares)
    subjects = [_subject(rng, phase) for phase in phases]
    half = size / unit / 2
    places = _pack(rng, np.array([_extent(s) for s in subjects]), half)
    bodies = [
        replace(_tight(subject.body.moved(at)), label=i)
        for i, (subject, at) in enumerate(zip(subjects, places, strict=True), start=1)
    ]

    relief = noise(rng, grid, 0.8)
    texture = [noise(rng, grid, s) for s in (0.55, 0.25, 0.13, 0.07)]
    territory = settle(grid, bodies, relief, 0.04)
    scope = Microscope.confocal(unit, spacing)
    dna = np.zeros(grid.shape, np.float32)
    mask = np.zeros(grid.shape, np.float32)
    closing = np.zeros(grid.shape, np.float32)
    numbers = np.append(np.arange(1, n_cells + 1), 0).astype(np.uint16)
    cells = numbers[nearest(territory.owner, grid, out)].astype(np.uint16)
    labels = np.zeros(shape, np.uint16)
    for i, (body, subject) in enumerate(zip(bodies, subjects, strict=True)):
        draw_body(body, i, grid, territory, relief, texture, dna, mask)
        box = grid.window(body.centre, body.reach + 1)
        if box is None:
            continue
        where, part = box
        inner, view = _camera_window(part, out)
        solid = mask[where] * (territory.owner[where] == i)
        enveloped = any(isinstance(chromatin, Nucleus) for chromatin in body.chromatin)
        level = (0.35, 0.5) if enveloped else (0.25, 0.35)
        seen = outline(rng, solid, part, inner, scope, level=level, sloppy=0.6)
        free = labels[view] == 0
        labels[view][seen & free] = i + 1
        if subject.cleft is not None:
            axis, strength = subject.cleft
            own = territory.owner[where] == i
            closing[where] += membrane.cleft(part, axis, body.centre, strength) * own
    # nuclei belong to cells in a segmentation as well
    cells = np.where(labels > 0, labels, cells).astype(np.uint16)
    truth = dict(enumerate(phases, start=1))
    pairs = _separate(bodies, (labels, cells), out, truth) if daughters == "apart" else ()
    second = membrane.draw(rng, grid, "shell", bodies, territory, dna, texture[0], closing)
    image = np.stack([scope.expose(dna, grid, out, rng), scope.expose(second, grid, out, rng)])
    known = Spacing(*spacing, "metadata")
    name = f"simulated field {seed}"
    return SimulatedField(
        Stack(image[None], ("DNA", "membrane"), known, name),
        Segmentation(labels[None], "nucleus", f"{name} nuclei", known),
        Segmentation(cells[None], "cell", f"{name} cells", known),
        truth,
        pairs,
    )


def _grids(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], unit: float
) -> tuple[Grid, tuple[Array, Array, Array]]:
    """Working grid that covers the field, and the camera's voxels in it, in nuclear radii."""
    size = np.array(shape) * np.array(spacing) / unit
    step = max(0.068, float(size.max()) / 200)
    counts = [int(np.ceil(s / step)) for s in size]
    first = [-(c - 1) * step / 2 for c in counts]
    grid = Grid((counts[0], counts[1], counts[2]), (first[0], first[1], first[2]), step)
    axes = [
        ((np.arange(n) - (n - 1) / 2) * d / unit).astype(np.float32)
        for n, d in zip(shape, spacing, strict=True)
    ]
    return grid, (axes[0], axes[1], axes[2])


def _separate(
    bodies: list[Body],
    images: Sequence[NDArray[np.uint16]],
    out: tuple[Array, Array, Array],
    truth: dict[int, str],
) -> tuple[tuple[int, int], ...]:
    """Give the second daughter of each division a label of its own, in place."""
    pairs = []
    for body in bodies:
        if not (body.mitotic and len(body.chromatin) == 2):
            continue
        first, second = (part.centre for part in body.chromatin)
        sides = []
        for labels in images:
            where = np.nonzero(labels == body.label)
            at = np.stack([axis[i] for axis, i in zip(out, where, strict=True)], axis=1)
            other = np.linalg.norm(at - second, axis=1) < np.linalg.norm(at - first, axis=1)
            sides.append((where, other))
        if any(other.all() or not other.any() for _, other in sides):
            continue  # a neighbour hides one of them
        new = len(truth) + 1
        for labels, (where, other) in zip(images, sides, strict=True):
            labels[tuple(index[other] for index in where)] = new
        truth[new] = truth[body.label]
        pairs.append((body.label, new))
    return tuple(pairs)


def _camera_window(
    part: Grid, out: tuple[Array, Array, Array]
) -> tuple[tuple[Array, Array, Array], tuple[slice, slice, slice]]:
    """Find the camera's voxels inside a part of the working grid."""
    slices = []
    for i in range(3):
        axis = part.axis(i)
        low = int(np.searchsorted(out[i], axis[0] - part.step / 2))
        high = int(np.searchsorted(out[i], axis[-1] + part.step / 2))
        slices.append(slice(low, max(high, low + 1)))
    z, y, x = slices
    return (out[0][z], out[1][y], out[2][x]), (z, y, x)


def _mixture(rng: np.random.Generator, n: int, shares: Mapping[str, float]) -> list[str]:
    """Phases of the cells: every mitotic phase at least once where there is room for it."""
    phases: list[str] = []
    for phase, share in shares.items():
        count = round(share * n) if n >= 12 else int(rng.random() < share * n)
        phases += [phase] * max(count, 1 if n >= 12 else 0)
    phases = phases[:n] + [PHASES[0]] * (n - len(phases))
    return [phases[i] for i in rng.permutation(n)]


def _subject(rng: np.random.Generator, phase: str) -> Subject:
    if phase != PHASES[0]:
        subject = mitotic_subject(rng, phase, _LOOK, alone=0.0)
        return replace(subject, body=replace(subject.body, gain=between(rng, 0.6, 0.95)))
    kind = str(
        rng.choice(["interphase", "large", "lymphocyte", "pyknotic"], p=[0.85, 0.05, 0.07, 0.03])
    )
    subject = interphase_subject(rng, _LOOK, kind)
    while subject.body.reach > 2.6:
        subject = interphase_subject(rng, _LOOK, kind)
    return replace(subject, body=replace(subject.body, gain=between(rng, 0.7, 1.2)))


def _tight(body: Body) -> Body:
    """Let the cell press against its neighbours, so that it fills the room between them."""
    lobes = tuple((centre, metric / np.float32(1.25)) for centre, metric in body.lobes)
    return replace(body, lobes=lobes, radius=1.25 * body.radius)


def _extent(subject: Subject) -> float:
    return 0.5 * (subject.body.radius + subject.body.reach)


def _pack(rng: np.random.Generator, radii: Array, half: NDArray[np.float64]) -> Array:
    """Push balls apart inside a box until they hardly overlap, ``(n, 3)``."""
    n = len(radii)
    room = np.maximum(half - 0.75 * np.minimum(radii[:, None], 1.3), 0.05)
    at = rng.uniform(-1, 1, (n, 3)) * room
    for step in range(160):
        gap = at[:, None] - at[None]
        distance = np.linalg.norm(gap, axis=2) + np.eye(n) * 9 + 1e-6
        want = 0.98 * (radii[:, None] + radii[None])
        push = np.clip(want - distance, 0, None) / distance
        at += 0.25 * (gap * push[:, :, None]).sum(axis=1)
        if step < 100:
            at += 0.03 * directions(rng, n)
        at = np.clip(at, -room, room)
    return np.asarray(at, dtype=np.float32)
