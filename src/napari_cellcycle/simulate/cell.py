"""One simulated cell among neighbours, with known phase: image, label images and spacing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.simulate import membrane, nuclei
from napari_cellcycle.simulate.envelope import Nucleus
from napari_cellcycle.simulate.grid import Grid, between, noise, scale_between
from napari_cellcycle.simulate.optics import Microscope, microscope
from napari_cellcycle.simulate.outlines import nearest, outline
from napari_cellcycle.simulate.subjects import (
    ORIGIN,
    PHASES,
    Subject,
    extent,
    interphase_subject,
    mitotic_subject,
    neighbours,
)
from napari_cellcycle.simulate.tissue import Body, Territory, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array
    from napari_cellcycle.simulate.membrane import Membrane
    from napari_cellcycle.simulate.nuclei import Stain


@dataclass(frozen=True, slots=True)
class SimulatedCell:
    """A crop around one cell.

    Parameters
    ----------
    image : ndarray, ``(2, z, y, x)``, uint16
        DNA and membrane, grey values.
    nuclei_labels : ndarray, ``(z, y, x)``, uint16
        Labels of the chromatin, 0 where there is none.
    cells_labels : ndarray, ``(z, y, x)``, uint16
        Labels of the cells; a cell has one number in both.
    spacing : Spacing
        Micrometres.
    phase : str
        Slug in the vocabulary ``mitosis-stages``.
    label : int
        The subject's label.
    kind : str
        What exactly was drawn, such as ``"plate"`` or ``"pyknotic"``.
    """

    image: NDArray[np.uint16]
    nuclei_labels: NDArray[np.uint16]
    cells_labels: NDArray[np.uint16]
    spacing: Spacing
    phase: str
    label: int
    kind: str


def draw_body(
    body: Body,
    index: int,
    grid: Grid,
    territory: Territory,
    relief: Array,
    texture: list[Array],
    dna: Array,
    mask: Array,
) -> None:
    """Add a body's chromatin to ``dna`` and its extent to ``mask``, both on ``grid``, in place."""
    for part in body.chromatin:
        found = grid.window(part.centre, part.reach + 3 * grid.step)
        if found is None:
            continue
        where, small = found
        if isinstance(part, Nucleus):
            room = None
            if len(body.chromatin) == 1:
                room = np.where(territory.owner[where] == index, territory.room[where], -1.0)
            density, extent = part.draw(small, relief[where], [t[where] for t in texture], room)
        else:
            density = part.draw(small)
            density *= 1 + 0.12 * texture[2][where]
            extent = np.minimum(density, 1)
        dna[where] += np.float32(body.gain) * density
        np.maximum(mask[where], extent, out=mask[where])


