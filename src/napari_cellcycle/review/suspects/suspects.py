"""Cells whose predicted phase does not fit their measures: found, ranked, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_cellcycle.models.ensemble import softmax
from napari_cellcycle.review.suspects.clusters import Clusters, iter_clusters, posterior
from napari_cellcycle.review.suspects.taught import LEAST, NOBODY, weigh_anew
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from napari_cellcycle.cells.measures.measurements import Measurements
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KINDS = ("", "other phase", "between phases", "outlier", "network in doubt")
"""Why a cell is suspect; the empty one for those that are not."""
MEASURES = (
    *("volume", "nucleus_volume", "dna_volume", "sphericity", "dna_brightness", "dna_variation"),
    *("dna_grain", "condensation", "dna_elongation", "dna_flatness", "dna_parts", "elongation"),
    *("dna_quartile", "dna_skewness", "dna_sharpness", "dna_maximum", "dna_rim", "dna_middle"),
    *("dna_share", "dna_offset", "dna_halves", "dna_half_elongation"),
)
"""What is looked at, where it is known."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a cell suspect.

    Parameters
    ----------
    measures : tuple of str
        Names of measures.
    by : {"discriminant", "clusters"}
        What the measures say: as a discriminant learns it from the other cells, or by the mixture
        of two Gaussians that each phase forms, as the Allen Institute looked for its suspects. Of
        fewer than 100 cells, and of a phase with fewer than 5, clusters are taken.
    other : float
        A cell looks like another phase if its measures say so with this probability.
    between : float
        It lies between phases if its measures give its own one less than this.
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
    by: Literal["discriminant", "clusters"] = "discriminant"
    other: float = 0.5
    between: float = 0.8
    outlier: float = 0.002
    doubt: float = 0.6
    weight: float = 0.2
    fewest: int = 20


