"""Pairs of daughters in simulated fields: how many are right, and how many are found.

Run ``uv run python benchmarks/bench_daughters.py [--quick] [--fields N] [--out FILE]``: five
minutes on one core. In a crowded field of 40 cells every third divides, its daughters have a label
each, and the membrane between them is closed to a degree drawn from none to all; in the others
three of 40 do. Scores were fitted on other seeds (``--fit`` prints the weights).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from tables import markdown, note, number, options, parsed, publish

from napari_cellcycle.cells.daughters.daughters import PairOptions, find_daughters
from napari_cellcycle.cells.daughters.pair_score import DNA_WEIGHTS, WEIGHTS, terms
from napari_cellcycle.cells.table import CellTable, cell_table
from napari_cellcycle.classify.run import classify
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.simulate.field import SimulatedField, simulate_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.daughters.daughters import Pairs
    from napari_cellcycle.classify.result import Classification

LATE = "anaphase-telophase-cytokinesis"
CROWDED = {LATE: 0.35, "prometaphase-metaphase": 0.1}
RARE = {
    LATE: 0.08,
    "prometaphase-metaphase": 0.06,
    "prophase": 0.05,
    "early-prometaphase": 0.03,
}
FIT = ((range(300, 330), CROWDED), (range(400, 412), RARE))
LEVELS = (PairOptions().at_least, 0.5)
AT_LEAST = 0.2  # probability of mitosis, the mean of the projections
Who = Literal["all", "mitotic", "called late", "late", "four in five"]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table."""

    labels: Literal["nuclei", "cells"] = "nuclei"
    membrane: bool = True
    who: Who = "all"


CASES = {
    "nuclei, DNA and membrane": Case(),
    "cells, DNA and membrane": Case("cells"),
    "nuclei, DNA alone": Case(membrane=False),
    "cells, DNA alone": Case("cells", membrane=False),
    "nuclei that `mitosis-3d` calls mitotic with 0.2 or more": Case(who="mitotic"),
    "nuclei that it calls late": Case(who="called late"),
    "nuclei that are late": Case(who="late"),
    "nuclei that are late; one in five overlooked": Case(who="four in five"),
}
RARE_CASES = {
    "few divide: nuclei, DNA and membrane": Case(),
    "few divide: nuclei, DNA alone": Case(membrane=False),
}
Rows = list[tuple[float, bool, bool]]


def candidates(
    field: SimulatedField, cells: CellTable, who: Who, seed: int, said: Classification
) -> NDArray[np.bool_]:
    """Cells that are looked at."""
    if who == "all":
        return np.ones(len(cells), bool)
    if who == "mitotic":
        return np.asarray(said.decision.level1[:, :, 1].mean(axis=1) >= AT_LEAST)
    if who == "called late":
        return np.array([phase == LATE for phase in said.predicted_phases()])
    late = np.array([field.truth[label] == LATE for label in cells.label.tolist()])
    missed = 0.2 if who == "four in five" else 0.0
    return late & (np.random.default_rng(seed).random(len(cells)) >= missed)


def find(
    field: SimulatedField,
    case: Case,
    which: NDArray[np.bool_] | None = None,
    options: PairOptions | None = None,
) -> tuple[CellTable, Pairs]:
    """Look for the pairs of a field."""
    segmentation = getattr(field, case.labels)
    cells = cell_table(segmentation, field.stack.spacing)
    dna, membrane = (field.stack.volume(0, channel) for channel in (0, 1))
    pairs = find_daughters(
        dna,
        segmentation.volume(0),
        cells,
        candidates=which,
        membrane=membrane if case.membrane else None,
        options=options,
    )
    return cells, pairs


def is_pair(field: SimulatedField, cells: CellTable, pairs: Pairs) -> list[bool]:
    """Whether each pair is one."""
    return [tuple(sorted(row)) in field.pairs for row in cells.label[pairs.rows].tolist()]


