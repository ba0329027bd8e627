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
from napari_cellcycle.simulate.adherent import NODES, adherent_body, nodes
from napari_cellcycle.simulate.filaments import STEP
from napari_cellcycle.simulate.grid import between, kernel, scale_between
from napari_cellcycle.simulate.network import LENGTH_UM, network

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.adherent import Plane
    from napari_cellcycle.simulate.grid import Array

FIELD_UM = 50.0
"""Edge of an image, µm, whatever its number of pixels."""
MIN_SIZE = 32
_PER_STEP = 5
_RESPONSE = {"0": (0.10, 0.10), "0.1": (0.42, 0.12), "1": (0.75, 0.14)}
"""Mean and standard deviation of the cells' response to each exposure, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Dish:
    """What the cells of one experiment share: how they grow, are stained and are imaged.

    Parameters
    ----------
    radius, elongation, corners : float
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
    corners: float
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
        corners=between(rng, 0.05, 0.5),
        filaments=scale_between(rng, 260, 620),
        crowding=between(rng, 0, 0.6),
        shift=float(rng.normal(0, 0.04)),
        blur=scale_between(rng, 0.11, 0.24) if confocal else scale_between(rng, 0.16, 0.4),
        section=between(rng, 0.1, 0.4) if confocal else between(rng, 0.8, 1.2),
        free=between(rng, 0.15, 0.5) if confocal else between(rng, 0.3, 1.0),
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
        "group": np.array([f"seed-{seed}-dish-{place:02d}" for place in places]),
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
    y, x = rng.normal(0, 1.5, 2).astype(np.float32)
    light = _cell(rng, response, axis - y, axis - x, dish)
    if rng.random() < dish.crowding:
        turn, apart = between(rng, 0, 2 * np.pi), between(rng, 1.7, 2.3) * dish.radius
        y, x = y + np.float32(apart * np.sin(turn)), x + np.float32(apart * np.cos(turn))
        light += _cell(rng, response, axis - y, axis - x, dish)
    return _expose(rng, light, axis, dish)


def _cell(
    rng: np.random.Generator, response: float, rows: Array, columns: Array, dish: Dish
) -> Array:
    """Light of a cell at rows and columns (µm from its middle), about 1 where it is bright."""
    from scipy import ndimage

    body = adherent_body(
        rng,
        radius=dish.radius * float(np.exp(rng.normal(0, 0.09))),
        elongation=float(np.exp(abs(np.log(dish.elongation) + rng.normal(0, 0.22)))),
        corners=dish.corners,
    )
    coarse = nodes()
    focus = between(rng, 0.2, 1.3)
    sharp = np.zeros((len(rows), len(columns)), np.float32)
    hazy = np.zeros((NODES, NODES), np.float32)
    parts = network(rng, body, response, dish.filaments * body.area / (np.pi * dish.radius**2))
    for part in parts:
        points = part.samples(_PER_STEP)
        height = rng.random(len(points), dtype=np.float32) * body.thickness[body.nearest(points)]
        seen = np.abs(height - focus) < 0.75
        weight = _stain(rng, len(points), dish.grain)
        sharp += _splat(points[seen], weight[seen], rows, columns)
        hazy += _splat(points[~seen], weight[~seen], coarse, coarse)
    light = ndimage.gaussian_filter(sharp, dish.blur / float(rows[1] - rows[0]), truncate=3)

    shadow = between(rng, 0.55, 0.95) * np.clip(1.6 * (1.12 - body.nucleus), 0, 1)
    free = body.thickness * (1 - shadow) * _cloud(rng)
    density = sum(part.length for part in parts) / body.area
    free *= (
        density * dish.free * (1 - 0.6 * response) / max(float(free[body.room > 0].mean()), 1e-3)
    )
    hazy *= dish.section
    hazy += (0.4 + 0.6 * dish.section) * free.reshape(NODES, NODES)
    light += _read(hazy, rows, columns, between(rng, 0.5, 0.9))
    bright = 0.8 * LENGTH_UM * dish.filaments / (np.pi * dish.radius**2)
    bright *= 1 + dish.section * (1 + dish.free)
    light *= np.float32(np.exp(rng.normal(0, 0.18)) / bright)
    return np.asarray(light, dtype=np.float32)


def _stain(rng: np.random.Generator, n: int, grain: float) -> Array:
    """Weight of ``n`` points along filaments, µm: a label binds here more and there less."""
    shape = 1 / max(grain, 0.05) ** 2
    weight = rng.standard_gamma(shape, n, dtype=np.float32)
    return np.asarray(weight * np.float32(STEP / _PER_STEP / shape), dtype=np.float32)


def _splat(points: Plane, weight: Array, rows: Array, columns: Array) -> Array:
    """Density of points on a grid, weight per µm², each shared by the four pixels around it."""
    step = float(rows[1] - rows[0])
    y, x = (points.imag - rows[0]) / step + 1, (points.real - columns[0]) / step + 1
    height, width = len(rows) + 2, len(columns) + 2
    fits = (y >= 0) & (y < height - 1) & (x >= 0) & (x < width - 1)
    y, x, weight = y[fits], x[fits], weight[fits] / np.float32(step**2)
    row, column = y.astype(np.int64), x.astype(np.int64)
    y, x = y - row, x - column
    corner = row * width + column
    total = np.zeros(height * width)
    for shift, part in (
        (0, (1 - y) * (1 - x)),
        (1, (1 - y) * x),
        (width, y * (1 - x)),
        (width + 1, y * x),
    ):
        total += np.bincount(corner + shift, part * weight, len(total))
    return total.astype(np.float32).reshape(height, width)[1:-1, 1:-1]


def _read(values: Array, rows: Array, columns: Array, sigma: float) -> Array:
    """Blur values at the nodes by ``sigma`` µm and read them off at rows and columns."""
    at = nodes()
    step = float(at[1] - at[0])
    down, across = (kernel(at, out, sigma, step) for out in (rows, columns))
    for matrix in (down, across):
        matrix[matrix < 1e-9] = 0  # numbers too small to be normal make products slow
    return np.asarray(down @ (values @ across.T), dtype=np.float32)


def _cloud(rng: np.random.Generator) -> Array:
    """Uneven cytoplasm at the nodes of a body, about 1."""
    out = nodes()
    at = np.linspace(out[0], out[-1], 16, dtype=np.float32)
    matrix = kernel(at, out, 2.4, float(at[1] - at[0]))
    values = rng.standard_normal((16, 16), dtype=np.float32)
    return np.asarray(np.exp(0.35 * (matrix @ values @ matrix.T)).ravel(), dtype=np.float32)


def _expose(rng: np.random.Generator, light: Array, axis: Array, dish: Dish) -> NDArray[np.uint8]:
    """Grey values of the light on the camera."""
    way = between(rng, 0, 2 * np.pi)
    ramp = (axis[:, None] * np.sin(way) + axis[None, :] * np.cos(way)) / FIELD_UM
    image = light * (1 + dish.tilt * ramp.astype(np.float32)) + np.float32(dish.background)
    area = float(axis[1] - axis[0]) ** 2
    variance = image / np.float32(dish.photons * area) + np.float32(dish.read**2)
    image += np.sqrt(variance) * rng.standard_normal(image.shape, dtype=np.float32)
    grey = np.rint(image * np.float32(255 * dish.white))
    return np.asarray(np.clip(grey, 0, 255), dtype=np.uint8)
