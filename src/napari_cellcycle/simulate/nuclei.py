"""Nuclei of many kinds: interphase, prophase, telophase, and the look-alikes of mitosis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.chromosomes import arms
from napari_cellcycle.simulate.envelope import Nucleus
from napari_cellcycle.simulate.grid import between, directions, rotation, scale_between

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array, Floats

_NONE3 = np.zeros((0, 3), np.float32)
_NONE4 = np.zeros((0, 4), np.float32)


def _inside(rng: np.random.Generator, n: int, low: float, high: float) -> Array:
    r = rng.uniform(low**3, high**3, (n, 1)) ** (1 / 3)
    return np.asarray(directions(rng, n) * r, dtype=np.float32)


def _frame(rng: np.random.Generator, axes: Array, flat_on_slide: bool = False) -> Array:
    turn: Array = rotation(rng)
    if flat_on_slide:
        angle = between(rng, 0, 2 * np.pi)
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=np.float32)
    return np.asarray(np.diag(1 / axes) @ turn.T, dtype=np.float32)


def _shape(rng: np.random.Generator, kind: str) -> tuple[Array, Array, float, Array]:
    """Half axes, metric, wobble and dents of one kind."""
    raw: Floats
    size = scale_between(rng, 0.85, 1.2)
    wobble = between(rng, 0.0, 0.09)
    dents = _NONE4
    slide = False
    if kind == "flat":
        ratio = between(rng, 0.16, 0.45)
        long = scale_between(rng, 1, 1.6)
        raw = np.array([ratio, 1 / long, long]) * ratio ** (-1 / 3)
        slide = rng.random() < 0.5
    elif kind == "spindle":
        long = between(rng, 1.6, 3.2)
        raw = np.array([1, between(rng, 0.6, 1), long])
    elif kind == "oval":
        raw = np.array([1, between(rng, 0.8, 1.2), between(rng, 1.1, 1.8)])
    else:
        raw = np.asarray([between(rng, 0.85, 1.15) for _ in range(3)])
    if kind == "lobed":
        wobble = between(rng, 0.06, 0.2)
        n = int(rng.integers(1, 4))
        at = directions(rng, n) * rng.uniform(0.85, 1.25, (n, 1))
        dents = np.concatenate([at, rng.uniform(0.25, 0.6, (n, 1))], axis=1).astype(np.float32)
    elif rng.random() < 0.15:
        at = directions(rng, 1) * rng.uniform(1.0, 1.3, (1, 1))
        radius = np.array([[between(rng, 0.2, 0.45)]])
        dents = np.concatenate([at, radius], axis=1).astype(np.float32)
    axes = (raw / np.prod(raw) ** (1 / 3) * size).astype(np.float32)
    return axes, _frame(rng, axes, slide), wobble, dents


@dataclass(frozen=True, slots=True)
class Stain:
    """How the chromatin of one tissue looks; cells of it vary about this.

    Parameters
    ----------
    mottle : tuple of float
        Texture amplitudes, coarse to finest.
    chromocentres : int
        Typical number, 0 where the species has none.
    centre_size, centre_gain, hollow, rim : float
        As in :class:`Nucleus`.
    """

    mottle: tuple[float, float, float, float]
    chromocentres: int
    centre_size: float
    centre_gain: float
    hollow: float
    rim: float


def stain(rng: np.random.Generator) -> Stain:
    """Draw the look of a tissue's chromatin."""
    smoothness = rng.random()
    strength = 0.3 if smoothness < 0.3 else between(rng, 0.4, 1.3)
    mottle = tuple(float(strength * rng.uniform(0, high)) for high in (0.45, 0.6, 0.5, 0.35))
    many = 0
    if rng.random() < 0.5:
        many = round(scale_between(rng, 2, 45))
    size = between(rng, 0.08, 0.25) if many < 12 else between(rng, 0.045, 0.1)
    rim = between(rng, 0.1, 1.2) if rng.random() < 0.35 else 0.0
    return Stain(
        (mottle[0], mottle[1], mottle[2], mottle[3]),
        many,
        size,
        scale_between(rng, 0.6, 8),
        between(rng, 0.3, 0.95),
        rim,
    )


def interphase(rng: np.random.Generator, look: Stain, kind: str | None = None) -> Nucleus:
    """Draw one interphase nucleus at the origin.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    look : Stain
        The tissue's chromatin.
    kind : {"round", "oval", "lobed", "flat", "spindle"}, optional
        Shape; drawn by default.
    """
    if kind is None:
        kinds = ["round", "oval", "lobed", "flat", "spindle"]
        kind = str(rng.choice(kinds, p=[0.26, 0.31, 0.17, 0.13, 0.13]))
    axes, metric, wobble, dents = _shape(rng, kind)
    n = int(rng.integers(0, 6))
    nucleoli = np.concatenate(
        [_inside(rng, n, 0, 0.65), rng.uniform(0.1, 0.38, (n, 1)) / max(1, n) ** 0.25], axis=1
    ).astype(np.float32)
    centres = _NONE3
    if look.chromocentres:
        k = int(rng.poisson(look.chromocentres)) + 1
        seeds = _inside(rng, k, 0.0, 0.88)
        lumps = rng.integers(1, 4, k)
        centres = np.repeat(seeds, lumps, axis=0)
        jitter = 0.7 * look.centre_size * rng.standard_normal(centres.shape)
        centres = (centres + jitter).astype(np.float32)
    vary = [float(a * rng.uniform(0.5, 1.3)) for a in look.mottle]
    return Nucleus(
        centre=np.zeros(3, np.float32),
        metric=metric,
        axes=axes,
        wobble=wobble,
        dents=dents,
        mottle=(vary[0], vary[1], vary[2], vary[3]),
        nucleoli=nucleoli,
        hollow=look.hollow * between(rng, 0.5, 1),
        centres=centres,
        centre_size=look.centre_size,
        centre_gain=look.centre_gain * between(rng, 0.7, 1.3),
        rim=look.rim,
        edge=between(rng, 0.03, 0.1) if rng.random() < 0.7 else between(rng, 0.1, 0.3),
        dome=between(rng, 0.1, 0.8) if rng.random() < 0.35 else 0.0,
    )


