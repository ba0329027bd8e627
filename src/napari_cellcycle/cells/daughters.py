"""Which two labels are the daughters of one division: candidates, scored and ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures import RECIPE
from napari_cellcycle.cells.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable

    Floats = NDArray[np.float64]
    Volume = NDArray[Any]

FEATURES = ("distance", "gap", "size", "content", "facing", "parallel", "wall", "blocked")
WEIGHTS = {
    "distance": -2.9,
    "gap": -0.3,
    "size": -1.1,
    "facing": 3.3,
    "aligned": 19.4,
    "blocked": -17.1,
    "wall": -4.3,
}
OFFSET = -2.1
"""Fitted to 272 pairs and 1,920 others in ten simulated fields, see :func:`pair_score`."""
DNA_WEIGHTS = {
    "distance": -3.0,
    "gap": -0.9,
    "size": -0.5,
    "facing": 4.2,
    "aligned": 16.5,
    "blocked": -18.5,
}
DNA_OFFSET = -1.2
"""The same where no channel shows the membrane."""
_RAYS = 24  # directions in which a cell's own wall is looked for
_BESIDE = 0.35  # radii: how far beside the line between two plates the membrane is looked at too
_SAMPLES = 33  # along a line


@dataclass(frozen=True, slots=True)
class PairOptions:
    """How pairs are found.

    Parameters
    ----------
    reach : float
        Centres of daughters are at most so many sums of their radii apart.
    at_least : float
        Score of a pair that is chosen.
    """

    reach: float = 4.0
    at_least: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Candidate pairs of one frame, the best first.

    Parameters
    ----------
    rows : ndarray, ``(m, 2)``, int64
        Rows of the table of cells.
    features : ndarray, ``(m, 8)``, float64
        Columns :data:`FEATURES`: distance of the centres of DNA and gap between the two sets, in
        sums of their radii; smaller over larger size and DNA content; how squarely the flat sides
        face each other, and how parallel they are, 0 to 1; membrane between them, as a share of the
        walls around (0 open, 1 closed; NaN without a membrane channel); share of the line between
        them that lies in other cells.
    score : ndarray, ``(m,)``, float64
        0 to 1.
    chosen : ndarray, ``(m,)``, bool
        Whether it is a pair: the best ones, each cell in one at most.
    """

    rows: NDArray[np.int64]
    features: Floats
    score: Floats
    chosen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, name: str) -> Floats:
        column: Floats = self.features[:, FEATURES.index(name)]
        return column


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    """DNA of one cell: where, how large, how it lies. Lengths in the units of the spacing."""

    centre: Floats
    radius: float
    normal: Floats
    flatness: float  # 0 round, towards 1 flat
    size: float
    content: float
    points: Floats


def find_daughters(
    dna: Volume,
    labels: NDArray[np.integer[Any]],
    cells: CellTable,
    *,
    candidates: ArrayLike | None = None,
    membrane: Volume | None = None,
    options: PairOptions | None = None,
) -> Pairs:
    """Find pairs of daughters among the cells of one frame.

    Parameters
    ----------
    dna, membrane : ndarray, ``(z, y, x)``
        Channels of the frame.
    labels : ndarray, ``(z, y, x)``, integer
        Its segmentation.
    cells : CellTable
        Rows of this frame only.
    candidates : array-like, optional
        Rows, or a mask of them: cells in anaphase, telophase or cytokinesis. All by default.
    options : PairOptions, optional
        How pairs are found.
    """
    options = PairOptions() if options is None else options
    rows = np.arange(len(cells))
    rows = rows if candidates is None else rows[np.asarray(candidates)]
    step = np.array(cells.spacing.zyx)
    plates = [_plate(dna, labels, cells, int(row), step) for row in rows]
    near = _near(plates, options.reach)
    features = [
        _compare(plates[a], plates[b], labels, set(cells.label[both].tolist()), membrane, step)
        for (b, a), both in zip(near.tolist(), rows[near], strict=True)
    ]
    table = np.array(features).reshape(-1, len(FEATURES))
    score = pair_score(table)
    order = np.argsort(-score, kind="stable")
    pairs = rows[near][order]
    chosen = np.zeros(len(pairs), bool)
    good = np.flatnonzero(score[order] >= options.at_least)
    chosen[good[choose_pairs(pairs[good])]] = True
    return Pairs(pairs, table[order], score[order], chosen)


