"""Real 3D cells, told by ``mitosis-3d`` and by networks that learned from others of their kind.

Trains the networks of a model on with real 3D cells beside the simulated ones, each time without
some embryos, the organoids or the flat cells, and tells these. Run ``uv run python
benchmarks/real_folds.py --work DIR [--start MODEL] [--keep SHARE]``. Six trainings of about five
minutes of one core each; what the work folder has is not made again.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from real_cells import NON_MITOTIC, beside, embryos, real_cells
from real_stacks import (
    Called,
    call,
    interphase,
    mitotic_crops,
    organoid,
    share,
    table,
)
from turned import turned_views

from napari_cellcycle.cells.views.recipe import Axis
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.data.viewset import ViewSet
from napari_cellcycle.train.shipped.mitosis3d import calibrate, new_network
from napari_cellcycle.train.shipped.mitosis3d_data import (
    PHASES,
    RECIPE,
    real_parts,
    simulated_part,
    sources,
    validation,
)
from napari_cellcycle.train.shipped.mitosis3d_fit import FitOptions, Source, fit

log = logging.getLogger(__name__)

EMBRYO_FOLDS = 4
CELLS = 6_000
SEED = 40
STEPS, RATE = 200, 3e-4
SHARE = 0.25
"""How much of each batch is real and 3D."""
Weights = dict[str, torch.Tensor]


def real_views(data: Path, work: Path) -> ViewSet:
    """Make views of the real 3D cells, once."""
    path = work / "real-cells.npz"
    if not path.exists():
        turned_views(real_cells(data), RECIPE, PHASES, seed=SEED).save(path)
    return ViewSet.load(path)


def fit_on(axis: Axis, start: str, without: list[str], data: Path, work: Path, path: Path) -> None:
    """Train one network on without the real cells of some groups, unless its weights are there."""
    if path.exists():
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    seed = SEED + RECIPE.axes.index(axis)
    torch.manual_seed(seed)
    network = new_network()
    network.load_state_dict(load_model(start).networks[axis].state_dict())
    real = real_views(data, work)
    real = real.select(~np.isin(real.group, without))
    others = [replace(s, weight=s.weight * (1 - SHARE)) for s in sources((axis,), data, work)]
    fit(
        network,
        [*others, Source(real, (axis,), SHARE)],
        FitOptions(STEPS, RATE, seed=seed),
        lambda step, loss: log.info("%s step %d loss %.4f", path.stem, step, loss),
    )
    torch.save(network.state_dict(), path)


def between(fitted: Weights, before: Weights, keep: float) -> torch.nn.Module:
    """A network with the mean of two sets of weights, ``keep`` being the share of those before."""
    network = new_network().eval()
    mean = {k: v.lerp(before[k], keep) if v.is_floating_point() else v for k, v in fitted.items()}
    network.load_state_dict(mean)
    return network


def folds(groups: list[str]) -> dict[str, list[str]]:
    """Groups that are left out together; embryos are dealt out at random."""
    names = sorted(group for group in groups if group.startswith("embryo"))
    order = np.random.default_rng(0).permutation(len(names))
    dealt = {
        f"embryos-{k + 1}": [names[i] for i in order[k::EMBRYO_FOLDS]] for k in range(EMBRYO_FOLDS)
    }
    return dealt | {"organoid": ["organoid"], "flat": ["flat cells"]}


def neighbours(folder: Path, model: ProjectionClassifier) -> Iterator[Called]:
    """Interphase nuclei beside the mitotic ones, found by Segment nuclei, looked at."""
    for staged in map(beside, embryos(folder)):
        yield from call(
            "their neighbours",
            staged.stack,
            staged.labels,
            model,
            NON_MITOTIC,
            group=staged.group,
            channels={"dna": 0},
        )


def of_groups(data: Path, model: ProjectionClassifier, left_out: list[str]) -> list[Called]:
    """Classify the cells of some groups."""
    if left_out == ["organoid"]:
        others = [c for c in interphase(data, model) if c.data.startswith("organoid")]
        return [*organoid(data, model), *others]
    if left_out == ["flat cells"]:
        return [c for c in interphase(data, model) if c.data.startswith("flat")]
    cells = [*mitotic_crops(data, model), *neighbours(data, model)]
    return [cell for cell in cells if cell.group in left_out]


def main() -> None:
    parser = argparse.ArgumentParser()
    here = Path(__file__).resolve().parents[1]
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", here.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--start", default="mitosis-3d", help="the model that is trained on")
    parser.add_argument("--keep", type=float, default=0.5, help="share of its weights in the mean")
    options = parser.parse_args()
    data, work = options.data, options.work
    work.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count() or 1
    simulated_part(work, "train", CELLS, 1, workers, 0.2)
    simulated = simulated_part(work, "validation", 1000, 2, workers, 0.1)
    judged = validation(real_parts(data), simulated)
    groups = np.unique(real_views(data, work).group).tolist()
    before = load_model(options.start)
    cells: dict[str, list[Called]] = {"before": [], "after": []}
    spawn = multiprocessing.get_context("spawn")
    for name, left_out in folds(groups).items():
        paths = {axis: work / f"{name}-{axis}.pt" for axis in RECIPE.axes}
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            for fitted in [
                pool.submit(fit_on, axis, options.start, left_out, data, work, path)
                for axis, path in paths.items()
            ]:
                fitted.result()
        networks = {}
        for axis, path in paths.items():
            weights = torch.load(path, weights_only=True)
            networks[axis] = between(weights, before.networks[axis].state_dict(), options.keep)
        card = replace(before.card, temperatures=calibrate(networks, judged))
        for when, model in (("before", before), ("after", ProjectionClassifier(card, networks))):
            cells[when] += of_groups(data, model, left_out)
    for when, found in cells.items():
        print(f"{when}: recall {share(found, True)}, specificity {share(found, False)}")
        print(table(sorted(found, key=lambda cell: cell.data)))


if __name__ == "__main__":
    main()
