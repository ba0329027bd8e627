"""Pairs of daughters in crowded simulated fields: how many are right, and how many are found.

Run ``uv run python benchmarks/bench_daughters.py [--quick] [--fields N] [--out FILE]``: ten fields
of 40 cells take four minutes on one core. Every third cell divides, its daughters have a label
each, and the membrane between them is closed to a degree drawn from none to all. The scores were
fitted on seeds 100 to 109 (``--fit`` prints the weights), the weights of the last row on seeds 110
to 115; the table is of others. For the last row the network sees every pair with a score of 0.05 or
more as one cell: about five views a cell of the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tables import markdown, note, number, options, parsed, publish

from napari_cellcycle.cells.daughters import FEATURES, PairOptions, choose_pairs, find_daughters
from napari_cellcycle.cells.merge import group_of, merge_cells, relabel
from napari_cellcycle.cells.table import CellTable, cell_table
from napari_cellcycle.cells.views import make_views, view_axes
from napari_cellcycle.classify.run import classify
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.simulate.field import SimulatedField, simulate_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.models.classifier import ProjectionClassifier

LATE = "anaphase-telophase-cytokinesis"
SHARES = {LATE: 0.35, "prometaphase-metaphase": 0.1}
FIT_SEED, TEST_SEED = 100, 200
LEVELS = (PairOptions().at_least, 0.5)
MITOTIC = 2.0  # a candidate by the probability of mitosis, the mean of the projections
AT_LEAST = 0.2
TOGETHER = "nuclei; every cell, and what `mitosis-3d` says of both together"
TOGETHER_AT_LEAST = 0.05
TOGETHER_WEIGHTS = (0.7, 0.7, -2.95)
"""Of the logits of the score and of the late phase, and the offset: from 0.5 on the precision was
0.95 in six fields, seeds 110 to 115."""
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


def judge_together(
    field: SimulatedField, said: Classification, model: ProjectionClassifier
) -> tuple[int, list[tuple[float, bool, bool]]]:
    """As :func:`judge`, with the probability that both together are late as evidence."""
    channels, labels = [field.stack.volume(0, i) for i in (0, 1)], field.nuclei.volume(0)
    cells = cell_table(field.nuclei, field.stack.spacing)
    pairs = find_daughters(channels[0], labels, cells, membrane=channels[1])
    some = pairs.score >= TOGETHER_AT_LEAST
    recipe, images = model.card.recipe, []
    for rows in pairs.rows[some]:
        two = cells.select(np.sort(rows))
        _, names = group = group_of(0, two.label.tolist())
        one = relabel(labels, {names[1]: names[0]})
        merged = merge_cells(two, [group])
        images.append(make_views(channels, one, merged, recipe, said.population).images)
    level1, level2 = model.predict(np.concatenate(images), view_axes(recipe, is_2d=False))
    place = [leaf for leaf in model.card.phases if leaf != "non-mitotic"].index(LATE)
    late = (level1[:, :, 1] * level2[:, :, place]).mean(axis=1)
    of_score, of_late, offset = TOGETHER_WEIGHTS
    total = of_score * logit(pairs.score[some]) + of_late * logit(late) + offset
    order = np.argsort(-total, kind="stable")
    score, rows = 1 / (1 + np.exp(-total[order])), pairs.rows[some][order]
    chosen = np.isin(np.arange(len(rows)), choose_pairs(rows))
    right = [tuple(sorted(row)) in field.pairs for row in cells.label[rows].tolist()]
    return len(field.pairs), list(zip(score.tolist(), chosen.tolist(), right, strict=True))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the odds, of probabilities that are never 0 nor 1."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(p / (1 - p)))


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
    tally = {case: np.zeros((len(LEVELS), 3), int) for case in (*CASES, TOGETHER)}
    for seed in range(TEST_SEED, TEST_SEED + fields):
        note(f"field {seed}")
        field = simulate_field(n_cells=40, seed=seed, shares=SHARES, daughters="apart")
        said = classify(field.stack, field.nuclei, model=model)
        judged = {case: judge(field, how, seed, said) for case, how in CASES.items()}
        judged[TOGETHER] = judge_together(field, said, model)
        for case, (possible, rows) in judged.items():
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
