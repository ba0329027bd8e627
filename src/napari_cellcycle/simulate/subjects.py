"""Who is in the crop: the cell in question, its sister, and neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.simulate import chromosomes, nuclei, separation
from napari_cellcycle.simulate.envelope import Nucleus
from napari_cellcycle.simulate.grid import between, scale_between
from napari_cellcycle.simulate.tissue import Body, around, shifted
from napari_cellcycle.simulate.turns import random_turn, small_turn

if TYPE_CHECKING:
    from napari_cellcycle.simulate.chromosomes import Chromosomes
    from napari_cellcycle.simulate.grid import Array, Floats
    from napari_cellcycle.simulate.nuclei import Stain

PHASES = MITOSIS_STAGES.slugs
ORIGIN = np.zeros(3, np.float32)


@dataclass(frozen=True, slots=True)
class Subject:
    """Geometry of a cell at the origin, before neighbours and optics."""

    body: Body
    kind: str
    sister: Body | None = None
    cleft: tuple[Array, float] | None = None


def _ball(radius: float, centre: Floats = ORIGIN) -> tuple[Array, Array]:
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
    """Draw a cell that does not divide, of any kind."""
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
        way = random_turn(rng)[:, 0]
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
        way = random_turn(rng)[:, 0]
        other = nuclei.interphase(rng, look, "round")
        shift = way * between(rng, 0.85, 1.15)
        nucleus = nuclei.interphase(rng, look, "round")
        parts = [nucleus.moved(shift), other.moved(-shift)]
        radius = between(rng, 2.0, 2.5)
        return Subject(Body((_ball(radius),), radius, tuple(parts), gain, 1, False), kind)
    lobe, radius = _around_nucleus(rng, nucleus)
    chromatin: tuple[Nucleus | Chromosomes, ...] = (nucleus,)
    if kind == "micronucleus":
        way = random_turn(rng)[:, 0]
        small = nuclei.dense(rng, look, between(rng, 0.12, 0.28))
        reach = 1 / float(np.linalg.norm(nucleus.metric @ way))
        small = replace(small.moved(way * (reach + 0.2)), gain=between(rng, 0.7, 1.3))
        chromatin = (nucleus, small)
    return Subject(Body((lobe,), radius, chromatin, gain, 1, False), kind)


def mitotic_subject(
    rng: np.random.Generator, phase: str, look: Stain, *, alone: float = 0.22
) -> Subject:
    """Draw a cell in one of the mitotic phases.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    phase : str
        Slug of a mitotic phase.
    look : Stain
        The tissue's chromatin, for prophase.
    alone : float
        Probability that one daughter of an anaphase or telophase is the subject, not both.
    """
    gain, load = scale_between(rng, 0.8, 1.4), scale_between(rng, 0.25, 1.3)
    turn = random_turn(rng)
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
    return _round(rng, replace(mass.moved(turn, ORIGIN), load=load), gain, kind)


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
        first, second, late = separation.separating(rng)
        parts = [replace(p.moved(turn, ORIGIN), load=0.5 * load) for p in (first, second)]
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
            lean = turn @ small_turn(rng, 0.35)
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


def neighbours(rng: np.random.Generator, look: Stain, subject: Subject, half: float) -> list[Body]:
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
        plan.append((other, ORIGIN))
    radii = [body.radius for body, _ in plan]
    flat = random_turn(rng)[:, 0] if rng.random() < 0.35 else None
    solid = list(subject.body.lobes)
    if subject.sister is not None:
        solid += subject.sister.lobes
    places = around(rng, radii, n, solid, flat=flat)
    bodies = []
    seen = 0.92 if rng.random() < 0.85 else 0.0
    for label, ((body, _), at) in enumerate(zip(plan, places, strict=False), start=3):
        if float(np.abs(at).max()) - body.radius > half:
            continue
        shown = label if rng.random() < seen else 0
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


def extent(subject: Subject) -> tuple[float, float]:
    """Ball radius and reach of the subject's chromatin about the origin."""
    total, mass, reach = 0.0, 0.0, 0.0
    for part in subject.body.chromatin:
        share = part.radius**2 if isinstance(part, Nucleus) else 1.0
        distance = float(np.linalg.norm(part.centre))
        total += share * (part.radius**2 + 5 / 3 * distance**2)
        mass += share
        reach = max(reach, distance + part.reach)
    return float(np.sqrt(total / mass)), reach