@dataclass(frozen=True, slots=True, eq=False)
class Suspects:
    """How suspect each cell is, and why.

    Parameters
    ----------
    clusters : Clusters
        What measures say of the cells, in the order of the columns below.
    likely : ndarray, ``(n,)``, int64
        The likeliest leaf: by measures alone for a cell that looks like another phase, else by
        measures and network.
    score : ndarray, ``(n,)``, float64
        Probability that the predicted phase is wrong, as measures and network together have it,
        and answers; 0 where somebody has judged the cell.
    kind : ndarray, ``(n,)``, int64
        Index of :data:`KINDS`.
    order : ndarray, ``(n,)``, int64
        All cells with a predicted phase that nobody has judged, the most suspect first.
    confidence : ndarray, ``(n,)``, float64
        Of the network in the predicted phase; NaN where not known.
    """

    clusters: Clusters
    likely: Ints
    score: Floats
    kind: Ints
    order: Ints
    confidence: Floats

    @property
    def measurements(self) -> Measurements:
        """Of all cells."""
        return self.clusters.measurements

    @property
    def phases(self) -> PhaseSet:
        """The vocabulary."""
        return self.clusters.phases

    @property
    def phase(self) -> Ints:
        """Predicted leaf, -1 for none, ``(n,)``."""
        return self.clusters.phase

    @property
    def answers(self) -> int:
        """How many phases that people gave were learned from."""
        return int((self.clusters.known >= 0).sum())

    def first(self, n: int) -> Ints:
        """Rows of the ``n`` most suspect cells."""
        return self.order[:n]

    def reason(self, row: int, *, brief: bool = False) -> str:
        """Say why a cell is suspect: ``mitotic, but its DNA volume is at the 3rd percentile of …``.

        Parameters
        ----------
        row : int
            Of the measurements.
        brief : bool
            Leave out what a list of cells shows beside it: the phase.

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
            name = "predicted" if brief else own
            text = f"{name} with a probability of {self.confidence[row]:.2f} only"
            return text if other == own else f"{text}; {other} is likelier"
        points, column = self.clusters.points, self._telling(row)
        value, lesson = float(points[row, column]), self.clusters.lesson
        where = _percentile(points[lesson == self.phase[row], column], value)
        title = self.measurements.plain_title(self.clusters.names[column])
        text = f"{title} is {where}"
        if not brief:
            text = f"{own}, but its {text} of {own} cells"
        others = points[lesson == self.likely[row], column]
        if other != own and len(others):
            text += f", {_percentile(others, value)} of {other} ones"
        return text

    def _telling(self, row: int) -> int:
        """Measure that speaks loudest against the phase, and for the other one if there is one."""
        own, other, by = int(self.phase[row]), int(self.likely[row]), self.clusters
        away = ((by.points[row] - by.centre[own]) / by.spread[own]) ** 2
        if other != own and np.isfinite(by.centre[other]).all():
            away -= ((by.points[row] - by.centre[other]) / by.spread[other]) ** 2
        return int(np.argmax(away))


def find_suspects(
    found: Measurements,
    phase: NDArray[Any],
    phases: PhaseSet,
    probabilities: Floats | None = None,
    *,
    known: NDArray[Any] | None = None,
    limits: Limits | None = None,
) -> Suspects:
    """Look for cells whose phase may be wrong.

    Sizes and intensities are taken as logarithms, scaled by median and median absolute deviation.
    A discriminant of the measures and their squares learns the phases that the network finds
    likeliest, or every phase forms a cluster, a mixture of two Gaussians. A cell is judged by what
    the others teach, and takes its place in the order by the probability of its phase, given its
    measures and what the network says.

    Phases that people gave are learned in place of the predicted ones. Cells that they judged are
    not suspect any more, and from 50 answers on these show how much measures and network count: see
    :func:`~napari_cellcycle.review.suspects.taught.weigh_anew`, also for what it means that people
    judge suspect cells and not any.

    Parameters
    ----------
    found : Measurements
        Of the cells of one image, or of images that were taken alike.
    phase : ndarray, ``(n,)``, int
        Predicted leaf, -1 for a cell without.
    phases : PhaseSet
        The vocabulary.
    probabilities : ndarray, ``(n, leaves)``, float64, optional
        What the network says, best as the geometric mean of its projections; NaN rows where
        unknown.
    known : ndarray, ``(n,)``, int, optional
        Leaf that people gave, -1 where nobody has judged the cell, -2 where they gave it none: they
        are unsure, excluded it, or do not agree.
    limits : Limits, optional
        What makes a cell suspect.

    Raises
    ------
    CellCycleError
        If no measure is known, or no phase has enough cells for a cluster.
    """
    limits = Limits() if limits is None else limits
    work = clusters_within(found, phase, phases, limits, known, probabilities)
    return judge(run_to_end(work), probabilities, limits)


def clusters_within(
    found: Measurements,
    phase: NDArray[Any],
    phases: PhaseSet,
    limits: Limits,
    known: NDArray[Any] | None = None,
    probabilities: Floats | None = None,
) -> Generator[tuple[int, int], None, Clusters]:
    """Find what measures say of the phases, as :func:`judge` takes it with these limits.

    Parameters and errors are those of :func:`find_suspects`.

    Yields
    ------
    tuple of int
        Fits that are done, and all.
    """
    return iter_clusters(
        *(found, phase, phases),
        measures=limits.measures,
        fewest=limits.fewest,
        learn=limits.by == "discriminant",
        known=known,
        probabilities=probabilities,
    )


def judge(clusters: Clusters, probabilities: Floats | None, limits: Limits) -> Suspects:
    """Weigh measures and network, and say which cells are suspect.

    Parameters
    ----------
    clusters : Clusters
        Found with the ``measures``, the ``fewest`` and the ``by`` of the limits; this is what takes
        long.
    probabilities : ndarray, ``(n, leaves)``, float64, optional
        As for :func:`find_suspects`.
    limits : Limits
        What makes a cell suspect.
    """
    code, known, density = clusters.phase, clusters.known, clusters.density
    lesson, n = clusters.lesson, density.shape[1]
    has_cluster = np.asarray(np.isfinite(density).any(axis=0), np.bool_)
    share = np.bincount(lesson[lesson >= 0], minlength=n) / max(int((lesson >= 0).sum()), 1)
    with np.errstate(divide="ignore"):
        prior = np.log(share)
    by_measures = posterior(density + prior, code, has_cluster)
    if limits.by == "discriminant" and clusters.learned is not None:
        is_learned = np.isin(code, [-1, *np.flatnonzero(clusters.learned.any(axis=0)).tolist()])
        by_measures[is_learned] = clusters.learned[is_learned]
    together = by_measures
    confidence = np.full(len(code), np.nan)
    rows = np.flatnonzero(code >= 0)
    if probabilities is not None:
        unknown = np.isnan(probabilities).any(axis=1, keepdims=True)
        confidence[rows] = probabilities[rows, code[rows]]
        evidence = limits.weight * np.log(np.maximum(by_measures, LEAST))
        joined = np.log(np.maximum(probabilities, LEAST)) + evidence
        together = np.where(unknown, by_measures, softmax(joined))
    own, own_together = np.ones(len(code)), np.ones(len(code))
    own[rows], own_together[rows] = by_measures[rows, code[rows]], together[rows, code[rows]]
    fit = np.full(len(code), np.inf)
    clustered = rows[has_cluster[code[rows]]]
    fit[clustered] = density[clustered, code[clustered]]
    level = np.quantile(fit[clustered], limits.outlier) if len(clustered) else -np.inf
    kind = np.zeros(len(code), np.int64)
    kind[confidence < limits.doubt] = KINDS.index("network in doubt")
    kind[(own < limits.between) & (code >= 0)] = KINDS.index("between phases")
    kind[fit < level] = KINDS.index("outlier")
    best = by_measures.max(axis=1)
    kind[(best > limits.other) & (own < best) & (code >= 0)] = KINDS.index("other phase")
    lies = kind == KINDS.index("other phase")
    likely = np.where(lies, by_measures.argmax(axis=1), together.argmax(axis=1))
    signs = np.stack([own, np.where(np.isnan(confidence), own_together, confidence)], axis=1)
    asked = (code >= 0) & (known == NOBODY)
    kind[~asked] = 0
    score = np.where(asked, weigh_anew(1 - own_together, signs, code, known), 0.0)
    rows = np.flatnonzero(asked)
    order = rows[np.lexsort((fit[rows], -score[rows]))]
    return Suspects(clusters, likely, score, kind, order, confidence)


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
