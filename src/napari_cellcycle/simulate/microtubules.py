"""Microtubules of an adherent cell under a drug that stabilises them: images with known truth.

A demonstration. Networks are grown as lines in the plane; the drug takes them from the centrosome
and gathers them in bundles, gradually. Doses overlap as they do in a dish: cells respond each in
its own way, and the scale is not calibrated against any compound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.phases import EXPOSURE
from napari_cellcycle.simulate.adherent import AdherentBody, adherent_body, nodes
from napari_cellcycle.simulate.filaments import STEP, Filaments, Habit, bundle, grow
from napari_cellcycle.simulate.grid import between, kernel, scale_between

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array

FIELD_UM = 56.0
"""Edge of an image, µm, whatever its number of pixels."""
MIN_SIZE = 32
_LENGTH = 24.0
"""Mean length of a filament without the drug, µm."""

_RESPONSE = {"0": (0.08, 0.10), "0.1": (0.42, 0.15), "1": (0.78, 0.15)}
"""Mean and standard deviation of the cells' response to each exposure, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Dish:
    """What the cells of one experiment share: how they grow, are stained and are imaged.

    Parameters
    ----------
    radius, elongation, spikes : float
        Ordinary cells: radius (µm), long axis over short axis, and how far corners stick out.
    filaments : float
        Filaments in an ordinary cell without the drug.
    crowding : float
        Share of images that show a neighbour, too.
    shift : float
        How much more (or less) than usual all cells respond.
    blur : float
        Standard deviation of the point spread in focus, µm.
    section : float
        Share of the light from outside the focal plane that reaches the camera: 1 in widefield.
    free : float
        Tubulin outside filaments, as a share of that in them.
    grain : float
        Unevenness of the stain along filaments.
    background : float
        Light beside the cells, as a share of the bright signal.
    photons : float
        Photons per µm² at the bright signal.
    read : float
        Standard deviation of the camera's noise, as a share of the bright signal.
    tilt : float
        Change of the illumination over the image, as a share.
    white : float
        Grey value of the bright signal of an ordinary cell, as a share of 255.
    """

    radius: float
    elongation: float
    spikes: float
    filaments: float
    crowding: float
    shift: float
    blur: float
    section: float
    free: float
    grain: float
    background: float
    photons: float
    read: float
    tilt: float
    white: float


def draw_dish(rng: np.random.Generator) -> Dish:
    """Draw a dish: a crisp confocal or a hazy widefield microscope, sparse or crowded cells."""
    confocal = rng.random() < 0.4
    return Dish(
        radius=between(rng, 15.5, 20.5),
        elongation=scale_between(rng, 1.05, 1.7),
        spikes=between(rng, 0.05, 0.5),
        filaments=scale_between(rng, 170, 380),
        crowding=between(rng, 0, 0.6),
        shift=float(rng.normal(0, 0.04)),
        blur=scale_between(rng, 0.11, 0.24) if confocal else scale_between(rng, 0.15, 0.34),
        section=between(rng, 0.1, 0.4) if confocal else between(rng, 0.8, 1.2),
        free=between(rng, 0.1, 0.4) if confocal else between(rng, 0.2, 0.8),
        grain=between(rng, 0.2, 0.9),
        background=between(rng, 0.01, 0.06) if confocal else between(rng, 0.02, 0.15),
        photons=scale_between(rng, 800, 40_000),
        read=scale_between(rng, 0.004, 0.05),
        tilt=between(rng, 0, 0.25),
        white=between(rng, 0.35, 0.8),
    )


def simulate_microtubules(
    level: str, rng: np.random.Generator, *, size: int = 300, dish: Dish | None = None
) -> NDArray[np.uint8]:
    """Image of the microtubules of one adherent interphase cell.

    Parameters
    ----------
    level : {"0", "0.1", "1"}
        Exposure to a drug that stabilises microtubules, as in :data:`phases.EXPOSURE`.
    rng : Generator
        The same state gives the same image.
    size : int
        Pixels along each edge. The field stays :data:`FIELD_UM` wide.
    dish : Dish, optional
        What the cell shares with others; drawn if left out.

    Returns
    -------
    ndarray, ``(size, size)``, uint8
        Axes y, x.

    Raises
    ------
    CellCycleError
        If the level is unknown or the image too small.
    """
    _check(level, size)
    dish = draw_dish(rng) if dish is None else dish
    return _image(rng, _response(rng, level, dish), size, dish)