def choose_pairs(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the best pair, then the best of those that are left, and so on.

    Parameters
    ----------
    rows : ndarray, ``(m, 2)``, int64
        Cells of each pair, the best pair first.

    Returns
    -------
    ndarray of int64
        Places of the pairs that are taken: each cell is in one at most.
    """
    chosen, taken = [], set[int]()
    for place, pair in enumerate(rows.tolist()):
        if taken.isdisjoint(pair):
            chosen.append(place)
            taken.update(pair)
    return np.array(chosen, np.int64)


def _near(plates: Sequence[_Plate], reach: float) -> NDArray[np.int64]:
    """Places of plates that are not further apart than so many of their radii, ``(m, 2)``."""
    from scipy.spatial import cKDTree

    if not plates:
        return np.zeros((0, 2), np.int64)
    centre = np.array([plate.centre for plate in plates])
    radius = np.array([plate.radius for plate in plates])
    pairs = cKDTree(centre).query_pairs(2.001 * reach * radius.max(), output_type="ndarray")
    pairs = pairs[np.lexsort(pairs.T)].astype(np.int64)
    apart = np.linalg.norm(np.subtract(*centre[pairs.T]), axis=1)
    close = (apart > 0) & (apart <= reach * radius[pairs].sum(axis=1))
    return np.asarray(pairs[close], np.int64)


def _plate(
    dna: Volume,
    labels: NDArray[np.integer[Any]],
    cells: CellTable,
    row: int,
    step: Floats,
) -> _Plate:
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
    return _Plate(
        centre=centre,
        radius=cell.radius,
        normal=axes[:, 0],
        flatness=1 - float(np.sqrt(variances[0] / lateral.mean())),
        size=float(len(points)),
        content=float(weights.sum()),
        points=points - centre,
    )


def _compare(
    first: _Plate,
    second: _Plate,
    labels: NDArray[np.integer[Any]],
    both: set[int],
    membrane: Volume | None,
    step: Floats,
) -> tuple[float, ...]:
    way = second.centre - first.centre
    apart = float(np.linalg.norm(way))
    way /= apart
    unit = first.radius + second.radius
    gap = apart - np.percentile(first.points @ way, 95) + np.percentile(second.points @ way, 5)
    squarely = [abs(float(plate.normal @ way)) * plate.flatness for plate in (first, second)]
    line = first.centre + np.linspace(0, 1, _SAMPLES)[:, None] * way * apart
    on = labels[tuple(_voxels(line, labels.shape, step).T)]
    return (
        apart / unit,
        float(gap) / unit,
        min(first.size, second.size) / max(first.size, second.size),
        min(first.content, second.content) / max(first.content, second.content),
        float(np.mean(squarely)),
        abs(float(first.normal @ second.normal)) * min(first.flatness, second.flatness),
        np.nan if membrane is None else _wall(first, second, way, apart, membrane, step),
        float(np.mean((on != 0) & ~np.isin(on, list(both)))),
    )


def _wall(
    first: _Plate, second: _Plate, way: Floats, apart: float, membrane: Volume, step: Floats
) -> float:
    """Membrane between two sets, as a share of the walls on their other sides."""
    across = np.linalg.svd(way[None])[2][1:]
    if membrane.shape[0] == 1:
        across = np.array([[0, -way[2], way[1]]])
    aside = _BESIDE * (first.radius + second.radius) / 2
    starts = [first.centre] + [first.centre + s * aside * a for a in across for s in (1, -1)]
    between = [_ray(start, way, apart, membrane, step) for start in starts]
    low = min(float(ray.min()) for ray in between)
    walls = []
    for plate, ahead in ((first, way), (second, -way)):
        for to in _directions(membrane.shape[0] == 1):
            if to @ ahead < 0.3:
                walls.append(_ray(plate.centre, to, 3 * plate.radius, membrane, step).max())
    closed = float(np.mean([ray.max() for ray in between]))
    around = float(np.median(walls))
    return float(np.clip((closed - low) / max(around - low, 1e-9), 0, 2))


def _directions(is_2d: bool) -> Floats:
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(_RAYS)
    z = np.zeros(_RAYS) if is_2d else 1 - 2 * (np.arange(_RAYS) + 0.5) / _RAYS
    flat = np.sqrt(1 - z**2)
    return np.stack([z, flat * np.sin(turn), flat * np.cos(turn)], axis=1)


def _ray(start: Floats, way: Floats, length: float, volume: Volume, step: Floats) -> Floats:
    from scipy import ndimage

    at = (start + np.linspace(0, length, _SAMPLES)[:, None] * way) / step
    found = ndimage.map_coordinates(volume, at.T, output=np.float64, order=1, mode="nearest")
    return np.asarray(found)


def _voxels(points: Floats, shape: tuple[int, ...], step: Floats) -> NDArray[np.int64]:
    return np.clip(np.rint(points / step).astype(np.int64), 0, np.array(shape) - 1)


def pair_score(features: Floats) -> Floats:
    """Score pairs: the probability of a logistic regression.

    It was fitted to the daughters of all divisions in ten simulated fields (seeds 100 to 109 of
    ``benchmarks/bench_daughters.py``), once by their nuclei and once by their cells.

    Parameters
    ----------
    features : ndarray, ``(m, 8)``, float64
        Columns :data:`FEATURES`.

    Returns
    -------
    ndarray, ``(m,)``, float64
        0 to 1.
    """
    column = dict(zip(FEATURES, features.T, strict=True))
    wall = np.log(column["wall"] + 0.1)
    terms = {
        "distance": np.log(column["distance"]),
        "gap": column["gap"],
        "size": np.log(column["size"]),
        "facing": column["facing"],
        "aligned": column["facing"] * column["parallel"],
        "blocked": column["blocked"],
        "wall": np.nan_to_num(wall),
    }
    seen = sum(WEIGHTS[name] * term for name, term in terms.items()) + OFFSET
    unseen = sum(DNA_WEIGHTS[name] * terms[name] for name in DNA_WEIGHTS) + DNA_OFFSET
    logit = np.where(np.isnan(wall), unseen, seen)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float64)
