"""Pairs of daughters in crowded simulated fields: how many are right, and how many are found.

Run ``uv run python benchmarks/bench_daughters.py [--quick] [--fields N] [--out FILE]``: ten fields
of 40 cells take two minutes on one core. Every third cell divides, its daughters have a label each,
and the membrane between them is closed to a degree drawn from none to all. The scores were fitted
on seeds 100 to 109 (``--fit`` prints the weights); the table is of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tables import markdown, note, number, options, parsed, publish

from napari_cellcycle.cells.daughters import FEATURES, PairOptions, find_daughters
from napari_cellcycle.cells.table import CellTable, cell_table
from napari_cellcycle.classify.run import classify
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.simulate.field import SimulatedField, simulate_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.classify.result import Classification

LATE = "anaphase-telophase-cytokinesis"
SHARES = {LATE: 0.35, "prometaphase-metaphase": 0.1}
FIT_SEED, TEST_SEED = 100, 200
LEVELS = (PairOptions().at_least, 0.5)
MITOTIC = 2.0  # a candidate by the probability of mitosis, the mean of the projections
AT_LEAST = 0.2
CASES: dict[str, tuple[str, bool, float | None]] = {
    "nuclei, DNA and membrane": ("nuclei", True, 0.0),
    "cells, DNA and membrane": ("cells", True, 0.0),
    "nuclei, DNA alone": ("nuclei", False, 0.0),
    "nuclei; one in five daughters overlooked": ("nuclei", True, 0.2),
    "nuclei; every cell a candidate": ("nuclei", True, -1.0),
    "nuclei that `mitosis-3d` calls late": ("nuclei", True, None),
    "nuclei that it calls mitotic with 0.2 or more": ("nuclei", True, MITOTIC),
}


def candidates(
    field: SimulatedField,
    cells: CellTable,
    how: float | None,
    seed: int,
    said: Classification | None = None,
) -> NDArray[np.bool_]:
    """Daughters, without a share that is overlooked; or all cells; or what the model says."""
    if how is None and said is not None:
        return np.array([phase == LATE for phase in said.predicted_phases()])
    if how == MITOTIC and said is not None:
        return np.asarray(said.decision.level1[:, :, 1].mean(axis=1) >= AT_LEAST)
    if how is None or how < 0:
        return np.ones(len(cells), bool)
    late = np.array([field.truth[label] == LATE for label in cells.label.tolist()])
    return late & (np.random.default_rng(seed).random(len(cells)) >= how)


def judge(
    field: SimulatedField, case: tuple[str, bool, float | None], seed: int, said: Classification
) -> tuple[int, list[tuple[float, bool, bool]]]:
    """Number of pairs that could be found; of each candidate pair its score, choice and truth."""
    kind, membrane, how = case
    segmentation = getattr(field, kind)
    cells = cell_table(segmentation, field.stack.spacing)
    chosen = candidates(field, cells, how, seed, said)
    pairs = find_daughters(
        field.stack.volume(0, 0),
        segmentation.volume(0),
        cells,
        candidates=chosen,
        membrane=field.stack.volume(0, 1) if membrane else None,
    )
    known = set(cells.label[chosen].tolist())
    by_truth = how is not None and how <= 1
    true = {pair for pair in field.pairs if known >= set(pair) or not by_truth}
    found = [tuple(sorted(row)) for row in cells.label[pairs.rows].tolist()]
    rows = zip(pairs.score.tolist(), pairs.chosen.tolist(), found, strict=True)
    return len(true), [(score, taken, pair in true) for score, taken, pair in rows]


def fit(fields: int) -> None:
    """Print the weights of a logistic regression on the first seeds."""
    from sklearn.linear_model import LogisticRegression

    features, truth = [], []
    for seed in range(FIT_SEED, FIT_SEED + fields):
        field = simulate_field(n_cells=40, seed=seed, shares=SHARES, daughters="apart")
        for kind in ("nuclei", "cells"):
            segmentation = getattr(field, kind)
            cells = cell_table(segmentation, field.stack.spacing)
            pairs = find_daughters(
                field.stack.volume(0, 0),
                segmentation.volume(0),
                cells,
                candidates=candidates(field, cells, 0.0, seed),
                membrane=field.stack.volume(0, 1),
            )
            found = [tuple(sorted(row)) for row in cells.label[pairs.rows].tolist()]
            features.append(pairs.features)
            truth.append([pair in field.pairs for pair in found])
    column = dict(zip(FEATURES, np.concatenate(features).T, strict=True))
    right = np.concatenate(truth)
    names = ["distance", "gap", "size", "facing", "aligned", "blocked", "wall"]
    terms = [np.log(column["distance"]), column["gap"], np.log(column["size"]), column["facing"]]
    terms += [column["facing"] * column["parallel"], column["blocked"]]
    terms += [np.log(column["wall"] + 0.1)]
    for n in (len(terms), len(terms) - 1):
        table = np.stack(terms[:n], axis=1)
        centre, scale = table.mean(axis=0), table.std(axis=0)
        model = LogisticRegression(C=3, max_iter=5000).fit((table - centre) / scale, right)
        weights = model.coef_[0] / scale
        offset = float(model.intercept_[0] - weights @ centre)
        shown = {k: round(float(w), 1) for k, w in zip(names, weights, strict=False)}
        note(f"{int(right.sum())} pairs, {int((~right).sum())} others: {shown}, {offset:.1f}")


def main() -> None:
    parser = options("daughters", __doc__, fields=10)
    parser.add_argument("--fit", action="store_true", help="print the weights and stop")
    given = parsed(parser)
    fields = 2 if given.quick else given.fields
    if given.fit:
        return fit(fields)
    model = load_model("mitosis-3d", "cpu")
    tally = {case: np.zeros((len(LEVELS), 3), int) for case in CASES}
    for seed in range(TEST_SEED, TEST_SEED + fields):
        note(f"field {seed}")
        field = simulate_field(n_cells=40, seed=seed, shares=SHARES, daughters="apart")
        said = classify(field.stack, field.nuclei, model=model)
        for case, how in CASES.items():
            possible, rows = judge(field, how, seed, said)
            for i, level in enumerate(LEVELS):
                taken = [right for score, chosen, right in rows if chosen and score >= level]
                tally[case][i] += (sum(taken), len(taken), possible)
    body = []
    for case, counts in tally.items():
        cells = []
        for right, taken, possible in counts.tolist():
            cells += [number(right / max(taken, 1)), number(right / max(possible, 1))]
        body.append((case, str(counts[0, 2]), *cells))
    first, second = (f"{level:g}" for level in LEVELS)
    head = (
        *("labels and channels", "pairs", f"precision at {first}", f"recall at {first}"),
        *(f"precision at {second}", f"recall at {second}"),
    )
    publish(given, markdown(head, body), f"{fields} fields, seeds {TEST_SEED} and up.")


if __name__ == "__main__":
    main()
