"""Which two labels are the daughters of one division: candidates, scored and ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.daughters.pair_score import FEATURES, best_score, pair_score
from napari_cellcycle.cells.daughters.plates import (
    Plate,
    blocked,
    gap,
    typical_height,
    typical_size,
    wall,
)
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable

    Floats = NDArray[np.float64]
    Volume = NDArray[Any]

_ALIKE = 0.3  # smaller over larger content of two whole cells: sisters have the same DNA
_SAMPLE = 200  # cells of a frame that tell what is typical
_BATCH = 64


@dataclass(frozen=True, slots=True)
class PairOptions:
    """How pairs are found.

    Parameters
    ----------
    reach : float
        Centres of daughters are at most so many sums of their radii apart.
    at_least : float
        Score of a pair that is chosen.
    listed : float
        Pairs whose score cannot reach this are left out.
    partners : int
        Pairs are looked at closely if they are among so many of the likeliest of either cell.
    """

    reach: float = 4.0
    at_least: float = 0.2
    listed: float = 0.001
    partners: int = 6


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Candidate pairs of one frame, the best first.

    Parameters
    ----------
    rows : ndarray, ``(m, 2)``, int64
        Rows of the table of cells.
    features : ndarray, ``(m, 10)``, float64
        Columns :data:`FEATURES`: distance of the centres of DNA and gap between the two sets, in
        sums of their radii; smaller over larger size and DNA content; how squarely the flat sides
        face each other, how parallel they are, and how flat the sets are, 0 to 1; DNA volume of
        one, the geometric mean, beside that of a typical cell of the frame (NaN where there are
        fewer than four); membrane between them, as a share of the walls around (0 open, 1
        closed; NaN without a membrane channel); share of the line between them that lies in other
        cells.
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

    Lengths along z are measured in heights of the typical cell's DNA: nuclei that all lie flat on
    glass, or a spacing that is assumed, say nothing of one pair. Two cells of which one has less
    than 0.3 of the other's DNA score 0, unless the border of the image cuts one.

    Parameters
    ----------
    dna, membrane : ndarray, ``(z, y, x)``
        Channels of the frame.
    labels : ndarray, ``(z, y, x)``, integer
        Its segmentation.
    cells : CellTable
        Rows of this frame only.
    candidates : array-like, optional
        Rows, or a mask of them: cells that may be daughters. All by default.
    options : PairOptions, optional
        How pairs are found.
    """
    work = iter_daughters(
        dna, labels, cells, candidates=candidates, membrane=membrane, options=options
    )
    return run_to_end(work)


def iter_daughters(
    dna: Volume,
    labels: NDArray[np.integer[Any]],
    cells: CellTable,
    *,
    candidates: ArrayLike | None = None,
    membrane: Volume | None = None,
    options: PairOptions | None = None,
) -> Generator[tuple[int, int], None, Pairs]:
    """Do what :func:`find_daughters` does, step by step.

    Yields
    ------
    tuple of int
        How far it is, and how far it goes.
    """
    options = PairOptions() if options is None else options
    every = np.arange(len(cells))
    rows = every if candidates is None else every[np.asarray(candidates)]
    if not len(rows):
        none = np.zeros(0)
        return Pairs(np.zeros((0, 2), np.int64), np.zeros((0, len(FEATURES))), none, none > 0)
    sample = every[:: -(-len(every) // _SAMPLE)]
    step = np.array(cells.spacing.zyx)
    looked = np.union1d(rows, sample).tolist()
    whole = len(sample) + 2 * len(looked)
    rough: list[Plate] = []
    for row in sample.tolist() if labels.shape[0] > 1 else []:
        if len(rough) % _BATCH == 0:
            yield len(rough), whole
        rough.append(Plate.find(dna, labels, cells, row, step))
    step = step / (typical_height(rough), 1, 1)
    plates: dict[int, Plate] = {}
    for done, row in enumerate(looked):
        if done % _BATCH == 0:
            yield len(sample) + done, whole
        plates[row] = Plate.find(dna, labels, cells, row, step)
    typical = typical_size(np.array([plates[row].size for row in sample.tolist()]))
    found = [plates[row] for row in rows.tolist()]
    near = _near(found, options.reach)
    table = _beside(found, near, typical, is_2d=labels.shape[0] == 1)
    table[:, FEATURES.index("wall")] = np.nan if membrane is None else 0
    unlike = (table[:, FEATURES.index("content")] < _ALIKE) & ~cells.touches_border[rows[near]].any(
        1
    )
    may = _likeliest(near, np.where(unlike, 0, best_score(table)), options)
    near, table, unlike = near[may], table[may], unlike[may]
    for done, (b, a) in enumerate(near.tolist()):
        if done % _BATCH == 0:
            yield whole - len(looked) * (len(near) - done) // len(near), whole
        first, second = found[a], found[b]
        own = cells.label[rows[[a, b]]].tolist()
        between = {
            "gap": gap(first, second) / (first.radius + second.radius),
            "wall": np.nan if membrane is None else wall(first, second, membrane, step),
            "blocked": blocked(first, second, labels, own, step),
        }
        for name, value in between.items():
            table[done, FEATURES.index(name)] = value
    score = np.where(unlike, 0, pair_score(table))
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


def _near(plates: Sequence[Plate], reach: float) -> NDArray[np.int64]:
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


def _beside(
    plates: Sequence[Plate], near: NDArray[np.int64], typical: float, *, is_2d: bool
) -> Floats:
    """Compare plates as far as it takes no look at the image: columns :data:`FEATURES`."""
    radius, size, content, flatness = (
        np.array([getattr(plate, name) for plate in plates])
        for name in ("radius", "size", "content", "flatness")
    )
    centre, normal = (
        np.array([getattr(plate, name) for plate in plates]).reshape(-1, 3)
        for name in ("centre", "normal")
    )
    a, b = near.T
    way = centre[b] - centre[a]
    apart = np.linalg.norm(way, axis=1)
    way /= apart[:, None]
    squarely = [np.abs((normal[i] * way).sum(axis=1)) * flatness[i] for i in (a, b)]
    parallel = np.abs((normal[a] * normal[b]).sum(axis=1))
    columns = {
        "distance": apart / (radius[a] + radius[b]),
        "size": np.minimum(size[a], size[b]) / np.maximum(size[a], size[b]),
        "content": np.minimum(content[a], content[b]) / np.maximum(content[a], content[b]),
        "facing": (squarely[0] + squarely[1]) / 2,
        "parallel": parallel * np.minimum(flatness[a], flatness[b]),
        "flatness": (flatness[a] + flatness[b]) / 2,
        "volume": (np.sqrt(size[a] * size[b]) / typical) ** (1.5 if is_2d else 1),
    }
    return np.stack([columns.get(name, np.zeros(len(near))) for name in FEATURES], axis=1)


def _likeliest(near: NDArray[np.int64], best: Floats, options: PairOptions) -> NDArray[np.int64]:
    """Places of pairs that are worth a close look."""
    seen = [0] * (int(near.max(initial=-1)) + 1)
    kept = []
    for place in np.argsort(-best, kind="stable").tolist():
        if best[place] < options.listed:
            break
        a, b = near[place].tolist()
        if min(seen[a], seen[b]) < options.partners:
            kept.append(place)
        seen[a] += 1
        seen[b] += 1
    return np.array(sorted(kept), np.int64)
