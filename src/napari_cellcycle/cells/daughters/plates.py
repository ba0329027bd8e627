"""The DNA of cells that may be daughters: where it is, how it lies, and what is between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures.measures import RECIPE
from napari_cellcycle.cells.views.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

    Floats = NDArray[np.float64]
    Volume = NDArray[Any]
    Labels = NDArray[np.integer[Any]]

_RAYS = 24  # directions in which a cell's own wall is looked for
_BESIDE = 0.35  # radii: how far beside the line between two plates the membrane is looked at too
_SAMPLES = 33  # along a line
_ENOUGH = 4  # cells that tell how large one is
_MANY = 8  # and how high


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """DNA of one cell. Lengths are in the units of the spacing.

    Parameters
    ----------
    centre : ndarray, ``(3,)``
        From the volume's first voxel.
    radius : float
        Of the ball with the DNA's radius of gyration.
    normal : ndarray, ``(3,)``
        The shortest axis.
    flatness : float
        0 round, towards 1 flat.
    size, content : float
        Voxels of bright DNA, and their grey values above background, added up.
    points : ndarray, ``(n, 3)``
        Its voxels, from the centre.
    """

    centre: Floats
    radius: float
    normal: Floats
    flatness: float
    size: float
    content: float
    points: Floats

    @classmethod
    def find(cls, dna: Volume, labels: Labels, cells: CellTable, row: int, step: Floats) -> Plate:
        """Find the DNA of a cell of one frame."""
        cell = Subject.find(
            dna,
            labels,
            int(cells.label[row]),
            cells.bbox[row],
            recipe=RECIPE,
            step=step,
            labels_are=cells.labels_are,
        )
        # what is bright outside the label may be the sister's
        bright = cell.foreground & cell.own
        bright = bright if bright.sum() >= 8 else cell.own
        start = np.array([part.start for part in cell.box])
        points = (np.stack(np.nonzero(bright), axis=1) + start) * step
        weights = np.maximum(cell.values[bright] - cell.background, 1e-6).astype(np.float64)
        centre = weights @ points / weights.sum()
        spread = np.cov(points, rowvar=False, aweights=weights, bias=True) + np.diag(step**2 / 12)
        if labels.shape[0] == 1:
            spread[0] = spread[:, 0] = 0
            spread[0, 0] = np.trace(spread)  # never the shortest axis
        variances, axes = np.linalg.eigh(spread)
        lateral = variances[1:] if labels.shape[0] > 1 else variances[1:2]
        return cls(
            centre=centre,
            radius=cell.radius,
            normal=axes[:, 0],
            flatness=1 - float(np.sqrt(variances[0] / lateral.mean())),
            size=float(len(points)),
            content=float(weights.sum()),
            points=points - centre,
        )


def typical_size(sizes: Floats) -> float:
    """Size above which half of all DNA lies; small daughters hardly change it.

    Parameters
    ----------
    sizes : ndarray, ``(n,)``, float64
        Of the cells of a frame, or of a part of them.

    Returns
    -------
    float
        NaN where there are fewer than four.
    """
    if len(sizes) < _ENOUGH:
        return np.nan
    ranked = np.sort(sizes)
    total = np.cumsum(ranked)
    return float(ranked[np.searchsorted(total, total[-1] / 2)])


def typical_height(plates: Sequence[Plate]) -> float:
    """Extent of a typical cell's DNA along z, as a multiple of that along y and x.

    It is near 1 where cells lie in all directions and the spacing is right.

    Parameters
    ----------
    plates : sequence of Plate
        Cells of a stack, or a part of them.

    Returns
    -------
    float
        1 where there are fewer than eight.
    """
    if len(plates) < _MANY:
        return 1.0
    spread = np.array([plate.points.var(axis=0) for plate in plates])
    ratio = spread[:, 0] / np.maximum(spread[:, 1:].mean(axis=1), 1e-12)
    return float(np.sqrt(np.median(ratio))) or 1.0


def gap(first: Plate, second: Plate) -> float:
    """Distance between two sets of DNA along the line through their centres."""
    way = second.centre - first.centre
    apart = float(np.linalg.norm(way))
    way /= apart
    ends = np.percentile(first.points @ way, 95), np.percentile(second.points @ way, 5)
    return float(apart - ends[0] + ends[1])


def blocked(first: Plate, second: Plate, labels: Labels, own: list[int], step: Floats) -> float:
    """Share of the line between two plates that lies in labels other than their ``own``."""
    along = np.linspace(0, 1, _SAMPLES)[:, None]
    line = first.centre + along * (second.centre - first.centre)
    places = np.rint(line / step).astype(np.int64)
    on = labels[tuple(np.clip(places, 0, np.array(labels.shape) - 1).T)]
    return float(np.mean((on != 0) & ~np.isin(on, own)))


def wall(first: Plate, second: Plate, membrane: Volume, step: Floats) -> float:
    """Membrane between two plates, as a share of the walls on their other sides: 0 is open."""
    is_2d = membrane.shape[0] == 1
    way = second.centre - first.centre
    apart = float(np.linalg.norm(way))
    way /= apart
    across = np.linalg.svd(way[None])[2][1:]
    if is_2d:
        across = np.array([[0, -way[2], way[1]]])
    aside = _BESIDE * (first.radius + second.radius) / 2
    beside = [sign * aside * to for to in across for sign in (1, -1)]
    between = np.array([first.centre, *(first.centre + shift for shift in beside)])
    starts, ways = [between], [np.broadcast_to(way * apart, between.shape)]
    for plate, ahead in ((first, way), (second, -way)):
        to = _directions(is_2d=is_2d)
        to = to[to @ ahead < 0.3]
        starts.append(np.broadcast_to(plate.centre, to.shape))
        ways.append(to * 3 * plate.radius)
    rays = _along(np.concatenate(starts), np.concatenate(ways), membrane, step)
    crossed, walls = rays[: len(between)], rays[len(between) :]
    low, around = float(crossed.min()), float(np.median(walls.max(axis=1)))
    closed = float(crossed.max(axis=1).mean())
    return float(np.clip((closed - low) / max(around - low, 1e-9), 0, 2))


def _directions(*, is_2d: bool) -> Floats:
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(_RAYS)
    z = np.zeros(_RAYS) if is_2d else 1 - 2 * (np.arange(_RAYS) + 0.5) / _RAYS
    flat = np.sqrt(1 - z**2)
    return np.stack([z, flat * np.sin(turn), flat * np.cos(turn)], axis=1)


def _along(starts: Floats, ways: Floats, volume: Volume, step: Floats) -> Floats:
    """Grey values along lines, ``(lines, samples)``."""
    from scipy import ndimage

    at = starts[:, None] + np.linspace(0, 1, _SAMPLES)[:, None] * ways[:, None]
    places = np.moveaxis(at / step, -1, 0)
    found = ndimage.map_coordinates(volume, places, output=np.float64, order=1, mode="nearest")
    return np.asarray(found)
