"""One simulated cell among neighbours, with known phase: image, label images and spacing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.simulate import chromosomes, membrane, nuclei
from napari_cellcycle.simulate.chromosomes import Chromosomes
from napari_cellcycle.simulate.grid import Grid, between, noise, scale_between
from napari_cellcycle.simulate.nuclei import Nucleus, Stain
from napari_cellcycle.simulate.optics import Microscope, microscope
from napari_cellcycle.simulate.outlines import nearest, outline
from napari_cellcycle.simulate.tissue import Body, Territory, around, settle, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array
    from napari_cellcycle.simulate.membrane import Membrane

PHASES = MITOSIS_STAGES.slugs
_ORIGIN = np.zeros(3, np.float32)


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


@dataclass(frozen=True, slots=True)
class Subject:
    """Geometry of a cell at the origin, before neighbours and optics."""

    body: Body
    kind: str
    sister: Body | None = None
    cleft: tuple[Array, float] | None = None


def _ball(radius: float, centre: Array = _ORIGIN) -> tuple[Array, Array]:
    return centre.astype(np.float32), (np.eye(3) / radius).astype(np.float32)


def _around_nucleus(
    rng: np.random.Generator, nucleus: Nucleus
) -> tuple[tuple[Array, Array], float]:
    """Cell that holds a nucleus: larger by a gap on every side, and less elongated."""
    gap = scale_between(rng, 0.08, 0.9)
    axes = nucleus.axes + gap
    frame = np.diag(nucleus.axes) @ nucleus.metric
    metric = np.diag(1 / axes) @ frame
    return (nucleus.centre, metric.astype(np.float32)), float(np.prod(axes) ** (1 / 3))


NON_MITOTIC_KINDS = {
    "interphase": 0.62,
    "pyknotic": 0.07,
    "fragmented": 0.06,
    "early-g1": 0.07,
    "binucleate": 0.04,
    "lymphocyte": 0.05,
    "micronucleus": 0.03,
    "large": 0.06,
}


def interphase_subject(rng: np.random.Generator, look: Stain, kind: str | None = None) -> Subject:
    """A cell that does not divide, of any kind."""
    if kind is None:
        kinds = list(NON_MITOTIC_KINDS)
        kind = str(rng.choice(kinds, p=list(NON_MITOTIC_KINDS.values())))
    gain = scale_between(rng, 0.6, 1.6)
    if kind in ("pyknotic", "lymphocyte"):
        size = between(rng, 0.3, 0.65) if kind == "pyknotic" else between(rng, 0.5, 0.8)
        nucleus = nuclei.dense(rng, look, size)
        radius = size + between(rng, 0.1, 0.6)
        return Subject(Body((_ball(radius),), radius, (nucleus,), gain, 1, False), kind)
    if kind == "fragmented":
        count = int(rng.integers(2, 8))
        sizes = rng.uniform(0.15, 0.45, count)
        spread = between(rng, 0.4, 0.9)
        parts = []
        for size in sizes:
            at = spread * rng.uniform(-0.7, 0.7, 3)
            parts.append(nuclei.dense(rng, look, float(size)).moved(at))
        radius = between(rng, 0.9, 1.3)
        return Subject(Body((_ball(radius),), radius, tuple(parts), gain, 1, False), kind)
    if kind == "early-g1":
        first = nuclei.dense(rng, look, between(rng, 0.6, 0.85))
        first = replace(first, gain=between(rng, 0.8, 1.8), edge=0.06)
        second = replace(
            nuclei.dense(rng, look, between(rng, 0.6, 0.85)), gain=first.gain, edge=0.06
        )
        way = chromosomes.random_turn(rng)[:, 0]
        far = between(rng, 1.5, 2.4)
        radius = between(rng, 0.9, 1.2)
        one = Body((_ball(radius),), radius, (first,), gain, 1, False)
        at = (way * far).astype(np.float32)
        two = Body((_ball(radius, at),), radius, (second.moved(at),), gain, 2, False)
        return Subject(one, kind, sister=two)
    nucleus = nuclei.interphase(rng, look)
    if kind == "large":
        grow = np.float32(between(rng, 1.2, 1.6))
        nucleus = replace(nucleus, axes=nucleus.axes * grow, metric=nucleus.metric / grow)
    if kind == "binucleate":
        way = chromosomes.random_turn(rng)[:, 0]
        other = nuclei.interphase(rng, look, "round")
        shift = way * between(rng, 0.85, 1.15)
        nucleus = nuclei.interphase(rng, look, "round")
        parts = [nucleus.moved(shift), other.moved(-shift)]
        radius = between(rng, 2.0, 2.5)
        return Subject(Body((_ball(radius),), radius, tuple(parts), gain, 1, False), kind)
    lobe, radius = _around_nucleus(rng, nucleus)
    chromatin: tuple[Nucleus | Chromosomes, ...] = (nucleus,)
    if kind == "micronucleus":
        way = chromosomes.random_turn(rng)[:, 0]
        small = nuclei.dense(rng, look, between(rng, 0.12, 0.28))
        reach = 1 / float(np.linalg.norm(nucleus.metric @ way))
        small = replace(small.moved(way * (reach + 0.2)), gain=between(rng, 0.7, 1.3))
        chromatin = (nucleus, small)
    return Subject(Body((lobe,), radius, chromatin, gain, 1, False), kind)


def mitotic_subject(
    rng: np.random.Generator, phase: str, look: Stain, *, alone: float = 0.35
) -> Subject:
    """A cell in one of the mitotic phases.

    Parameters
    ----------
    rng : Generator
    phase : str
    look : Stain
    alone : float
        Probability that one daughter of an anaphase or telophase is the subject, not both.
    """
    gain, load = scale_between(rng, 0.8, 1.4), scale_between(rng, 0.25, 1.3)
    turn = chromosomes.random_turn(rng)
    if phase == "prophase":
        nucleus = nuclei.prophase(rng, look)
        lobe, radius = _around_nucleus(rng, nucleus)
        return Subject(Body((lobe,), radius, (nucleus,), gain, 1, True), "threads")
    if phase == "anaphase-telophase-cytokinesis":
        return _divided(rng, turn, gain, load, alone)
    if phase == "early-prometaphase":
        mass, kind = chromosomes.scattered(rng), "scattered"
    elif rng.random() < 0.45:
        mass, kind = chromosomes.congressing(rng), "congressing"
    else:
        mass, kind = chromosomes.plate(rng), "plate"
    return _round(rng, replace(mass.moved(turn, _ORIGIN), load=load), gain, kind)


def _round(rng: np.random.Generator, mass: Chromosomes, gain: float, kind: str) -> Subject:
    """Put condensed chromosomes into a rounded cell."""
    mass = mass.moved(np.eye(3, dtype=np.float32), -mass.centre)
    radius = max(mass.reach * between(rng, 0.9, 1.15), between(rng, 1.0, 1.75))
    at = (0.12 * radius * rng.standard_normal(3) * 0.5).astype(np.float32)
    return Subject(Body((_ball(radius, at),), radius, (mass,), gain, 1, True), kind)


def _divided(
    rng: np.random.Generator, turn: Array, gain: float, load: float, alone: float
) -> Subject:
    """Anaphase, telophase or cytokinesis: both sets as one cell, or one daughter as the subject."""
    parts: list[Nucleus | Chromosomes]
    axis = turn[:, 0].astype(np.float32)
    if rng.random() < 0.7:
        first, second, late = chromosomes.separating(rng)
        parts = [replace(p.moved(turn, _ORIGIN), load=0.5 * load) for p in (first, second)]
        kind = "anaphase" if late < 0.6 else "telophase"
    else:
        kind, late = "decondensing", between(rng, 0.7, 1.0)
        open_ = between(rng, 0, 0.6)
        alone *= 0.4
        size = between(rng, 0.5, 0.75)
        flat = between(rng, 0.35, 0.7) + 0.2 * open_
        gap = size * flat + between(rng, 0.2, 0.95)
        parts = []
        for sign in (1, -1):
            axes = size * np.array([flat, 1, between(rng, 0.75, 1.2)])
            lean = turn @ chromosomes.small_turn(rng, 0.35)
            nucleus = nuclei.daughter(rng, axes * between(rng, 0.93, 1.07), lean, open_)
            bright = 0.5 * max(load, 0.5) / float(np.prod(axes))
            nucleus = replace(nucleus, gain=float(np.clip(bright, 1.0, 5.0)))
            parts.append(nucleus.moved(axis * (sign * gap)))
    centres = [part.centre for part in parts]
    reach = max(part.reach for part in parts)
    half = 0.5 * float(np.linalg.norm(centres[0] - centres[1]))
    radius = max(reach * 1.02, between(rng, 0.85, 1.3))
    apart = max(half * between(rng, 0.9, 1.25), 0.35 * radius)
    lobes = tuple(_ball(radius, axis * (sign * apart)) for sign in (1, -1))
    furrow = np.clip((late - 0.3) * 1.6, 0, 1)
    blend = float(1.4 - 1.15 * furrow)
    cut = None
    if late > 0.6 and rng.random() < 0.85:
        cut = (axis, between(rng, 0.0, 1.0) * float(furrow))
    if rng.random() < alone:
        shift = -centres[0]
        label = 2 if rng.random() < 0.7 else 0
        one = shifted(parts[0], shift)
        two = shifted(parts[1], shift)
        body = Body((_ball(radius, lobes[0][0] + shift),), radius, (one,), gain, 1, True)
        sister = Body((_ball(radius, lobes[1][0] + shift),), radius, (two,), gain, label, True)
        return Subject(body, kind + "-alone", sister=sister)
    return Subject(Body(lobes, radius, tuple(parts), gain, 1, True, blend), kind, cleft=cut)


def _neighbours(rng: np.random.Generator, look: Stain, subject: Subject, half: float) -> list[Body]:
    """Cells around the subject: none, a few, a monolayer or a packed tissue."""
    setting = rng.random()
    if setting < 0.14:
        return []
    n = int(rng.integers(1, 4)) if setting < 0.3 else int(rng.integers(5, 13))
    crowding = scale_between(rng, 0.06, 0.6)
    plan: list[tuple[Body, Array]] = []
    kind = str(rng.choice(["any", "round", "oval"], p=[0.4, 0.35, 0.25]))
    for _ in range(n):
        other = _neighbour(rng, look, None if kind == "any" else kind, crowding)
        plan.append((other, _ORIGIN))
    radii = [body.radius for body, _ in plan]
    flat = chromosomes.random_turn(rng)[:, 0] if rng.random() < 0.35 else None
    solid = list(subject.body.lobes)
    if subject.sister is not None:
        solid += subject.sister.lobes
    places = around(rng, radii, n, solid, flat=flat)
    bodies = []
    for label, ((body, _), at) in enumerate(zip(plan, places, strict=False), start=3):
        if float(np.abs(at).max()) - body.radius > half:
            continue
        shown = label if rng.random() < 0.92 else 0
        bodies.append(replace(body.moved(at), label=shown))
    return bodies


def _neighbour(rng: np.random.Generator, look: Stain, kind: str | None, crowding: float) -> Body:
    roll = rng.random()
    if roll < 0.08:
        stage = PHASES[int(rng.integers(1, 4))]
        return mitotic_subject(rng, stage, look).body
    if roll < 0.12:
        return interphase_subject(rng, look, "pyknotic").body
    nucleus = nuclei.interphase(rng, look, kind)
    axes = nucleus.axes + crowding * between(rng, 0.6, 1.6)
    frame = np.diag(nucleus.axes) @ nucleus.metric
    metric = (np.diag(1 / axes) @ frame).astype(np.float32)
    radius = float(np.prod(axes) ** (1 / 3))
    gain = scale_between(rng, 0.5, 1.6)
    return Body(((nucleus.centre, metric),), radius, (nucleus,), gain, 0, False)


def _size(subject: Subject) -> tuple[float, float]:
    """Ball radius and reach of the subject's chromatin about the origin."""
    total, mass, reach = 0.0, 0.0, 0.0
    for part in subject.body.chromatin:
        share = part.radius**2 if isinstance(part, Nucleus) else 1.0
        distance = float(np.linalg.norm(part.centre))
        total += share * (part.radius**2 + 5 / 3 * distance**2)
        mass += share
        reach = max(reach, distance + part.reach)
    return float(np.sqrt(total / mass)), reach


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
    alone: float = 0.35,
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
    size, reach = _size(subject)
    half = max(between(rng, 1.8, 2.1) * size, 1.12 * reach)
    grid = Grid.cube(int(np.clip(2 * half / 0.06, 48, 62)), half)
    pixel = min(max(scope.pixel, 2 * half / 112), 2 * half / 15)
    plane = min(max(scope.plane, pixel, 2 * half / 72), max(2 * half / 4.6, pixel))
    scope = replace(scope, pixel=pixel, plane=plane)
    bodies = [subject.body]
    if subject.sister is not None:
        bodies.append(subject.sister)
    bodies += _neighbours(rng, look, subject, half)

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
        cleft = membrane.cleft(grid, axis, _ORIGIN, strength) * (territory.owner == 0)
    if membrane_kind == "random":
        membrane_kind = membrane.choose(rng)
    second = membrane.draw(rng, grid, membrane_kind, bodies, territory, dna, texture[0], cleft)

    out = scope.axes(grid, rng)
    # exposures are set for the many interphase nuclei: condensed chromatin often saturates
    bright_dna = scope
    if rng.random() < 0.25:
        bright_dna = replace(scope, saturate=between(rng, 0.25, 0.8))
    image = np.stack(
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
    """Let the border of the image cut off up to a third of the subject."""
    axis = int(rng.choice(3, p=[0.6, 0.2, 0.2]))
    others = tuple(i for i in range(3) if i != axis)
    profile = np.cumsum((labels == 1).sum(axis=others))
    part = profile / max(int(profile[-1]), 1)
    keep = [slice(None)] * 3
    share = between(rng, 0.0, 0.33)
    if rng.random() < 0.5:
        keep[axis] = slice(min(int(np.searchsorted(part, share)), len(part) - 3), None)
    else:
        keep[axis] = slice(0, max(int(np.searchsorted(part, 1 - share)) + 1, 3))
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
            rng, np.minimum(solid, 1.2), grid, out, scope, level=(0.18, 0.55), sloppy=sloppy
        )
    labels[own] = 1
    return labels, cells