def dense(rng: np.random.Generator, look: Stain, size: float) -> Nucleus:
    """Draw a small, round, bright nucleus without much texture (pyknotic, lymphocyte, early G1)."""
    nucleus = interphase(rng, look, "round")
    axes = (nucleus.axes / np.prod(nucleus.axes) ** (1 / 3) * size).astype(np.float32)
    calm = float(rng.uniform(0, 0.5))
    m = nucleus.mottle
    return replace(
        nucleus,
        axes=axes,
        metric=_frame(rng, axes),
        dents=_NONE4,
        wobble=between(rng, 0, 0.06),
        mottle=(m[0] * calm, m[1] * calm, m[2] * calm, m[3] * calm),
        nucleoli=_NONE4 if rng.random() < 0.6 else nucleus.nucleoli,
        centres=nucleus.centres if rng.random() < 0.3 else _NONE3,
        gain=between(rng, 1.2, 3.5),
    )


def daughter(rng: np.random.Generator, axes: Floats, turn: Array, open_: float) -> Nucleus:
    """Draw a telophase nucleus that decondenses: a flattened lump, dense, its texture coming back.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    axes : ndarray, ``(3,)``
        Half axes; the first is along the spindle.
    turn : ndarray, ``(3, 3)``
        Orientation of the spindle.
    open_ : float
        0 still condensed, 1 nearly interphase.
    """
    n = int(rng.integers(0, 4))
    at = directions(rng, n) * rng.uniform(0.9, 1.3, (n, 1))
    dents = np.concatenate([at, rng.uniform(0.25, 0.55, (n, 1))], axis=1).astype(np.float32)
    points, weights = _threads(rng, int(rng.integers(10, 30)), 0.4, 0.8)
    return Nucleus(
        centre=np.zeros(3, np.float32),
        metric=np.asarray(np.diag(1 / axes) @ turn.T, dtype=np.float32),
        axes=axes.astype(np.float32),
        wobble=between(rng, 0.06, 0.2),
        dents=dents,
        mottle=(between(rng, 0.05, 0.3), between(rng, 0.05, 0.4), between(rng, 0, 0.4), 0.1),
        nucleoli=_NONE4,
        hollow=0.5,
        centres=_NONE3,
        centre_size=0.1,
        centre_gain=0.0,
        rim=between(rng, 0, 0.4),
        threads=(points, weights * float(axes.mean())),
        thread_width=between(rng, 0.05, 0.09),
        thread_gain=between(rng, 0.2, 1.2) * (1 - 0.7 * open_),
        base=1.0,
        edge=between(rng, 0.04, 0.09),
        gain=1.0,
    )


def _threads(rng: np.random.Generator, n: int, low: float, high: float) -> tuple[Array, Array]:
    """Bent threads inside the unit ball, drawn towards its surface."""
    at = _inside(rng, n, 0.1, 0.95)
    length = (rng.uniform(low, high, n) * 2).astype(np.float32)
    points, weights = arms(
        rng, at, directions(rng, n), length, fold=0.25, bend=between(rng, 0.3, 0.9), pitch=0.045
    )
    r = np.linalg.norm(points, axis=1, keepdims=True)
    limit = np.float32(between(rng, 0.86, 0.95))
    # a thread that meets the envelope runs along it
    points = np.where(r > limit, points * (limit / np.maximum(r, 1e-6)), points)
    return points.astype(np.float32), weights


def prophase(rng: np.random.Generator, look: Stain) -> Nucleus:
    """Draw a round nucleus filled with condensing threads; nucleoli small or gone."""
    nucleus = interphase(rng, look, str(rng.choice(["round", "oval"], p=[0.75, 0.25])))
    late = rng.random()
    coarse = rng.random() < 0.35
    n = int(between(rng, 14, 32) if coarse else between(rng, 28, 75) * (1.2 - 0.5 * late))
    points, weights = _threads(rng, n, 0.25, 0.75)
    keep = late < 0.5 and rng.random() < 0.5
    grow = between(rng, 0.95, 1.2)
    m = nucleus.mottle
    return replace(
        nucleus,
        axes=nucleus.axes * np.float32(grow),
        metric=nucleus.metric / np.float32(grow),
        dents=_NONE4,
        wobble=nucleus.wobble * 0.7,
        mottle=(m[0] * 0.6, m[1] * 0.5, m[2] * 0.4, m[3] * 0.4),
        nucleoli=nucleus.nucleoli[:2] if keep else _NONE4,
        centres=nucleus.centres if rng.random() < 0.4 else _NONE3,
        centre_gain=min(nucleus.centre_gain, 1.2) * 0.6,
        rim=nucleus.rim * 0.4,
        threads=(points, weights),
        thread_width=between(rng, 0.035, 0.06) + 0.03 * late + (0.03 if coarse else 0),
        thread_gain=1.0,
        base=between(rng, 0.08, 0.3) + 0.25 * (1 - late) * rng.random(),
        gain=between(rng, 0.9, 1.5),
    )