def simulate_cell(
    phase: str,
    rng: np.random.Generator,
    *,
    membrane_kind: Membrane = "random",
    alone: float = 0.22,
    kind: str | None = None,
    scope: Microscope | None = None,
    look: Stain | None = None,
    nucleus_um: float | None = None,
    cut: float = 0.07,
    misreport: float = 0.22,
) -> SimulatedCell:
    """Simulate one cell of a known phase in a crop with its neighbours.

    Parameters
    ----------
    phase : str
        Slug of a leaf of ``mitosis-stages``.
    rng : numpy.random.Generator
        The only source of chance: the same state gives the same cell.
    membrane_kind : {"random", "shell", "cytoplasm", "uninformative", "absent"}
        What the second channel shows.
    alone : float
        Probability that one daughter alone is the subject of an anaphase or telophase.
    kind : str, optional
        Kind of a non-mitotic cell, one of ``NON_MITOTIC_KINDS``.
    scope, look, nucleus_um : optional
        Microscope, chromatin and nuclear diameter in micrometres; drawn broadly by default.
    cut : float
        Probability that the border of the image cuts the subject.
    misreport : float
        Probability that the distance of planes is stated wrongly.

    Returns
    -------
    SimulatedCell

    Raises
    ------
    CellCycleError
        If there is no such phase.
    """
    if phase not in PHASES:
        raise CellCycleError(f"No phase {phase!r} to simulate; known are {', '.join(PHASES)}.")
    scope = microscope(rng) if scope is None else scope
    look = nuclei.stain(rng) if look is None else look
    if phase == "non-mitotic":
        subject = interphase_subject(rng, look, kind)
    else:
        subject = mitotic_subject(rng, phase, look, alone=alone)
    size, reach = extent(subject)
    half = max(between(rng, 1.8, 2.1) * size, 1.12 * reach)
    grid = Grid.cube(int(np.clip(2 * half / 0.062, 48, 60)), half)
    pixel = min(max(scope.pixel, 2 * half / 112), 2 * half / 15)
    plane = min(max(scope.plane, pixel, 2 * half / 72), max(2 * half / 4.6, pixel))
    scope = replace(scope, pixel=pixel, plane=plane)
    bodies = [subject.body]
    if subject.sister is not None:
        bodies.append(subject.sister)
    bodies += neighbours(rng, look, subject, half)

    relief = noise(rng, grid, 0.8)
    texture = [noise(rng, grid, s) for s in (0.55, 0.25, 0.13, 0.07)]
    territory = settle(grid, bodies, relief, between(rng, 0, 0.07))
    dna = np.zeros(grid.shape, np.float32)
    masks = []
    solids = []
    for index, body in enumerate(bodies):
        mask = np.zeros(grid.shape, np.float32)
        if index == 0:
            draw_body(body, index, grid, territory, relief, texture, dna, mask)
            solids.append(dna.copy())
            masks.append(mask)
        else:
            if index == 1:
                others = np.zeros(grid.shape, np.float32)
                masks.append(others)
            draw_body(body, index, grid, territory, relief, texture, dna, masks[1])
    if rng.random() < 0.4:
        levels = np.append([between(rng, 0, 0.12) * b.gain for b in bodies], 0).astype(np.float32)
        dna += levels[territory.owner]
    cleft = None
    if subject.cleft is not None:
        axis, strength = subject.cleft
        cleft = membrane.cleft(grid, axis, ORIGIN, strength) * (territory.owner == 0)
    if membrane_kind == "random":
        membrane_kind = membrane.choose(rng)
    second = membrane.draw(rng, grid, membrane_kind, bodies, territory, dna, texture[0], cleft)

    out = scope.axes(grid, rng)
    # exposures are set for the many interphase nuclei: condensed chromatin often saturates
    bright_dna = scope
    if phase != "prophase" and rng.random() < 0.33:
        bright_dna = replace(scope, saturate=between(rng, 0.2, 0.8))
    image: NDArray[np.uint16] = np.stack(
        [
            (bright_dna if phase != PHASES[0] else scope).expose(dna, grid, out, rng),
            replace(scope, saturate=0.0).expose(second, grid, out, rng)
            if membrane_kind != "absent"
            else np.zeros([len(a) for a in out], np.uint16),
        ]
    )
    nuclei_labels, cells_labels = _labels(
        rng, subject, bodies, solids[0], masks, grid, out, scope, territory
    )
    diameter = scale_between(rng, 5, 22) if nucleus_um is None else nucleus_um
    lateral, axial = 0.5 * diameter * scope.pixel, 0.5 * diameter * scope.plane
    if rng.random() < misreport:
        # stated wrongly along z, or taken for isotropic by a person
        wrong = axial * scale_between(rng, 0.4, 1.8) if rng.random() < 0.5 else axial / 3.5
        axial = float(np.clip(wrong, lateral, 10 * lateral))
    if rng.random() < cut:
        keep = _crop(rng, nuclei_labels)
        image = image[(slice(None), *keep)]
        nuclei_labels, cells_labels = nuclei_labels[keep], cells_labels[keep]
    spacing = Spacing(axial, lateral, lateral, "metadata")
    return SimulatedCell(image, nuclei_labels, cells_labels, spacing, phase, 1, subject.kind)


def _crop(rng: np.random.Generator, labels: NDArray[np.uint16]) -> tuple[slice, slice, slice]:
    """Let one to three borders of the image, or of a block of it, cut off parts of the subject."""
    keep = [slice(0, n) for n in labels.shape]
    subject = labels == 1
    for axis in rng.choice(3, int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08])), p=[0.5, 0.25, 0.25]):
        others = tuple(i for i in range(3) if i != axis)
        profile = np.cumsum(subject[keep[0], keep[1], keep[2]].sum(axis=others))
        part = profile / max(int(profile[-1]), 1)
        share = between(rng, 0.0, 0.42)
        start, stop = keep[axis].start, keep[axis].stop
        if rng.random() < 0.5:
            start += max(min(int(np.searchsorted(part, share)), len(part) - 3), 0)
        else:
            stop = start + max(int(np.searchsorted(part, 1 - share)) + 1, min(3, len(part)))
        keep[axis] = slice(start, stop)
    return keep[0], keep[1], keep[2]


def _labels(
    rng: np.random.Generator,
    subject: Subject,
    bodies: list[Body],
    solid: Array,
    masks: list[Array],
    grid: Grid,
    out: tuple[Array, Array, Array],
    scope: Microscope,
    territory: Territory,
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Nuclei and cells as a segmentation might have them."""
    numbers = np.append([body.label for body in bodies], 0).astype(np.uint16)
    owner = nearest(territory.owner, grid, out)
    cells = numbers[owner].astype(np.uint16)
    labels = np.zeros(cells.shape, np.uint16)
    sloppy = scale_between(rng, 0.3, 2.2)
    if len(masks) > 1:
        rest = outline(rng, masks[1], grid, out, scope, level=(0.25, 0.6), sloppy=sloppy)
        labels[rest] = cells[rest]
        labels[labels == 1] = 0
    enveloped = any(isinstance(part, Nucleus) for part in subject.body.chromatin)
    if enveloped and rng.random() < 0.8:
        own = outline(rng, masks[0], grid, out, scope, level=(0.2, 0.75), sloppy=sloppy)
    else:
        own = outline(
            rng, np.minimum(solid, 1.2), grid, out, scope, level=(0.2, 0.7), sloppy=sloppy
        )
    labels[own] = 1
    return labels, cells