def simulate_exposure_set(
    n: int, seed: int = 0, size: int = 300, *, dishes: int = 12
) -> dict[str, NDArray[Any]]:
    """Simulate a crop set of cells under three exposures.

    Each dish has its own cells, stain and microscope, and holds all three exposures, so that a
    split by group asks for what a model must do: tell them apart on a microscope it has not seen.

    Parameters
    ----------
    n : int
        Cells. Exposures take turns.
    seed : int
        The same seed gives the same cells; a larger ``n`` only adds to them.
    size : int
        Pixels along each edge.
    dishes : int
        How many dishes.

    Returns
    -------
    dict of str to ndarray
        The arrays of an ``.npz`` crop set: ``images`` uint8 ``(n, 1, size, size)``, ``channels``,
        ``phase``, ``group``, and ``response``: how far each cell's network has changed, 0 to 1,
        the hidden truth that bounds what any observer can reach.

    Raises
    ------
    CellCycleError
        If there is no cell or no dish to simulate, or the image is too small.
    """
    if n < 1 or dishes < 1:
        raise CellCycleError(
            f"{n} cells in {dishes} dishes cannot be simulated: it takes one of each at least."
        )
    _check(EXPOSURE.slugs[0], size)
    shared = [draw_dish(np.random.default_rng([seed, 0, d])) for d in range(dishes)]
    images = np.empty((n, 1, size, size), np.uint8)
    response = np.empty(n, np.float32)
    levels = [EXPOSURE.slugs[i % len(EXPOSURE.slugs)] for i in range(n)]
    places = [(i // len(EXPOSURE.slugs)) % dishes for i in range(n)]
    for i, (level, place) in enumerate(zip(levels, places, strict=True)):
        rng = np.random.default_rng([seed, 1, i])
        response[i] = _response(rng, level, shared[place])
        images[i, 0] = _image(rng, float(response[i]), size, shared[place])
    return {
        "images": images,
        "channels": np.array(["tubulin"]),
        "phase": np.array(levels),
        "group": np.array([f"dish-{place:02d}" for place in places]),
        "response": response,
    }


def _check(level: str, size: int) -> None:
    EXPOSURE[level]
    if size < MIN_SIZE:
        raise CellCycleError(
            f"A cell of {size} pixels cannot be simulated: it takes {MIN_SIZE} a side or more."
        )


def _response(rng: np.random.Generator, level: str, dish: Dish) -> float:
    mean, spread = _RESPONSE[level]
    return float(np.clip(rng.normal(mean, spread) + dish.shift, 0, 1))


def _image(rng: np.random.Generator, response: float, size: int, dish: Dish) -> NDArray[np.uint8]:
    axis = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(FIELD_UM / size) - FIELD_UM / 2
    at = rng.normal(0, 1.5, 2).astype(np.float32)
    light = _cell(rng, response, axis - at[0], axis - at[1], dish)
    if rng.random() < dish.crowding:
        turn = between(rng, 0, 2 * np.pi)
        apart = between(rng, 1.7, 2.3) * dish.radius
        at += np.float32(apart) * np.array([np.sin(turn), np.cos(turn)], np.float32)
        light += _cell(rng, response, axis - at[0], axis - at[1], dish)
    return _expose(rng, light, axis, dish)


def _cell(
    rng: np.random.Generator, response: float, rows: Array, columns: Array, dish: Dish
) -> Array:
    """Light of a cell at rows and columns (µm from its middle), about 1 where it is bright."""
    body = adherent_body(
        rng,
        radius=dish.radius * float(np.exp(rng.normal(0, 0.09))),
        elongation=float(np.exp(abs(np.log(dish.elongation) + rng.normal(0, 0.22)))),
        spikes=dish.spikes,
    )
    parts = _network(rng, body, response, dish)
    coarse = nodes()
    thick = body.thickness()
    focus = between(rng, 0.2, 1.3)
    sharp = np.zeros((len(rows), len(columns)), np.float32)
    blurred = np.zeros_like(thick)
    for part in parts:
        points = part.samples(3)
        height = rng.random(len(points), dtype=np.float32) * body.at(thick, points)
        seen = np.abs(height - focus) < 0.75
        weight = _stain(rng, len(points), dish.grain)
        sharp += _splat(points[seen], weight[seen], rows, columns)
        blurred += _splat(points[~seen], weight[~seen], coarse, coarse)
    light = _spread(sharp, (rows, columns), (rows, columns), dish.blur)
    light += dish.section * _spread(
        blurred, (coarse, coarse), (rows, columns), between(rng, 0.5, 0.9)
    )

    nucleus = np.clip(1.6 * (1.12 - body.from_nucleus()), 0, 1)
    haze = thick * (1 - between(rng, 0.55, 0.95) * nucleus) * _cloud(rng)
    haze /= max(float(haze[body.room > 0].mean()), 1e-3)
    haze *= sum(part.length for part in parts) / body.area * dish.free * (1 - 0.6 * response)
    light += (0.4 + 0.6 * dish.section) * _spread(haze, (coarse, coarse), (rows, columns), 0.6)
    ordinary = _LENGTH * dish.filaments / (np.pi * dish.radius**2)
    light *= np.float32(np.exp(rng.normal(0, 0.18)) / (2.2 * ordinary))
    return light


def _network(
    rng: np.random.Generator, body: AdherentBody, response: float, dish: Dish
) -> tuple[Filaments, Filaments]:
    """Single filaments, and those that the drug has gathered in bundles."""
    usual = dish.filaments * body.area / (np.pi * dish.radius**2)
    total = usual * float(np.exp(rng.normal(0, 0.15))) * (1 + 0.25 * response)
    bundled = float(np.clip(0.03 + 0.85 * response**1.3 + rng.normal(0, 0.05), 0, 0.95))
    return (
        _single(rng, body, int(total * (1 - bundled)), response),
        _bundled(rng, body, int(total * bundled), response),
    )


def _single(
    rng: np.random.Generator, body: AdherentBody, n: int, response: float
) -> Filaments:
    away = between(rng, 0, 2 * np.pi)
    direction = np.array([np.sin(away), np.cos(away)], np.float32)
    centrosome = body.centre + np.float32(body.radius * between(rng, 0.5, 1.3)) * direction
    if body.room_at(centrosome[None])[0][0] < 1.5:
        centrosome = body.centre
    central = rng.random(n) < between(rng, 0.7, 0.95) * (1 - 0.85 * response)
    start = body.draw(rng, n, low=1.0)
    start[central] = centrosome + rng.normal(0, 0.45, (int(central.sum()), 2))
    outward = np.arctan2(start[:, 0] - centrosome[0], start[:, 1] - centrosome[1])
    heading = outward + rng.normal(0, 0.5 + 0.6 * response, n)
    heading[central] = rng.uniform(-np.pi, np.pi, int(central.sum()))
    mean = _LENGTH * (1 - 0.4 * response)
    habit = Habit(persistence=between(rng, 15, 40), bend=0.03, follow=0.4, margin=2.0, cross=0.4)
    return grow(rng, body, start, heading, rng.gamma(3.0, mean / 3, n), habit)


def _bundled(
    rng: np.random.Generator, body: AdherentBody, n: int, response: float
) -> Filaments:
    size = 3 + 24 * response**2 * float(np.exp(rng.normal(0, 0.35)))
    count = round(n / size)
    members = 1 + rng.poisson(max(size - 1, 0) * rng.gamma(2.0, 0.5, count))
    where = rng.choice(3, count, p=[0.62, 0.18, 0.2])
    start = body.draw(rng, count, low=0.5, high=4.5)
    inner = body.draw(rng, count, low=3.0)
    start[where == 2] = inner[where == 2]
    rim = np.linalg.solve(body.metric, 1.15 * _circle(rng, count).T).T + body.centre
    start[where == 1] = rim[where == 1]
    _, edge = body.room_at(start)
    _, nucleus = body.nucleus_at(start)
    across = np.where((where == 1)[:, None], nucleus, edge)
    turn = np.where(where == 2, rng.uniform(0, np.pi, count), rng.normal(0, 0.3, count))
    side = np.where(rng.random(count) < 0.5, 1, -1) * np.pi / 2
    heading = np.arctan2(across[:, 0], across[:, 1]) + side + turn
    length = 8 + rng.gamma(2.5, (6 + 14 * response) / 2.5 * 1.2, count)
    habit = Habit(
        persistence=40 + 80 * response, bend=0.02, follow=0.9, margin=between(rng, 1.5, 4), cross=0.3
    )
    leaders = grow(rng, body, start, heading, length, habit)
    width = (0.55 - 0.3 * response) * np.exp(rng.normal(0, 0.35, count))
    return bundle(rng, leaders, members.astype(np.int64), width)


def _circle(rng: np.random.Generator, n: int) -> Array:
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def _stain(rng: np.random.Generator, n: int, grain: float) -> Array:
    """Weight of ``n`` points along filaments, µm: a label binds here more and there less."""
    shape = 1 / max(grain, 0.05) ** 2
    return rng.standard_gamma(shape, n, dtype=np.float32) * np.float32(STEP / 3 / shape)


def _splat(points: Array, weight: Array, rows: Array, columns: Array) -> Array:
    """Density of points on a grid, weight per µm², each shared by the four pixels around it."""
    step = rows[1] - rows[0]
    place = (points - np.array([rows[0], columns[0]], np.float32)) / step
    corner = np.floor(place).astype(np.int64)
    share = place - corner
    shape = (len(rows) + 1, len(columns) + 1)
    fits = np.all((corner >= -1) & (corner < np.array(shape) - 1), axis=1)
    corner, share, weight = corner[fits] + 1, share[fits], weight[fits]
    flat = corner[:, 0] * (shape[1] + 1) + corner[:, 1]
    total = np.zeros((shape[0] + 1) * (shape[1] + 1))
    for dy in (0, 1):
        for dx in (0, 1):
            part = np.abs(1 - dy - share[:, 0]) * np.abs(1 - dx - share[:, 1]) * weight
            total += np.bincount(flat + dy * (shape[1] + 1) + dx, part, len(total))
    image = total.reshape(shape[0] + 1, shape[1] + 1)[1:-1, 1:-1]
    return (image / step**2).astype(np.float32)


def _spread(
    image: Array, at: tuple[Array, Array], out: tuple[Array, Array], sigma: float
) -> Array:
    """Blur an image by ``sigma`` µm and read it off at other rows and columns."""
    down, across = (
        kernel(a, o, sigma, float(a[1] - a[0])) for a, o in zip(at, out, strict=True)
    )
    return np.asarray(down @ image @ across.T, dtype=np.float32)


def _cloud(rng: np.random.Generator) -> Array:
    """Uneven cytoplasm at the nodes of a body, about 1."""
    fine = nodes()
    rough = np.linspace(fine[0], fine[-1], 16, dtype=np.float32)
    values = rng.standard_normal((16, 16), dtype=np.float32)
    return np.exp(0.35 * _spread(values, (rough, rough), (fine, fine), 2.4))


def _expose(
    rng: np.random.Generator, light: Array, axis: Array, dish: Dish
) -> NDArray[np.uint8]:
    """Grey values of the light on the camera."""
    way = between(rng, 0, 2 * np.pi)
    ramp = (axis[:, None] * np.sin(way) + axis[None, :] * np.cos(way)) / FIELD_UM
    image = light * (1 + dish.tilt * ramp) + dish.background
    area = np.float32((axis[1] - axis[0]) ** 2)
    variance = np.maximum(image, 0) / (np.float32(dish.photons) * area) + dish.read**2
    image += np.sqrt(variance) * rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(np.rint(image * (255 * dish.white)), 0, 255).astype(np.uint8)
