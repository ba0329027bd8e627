"""Cells whose predicted phase does not fit their measures: found, ranked, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.review.clusters import log_densities, standard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.measurements import Measurements
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KINDS = ("", "other cluster", "between clusters", "outlier", "network in doubt")
"""Why a cell is suspect; the empty one for those that are not."""
_LEAST = 1e-3  # no measure, and no network, is surer than that
MEASURES = (
    *("volume", "nucleus_volume", "dna_volume", "sphericity", "dna_brightness", "dna_variation"),
    *("dna_grain", "condensation", "dna_elongation", "dna_flatness", "dna_parts"),
)
"""What clusters are looked for in, where it is known."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a cell suspect.

    Parameters
    ----------
    measures : tuple of str
        Names of measures.
    other : float
        A cell lies in another phase's cluster if its measures say so with this probability.
    between : float
        It lies between clusters if its measures give its own phase less than this.
    outlier : float
        It is an outlier if it is among this share of the cells: those that fit their phase worst.
    doubt : float
        The network is in doubt if it gives the phase less than this.
    weight : float
        How much measures count beside the network in the order: 0 not at all, 1 as much as if both
        were independent.
    fewest : int
        A phase with fewer cells shares the cluster of its branch, such as all mitotic ones; if
        these are fewer too, it has none.
    """

    measures: tuple[str, ...] = MEASURES
    other: float = 0.5
    between: float = 0.8
    outlier: float = 0.002
    doubt: float = 0.6
    weight: float = 0.3
    fewest: int = 20


@dataclass(frozen=True, slots=True, eq=False)
class Suspects:
    """How suspect each cell is, and why.

    Parameters
    ----------
    measurements : Measurements
        Of all cells, in the order of the columns below.
    phases : PhaseSet
        The vocabulary.
    phase, likely : ndarray, ``(n,)``, int64
        Predicted leaf (-1 for none), and the likeliest one: by measures alone for a cell in another
        cluster, else by measures and network.
    score : ndarray, ``(n,)``, float64
        Probability that the predicted phase is wrong, as measures and network together have it.
    kind : ndarray, ``(n,)``, int64
        Index of :data:`KINDS`.
    order : ndarray, ``(n,)``, int64
        All cells with a phase, the most suspect first.
    points : ndarray, ``(n, measures)``, float64
        Measures, logarithms of sizes, in robust standard deviations.
    names : tuple of str
        Of the columns of ``points``.
    confidence : ndarray, ``(n,)``, float64
        Of the network in the predicted phase; NaN where not known.
    """

    measurements: Measurements
    phases: PhaseSet
    phase: Ints
    likely: Ints
    score: Floats
    kind: Ints
    order: Ints
    points: Floats
    names: tuple[str, ...]
    confidence: Floats

    def first(self, n: int) -> Ints:
        """Rows of the ``n`` most suspect cells."""
        return self.order[:n]

    def reason(self, row: int) -> str:
        """Say why a cell is suspect: ``mitotic, but its DNA volume is at the 3rd percentile of …``.

        Parameters
        ----------
        row : int
            Of the measurements.

        Returns
        -------
        str
            Empty for a cell that is not.
        """
        kind = KINDS[self.kind[row]]
        if not kind:
            return ""
        own = self.phases.leaves[int(self.phase[row])].name
        other = self.phases.leaves[int(self.likely[row])].name
        if kind == "network in doubt":
            return f"{own} with a probability of {self.confidence[row]:.2f} only"
        mates = np.flatnonzero(self.phase == self.phase[row])
        column = self._telling(row, mates)
        title = self._title(column)
        where = _percentile(self.points[mates, column], float(self.points[row, column]))
        text = f"{own}, but its {title} is {where} of {own} cells"
        if other != own:
            others = self.points[self.phase == self.likely[row], column]
            if len(others):
                beside = _percentile(others, float(self.points[row, column]))
                text += f", {beside} of {other} ones"
        return text

    def _title(self, column: int) -> str:
        measure = self.measurements.measure(self.names[column])
        title = measure.title_of(is_2d=self.measurements.is_2d)
        is_label = measure.name in ("volume", "surface", "sphericity")
        return f"{self.measurements.cells.labels_are} {title}" if is_label else title

    def _telling(self, row: int, mates: Ints) -> int:
        """Measure that speaks loudest against the phase, and for the other one if there is one."""
        away = np.abs(self.points[row] - np.median(self.points[mates], axis=0))
        away /= _spread(self.points[mates])
        others = np.flatnonzero(self.phase == self.likely[row])
        if self.likely[row] != self.phase[row] and len(others):
            near = np.abs(self.points[row] - np.median(self.points[others], axis=0))
            away = away**2 - (near / _spread(self.points[others])) ** 2
        return int(np.argmax(away))


def find_suspects(
    found: Measurements,
    phase: NDArray[Any],
    phases: PhaseSet,
    probabilities: Floats | None = None,
    *,
    limits: Limits | None = None,
) -> Suspects:
    """Look for cells whose phase may be wrong.

    Every phase forms a cluster in the space of measures, a mixture of two Gaussians; sizes and
    intensities are taken as logarithms, scaled by median and median absolute deviation. A cell is
    judged by clusters in which it took no part, and takes its place in the order by the probability
    of its phase, given its measures and what the network says.

    Parameters
    ----------
    found : Measurements
        Of the cells of one image, or of images that were taken alike.
    phase : ndarray, ``(n,)``, int
        Predicted leaf, -1 for a cell without.
    phases : PhaseSet
        The vocabulary.
    probabilities : ndarray, ``(n, leaves)``, float64, optional
        What the network says, best as the mean of its projections; NaN rows where unknown.
    limits : Limits, optional
        What makes a cell suspect.

    Raises
    ------
    CellCycleError
        If no measure is known, or no phase has enough cells for a cluster.
    """
    limits = Limits() if limits is None else limits
    code = np.asarray(phase, np.int64)
    points, names = points_of(found, limits.measures)
    n = len(phases.leaves)
    density = _densities(points, code, phases, limits.fewest)
    has_cluster = np.asarray(np.isfinite(density).any(axis=0), np.bool_)
    if not has_cluster.any():
        raise CellCycleError(
            f"No phase has {limits.fewest} cells, so there are no clusters that {len(code)} cells "
            "could lie outside of. Take more cells, or ask for fewer (fewest)."
        )
    share = np.bincount(code[code >= 0], minlength=n) / max(int((code >= 0).sum()), 1)
    with np.errstate(divide="ignore"):
        prior = np.log(share)
    by_measures = _posterior(density + prior, code, has_cluster)
    together = by_measures
    confidence = np.full(len(code), np.nan)
    rows = np.flatnonzero(code >= 0)
    if probabilities is not None:
        unknown = np.isnan(probabilities).any(axis=1, keepdims=True)
        confidence[rows] = probabilities[rows, code[rows]]
        evidence = limits.weight * np.log(np.maximum(by_measures, _LEAST))
        joined = np.log(np.maximum(probabilities, _LEAST)) + evidence
        together = np.where(unknown, by_measures, _normal(joined))
    own, own_together = np.ones(len(code)), np.ones(len(code))
    own[rows], own_together[rows] = by_measures[rows, code[rows]], together[rows, code[rows]]
    fit = np.full(len(code), np.inf)
    clustered = rows[has_cluster[code[rows]]]
    fit[clustered] = density[clustered, code[clustered]]
    level = np.quantile(fit[clustered], limits.outlier) if len(clustered) else -np.inf
    kind = np.zeros(len(code), np.int64)
    kind[confidence < limits.doubt] = KINDS.index("network in doubt")
    kind[(own < limits.between) & (code >= 0)] = KINDS.index("between clusters")
    kind[fit < level] = KINDS.index("outlier")
    best = by_measures.max(axis=1)
    kind[(best > limits.other) & (own < best) & (code >= 0)] = KINDS.index("other cluster")
    lies = kind == KINDS.index("other cluster")
    likely = np.where(lies, by_measures.argmax(axis=1), together.argmax(axis=1))
    score = np.where(code >= 0, 1 - own_together, 0.0)
    order = rows[np.lexsort((fit[rows], -score[rows]))]
    return Suspects(found, phases, code, likely, score, kind, order, points, names, confidence)


def points_of(found: Measurements, names: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """Measures as clusters are looked for in: logarithms, scaled, without those that tell nothing.

    Raises
    ------
    CellCycleError
        If none is left, or a name is unknown.
    """
    columns, kept = [], []
    for name in names:
        column = found[name]
        if found.measure(name).is_ratio:
            column = np.log(np.where(column > 0, column, np.nan))
        known = np.isfinite(column)
        if known.any() and np.ptp(column[known]) > 0:
            columns.append(column)
            kept.append(name)
    if not columns:
        raise CellCycleError(
            f"None of {', '.join(names)} differs between the {len(found)} cells, so nothing can "
            "be told from them. Measure the cells, or choose other measures."
        )
    return standard(np.stack(columns, axis=1)), tuple(kept)


def _densities(points: Floats, code: Ints, phases: PhaseSet, fewest: int) -> Floats:
    """Density of each leaf's cluster; a rare leaf takes that of its whole branch."""
    density = log_densities(points, code, len(phases.leaves), fewest=fewest)
    rare = ~np.isfinite(density).any(axis=0)
    tops = [phases.top(leaf.slug).slug for leaf in phases.leaves]
    names = list(dict.fromkeys(tops))
    branch = np.array([names.index(top) for top in tops], np.int64)
    shared = {b for b in branch[rare].tolist() if (branch == b).sum() > 1}
    if shared:
        of_branch = np.where(code >= 0, branch[code], -1)
        of_branch[~np.isin(of_branch, list(shared))] = -1
        wide = log_densities(points, of_branch, len(names), fewest=fewest)
        density[:, rare] = wide[:, branch[rare]]
    return density


def _posterior(joint: Floats, code: Ints, has_cluster: NDArray[np.bool_]) -> Floats:
    """Probability of each phase; a phase without a cluster keeps its cells, and gets no others."""
    result = _normal(np.where(np.isfinite(joint), joint, -1e9))
    homeless = (code >= 0) & ~has_cluster[code]
    result[homeless] = 0
    result[homeless, code[homeless]] = 1
    return result


def _normal(logs: Floats) -> Floats:
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def _spread(points: Floats) -> Floats:
    away = np.abs(points - np.median(points, axis=0))
    return np.asarray(np.maximum(1.4826 * np.median(away, axis=0), 0.2), np.float64)


def _percentile(values: Floats, value: float) -> str:
    """``at the 3rd percentile``, or below or above all."""
    below, same = int((values < value).sum()), int((values == value).sum())
    if below + same == len(values) and below and same <= 1:
        return "above all" if same == 0 else "the largest"
    if below == 0 and same <= 1 and len(values) > 1:
        return "below all" if same == 0 else "the smallest"
    rank = min(max(round(100 * (below + same / 2) / len(values)), 1), 99)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(rank % 10 if rank // 10 != 1 else 0, "th")
    return f"at the {rank}{ending} percentile"
