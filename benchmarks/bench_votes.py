"""How projections decide: each axis alone, lowest entropy, majority and mean, and a 3D network.

The model ``mitosis-3d`` on simulated cells that no training used, and on the real 3D cells of
``real_stacks.py``; beside it a small 3D network, trained here on simulated cells. Run ``uv run
python benchmarks/bench_votes.py [--quick] [--cells N] [--volume-cells N] [--volume-epochs N] [--out
docs/benchmarks.md]``: about half an hour on one core, most of it for the 3D network; with
``--quick`` a minute, without the real cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from real_stacks import interphase, mitotic_crops, organoid
from tables import markdown, note, options, parsed, publish, with_interval
from volume_network import volume_network

from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import VOTES, Decision, decide
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.viewset import simulated_views
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate
from napari_cellcycle.train.evaluation.predict import decide_views
from napari_cellcycle.train.shipped.mitosis3d_data import MIXTURE

SEED = 90_000
PUBLISHED = ("published: three projections (hiPSC)", "0.980", "0.930")
"""Accuracy of the Allen table's test row, and F1 from its precision 0.919 and recall 0.941."""
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
    if tuple(axes) == ("volume",):
        yield "3D network", decide(level1, level2, axes)
        return
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


def judge(
    model: ProjectionClassifier, n: int, seed: int, folder: Path | None
) -> tuple[dict[str, list[str]], Judged]:
    """Rows of the table for one model, and its figures on real cells where a folder is given."""
    top, phases = simulated(model, n, seed)
    rows = {
        name: [
            with_interval(top[name], "accuracy"),
            with_interval(top[name], "f1/mitotic"),
            with_interval(phases[name], "balanced_accuracy"),
        ]
        for name in top
    }
    found = {} if folder is None else real(model, folder)
    for name, judged in found.items():
        rows[name] += [
            with_interval(judged, "recall/mitotic"),
            with_interval(judged, "specificity/mitotic"),
        ]
    return rows, found


def main() -> None:
    parser = options("votes", __doc__, cells=1000)
    parser.add_argument("--model", default="mitosis-3d")
    parser.add_argument("--volume-cells", type=int, default=4000, help="to train the 3D network on")
    parser.add_argument("--volume-epochs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1, help="processes that simulate")
    given = parsed(parser)
    model = load_model(given.model)
    n, folder = (24, None) if given.quick else (given.cells, given.data)
    cells, epochs = (48, 1) if given.quick else (given.volume_cells, given.volume_epochs)
    volume = volume_network(model.card, cells, epochs, given.seed, given.workers)
    note(f"judging on {n} simulated cells, then on real ones")
    rows, found = judge(model, n, SEED + given.seed, folder)
    rows |= judge(volume, n, SEED + given.seed, folder)[0]
    head = ["judge", "accuracy", "F1 of mitotic", "five phases: balanced accuracy"]
    about = f"Model {model.card.name} ({model.sha256[:12]}); {n} simulated cells"
    if found:
        head += ["real cells: recall", "real cells: specificity"]
        one = found["mean"]
        rest, mitotic = one.confusion.sum(axis=1)
        about += f"; {mitotic} mitotic and {rest} other real cells of {one.groups} sources"
    learned = "; ".join(data.name for data in model.card.training_data)
    about += f". It was trained on: {learned}. The 3D network: {cells} other simulated cells, "
    about += f"{epochs} epochs, {volume.card.recipe.size} voxels along each edge"
    published = (*PUBLISHED, *[""] * (len(head) - len(PUBLISHED)))
    table = markdown(head, [published, *((name, *figures) for name, figures in rows.items())])
    publish(given, f"{about}.", table)


if __name__ == "__main__":
    main()
