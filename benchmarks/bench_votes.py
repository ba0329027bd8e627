"""How projections decide: each axis alone against lowest entropy, majority and mean.

The model ``mitosis-3d`` on simulated cells that no training used, and on the real 3D cells
of ``real_stacks.py``. Run ``uv run python benchmarks/bench_votes.py [--quick] [--cells N] [--out
docs/benchmarks.md]``: about ten minutes on one core, with ``--quick`` a minute, without the real
cells. The 3D network over the crop itself has no column yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from real_stacks import interphase, mitotic_crops, organoid
from tables import markdown, note, options, parsed, publish, with_interval

from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import VOTES, Decision, decide
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.evaluate import Evaluation, evaluate
from napari_cellcycle.train.mitosis3d import MIXTURE
from napari_cellcycle.train.predict import decide_views
from napari_cellcycle.train.viewset import simulated_views

SEED = 90_000
TOP = ("non-mitotic", "mitotic")
Floats = NDArray[np.float64]
Judged = dict[str, Evaluation]


def judges(
    level1: Floats, level2: Floats | None, axes: Sequence[str]
) -> Iterator[tuple[str, Decision]]:
    """Each axis alone, then each vote, on the same probabilities.

    Parameters
    ----------
    level1 : ndarray, ``(n, axes, 2)``
        Non-mitotic, mitotic.
    level2 : ndarray, ``(n, axes, stages)``, or None
        Stages, where they are asked for.
    axes : sequence of str
        Their names.
    """
    for i, axis in enumerate(axes):
        second = None if level2 is None else level2[:, i : i + 1]
        yield f"{axis} alone", decide(level1[:, i : i + 1], second, (axis,))
    for vote in VOTES:
        yield vote.replace("-", " "), decide(level1, level2, axes, vote)


def top_level(decision: Decision, mitotic: NDArray[np.bool_], group: Sequence[str]) -> Evaluation:
    """Judge mitotic or not."""
    rest = decision.probabilities[:, 0]
    return evaluate(
        np.array(TOP)[mitotic.astype(int)],
        np.stack([rest, 1 - rest], axis=1),
        TOP,
        group,
        called=(decision.phase > 0).astype(np.int64),
    )


def simulated(model: ProjectionClassifier, n: int, seed: int) -> tuple[Judged, Judged]:
    """Judge on simulated cells: mitotic or not, and all five phases."""
    views = simulated_views(
        n, recipe=model.card.recipe, phases=MITOSIS_STAGES, mixture=MIXTURE, seed=seed
    )
    found = decide_views(model, views.images, views.axes)
    truth = np.array(MITOSIS_STAGES.slugs)[views.allowed.argmax(axis=1)]
    top, phases = {}, {}
    for name, decision in judges(found.level1, found.level2, views.axes):
        top[name] = top_level(decision, views.mitotic == 1, views.group)
        phases[name] = evaluate(
            truth,
            decision.probabilities,
            MITOSIS_STAGES.slugs,
            views.group,
            called=decision.phase,
        )
    return top, phases


def real(model: ProjectionClassifier, folder: Path) -> Judged:
    """Judge on real cells, mitotic or not; embryos, organoids and stacks are the groups."""
    cells = [
        called
        for source in (organoid, mitotic_crops, interphase)
        for called in source(folder, model)
    ]
    mitotic = np.array([cell.truth != TOP[0] for cell in cells])
    # frames and both kinds of labels of a stack show the same cells
    group = [
        cell.group if cell.data == "mitotic crops" else cell.data.split(" (")[0] for cell in cells
    ]
    p = np.array([cell.per_axis for cell in cells])
    level1 = np.stack([1 - p, p], axis=2)
    axes = model.card.recipe.axes
    return {name: top_level(found, mitotic, group) for name, found in judges(level1, None, axes)}


def main() -> None:
    parser = options("votes", __doc__, cells=1000)
    parser.add_argument("--model", default="mitosis-3d")
    given = parsed(parser)
    model = load_model(given.model)
    n = 24 if given.quick else given.cells
    note(f"simulating {n} cells")
    top, phases = simulated(model, n, SEED + given.seed)
    head = ["judge", "accuracy", "F1 of mitotic", "five phases: balanced accuracy"]
    columns = {
        name: [
            with_interval(top[name], "accuracy"),
            with_interval(top[name], "f1/mitotic"),
            with_interval(phases[name], "balanced_accuracy"),
        ]
        for name in top
    }
    about = f"Model {model.card.name} ({model.sha256[:12]}); {n} simulated cells"
    if not given.quick:
        note("classifying real stacks")
        found = real(model, given.data)
        for name, judged in found.items():
            columns[name] += [
                with_interval(judged, "recall/mitotic"),
                with_interval(judged, "specificity/mitotic"),
            ]
        head += ["real cells: recall", "real cells: specificity"]
        one = found["mean"]
        rest, mitotic = one.confusion.sum(axis=1)
        about += f"; {mitotic} mitotic and {rest} other real cells of {one.groups} sources"
    learned = "; ".join(data.name for data in model.card.training_data)
    about += f". It was trained on: {learned}"
    rows = [(name, *cells) for name, cells in columns.items()]
    rows.append(("3D network", *["not yet"] * (len(head) - 1)))
    publish(given, f"{about}.", markdown(head, rows))


if __name__ == "__main__":
    main()