def judge(field: SimulatedField, case: Case, seed: int, said: Classification) -> tuple[int, Rows]:
    """Number of pairs that could be found; of each candidate pair its score, choice and truth."""
    which = candidates(field, said.cells, case.who, seed, said)
    cells, pairs = find(field, case, which)
    known = set(cells.label[which].tolist())
    by_truth = case.who in ("late", "four in five")
    possible = sum(known >= set(pair) or not by_truth for pair in field.pairs)
    right = is_pair(field, cells, pairs)
    return possible, list(zip(pairs.score.tolist(), pairs.chosen.tolist(), right, strict=True))


def tally(
    cases: Mapping[str, Case], seeds: range, shares: Mapping[str, float]
) -> list[tuple[str, ...]]:
    """Rows of the table."""
    model = load_model("mitosis-3d", "cpu")
    counts = {case: np.zeros((len(LEVELS), 3), int) for case in cases}
    for seed in seeds:
        note(f"field {seed}")
        field = simulate_field(n_cells=40, seed=seed, shares=shares, daughters="apart")
        said = classify(field.stack, field.nuclei, model=model)
        for name, case in cases.items():
            possible, rows = judge(field, case, seed, said)
            for i, level in enumerate(LEVELS):
                taken = [right for score, chosen, right in rows if chosen and score >= level]
                counts[name][i] += (sum(taken), len(taken), possible)
    body = []
    for name, found in counts.items():
        shown = []
        for right, taken, possible in found.tolist():
            shown += [number(right / max(taken, 1)), number(right / max(possible, 1))]
        body.append((name, str(found[0, 2]), *shown))
    return body


def fit() -> None:
    """Print the weights of a logistic regression on fields of other seeds."""
    from sklearn.linear_model import LogisticRegression

    found: list[NDArray[np.float64]] = []
    truth: list[bool] = []
    for seed, shares in ((s, shares) for seeds, shares in FIT for s in seeds):
        note(f"field {seed}")
        field = simulate_field(n_cells=40, seed=seed, shares=shares, daughters="apart")
        for case in (Case(), Case("cells")):
            cells, pairs = find(field, case, options=PairOptions(listed=0, partners=80))
            found.append(pairs.features)
            truth += is_pair(field, cells, pairs)
    of, right = terms(np.concatenate(found)), np.array(truth)
    for names in (list(WEIGHTS), list(DNA_WEIGHTS)):
        table = np.stack([of[name] for name in names], axis=1)
        centre, scale = table.mean(axis=0), table.std(axis=0)
        model = LogisticRegression(max_iter=5000).fit((table - centre) / scale, right)
        weights = (model.coef_[0] / scale).round(1)
        offset = float(model.intercept_[0] - weights @ centre)
        shown = dict(zip(names, weights.tolist(), strict=True))
        note(f"{int(right.sum())} pairs, {int((~right).sum())} others: {shown}, {offset:.1f}")


def main() -> None:
    parser = options("daughters", __doc__, fields=10)
    parser.set_defaults(seed=200)
    parser.add_argument("--fit", action="store_true", help="print the weights and stop")
    given = parsed(parser)
    if given.fit:
        return fit()
    fields = 2 if given.quick else given.fields
    crowded = range(given.seed, given.seed + fields)
    rare = range(given.seed + 50, given.seed + 50 + 2 * fields)
    body = tally(CASES, crowded, CROWDED) + tally(RARE_CASES, rare, RARE)
    first, second = (f"{level:g}" for level in LEVELS)
    head = (
        *("labels and channels", "pairs", f"precision at {first}", f"recall at {first}"),
        *(f"precision at {second}", f"recall at {second}"),
    )
    seeds = f"seeds {crowded.start} and up, and {len(rare)} from {rare.start} on where few divide"
    publish(given, markdown(head, body), f"{fields} fields, {seeds}.")


if __name__ == "__main__":
    main()
