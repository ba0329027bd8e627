"""Make the shipped model ``mitosis-3d``: simulated cells for every axis, real 2D crops for z.

Run ``python -m napari_cellcycle.train.shipped.mitosis3d --data DIR --work DIR --out DIR``. Each
step leaves its result in the work folder and is not repeated when the result is there.
"""

from __future__ import annotations

import argparse
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.evaluation.calibration import temperature
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.shipped.mitosis3d_card import ship
from napari_cellcycle.train.shipped.mitosis3d_data import (
    MIXTURE,
    PHASES,
    RECIPE,
    RPE1,
    STAGES,
    real_parts,
    simulated_part,
    sources,
    validation,
)
from napari_cellcycle.train.shipped.mitosis3d_fit import FitOptions, fit

if TYPE_CHECKING:
    import torch

    from napari_cellcycle.cells.views.recipe import Axis
    from napari_cellcycle.train.data.viewset import ViewSet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One network to fit: which axes it sees, how, and the state in the work folder to start from.

    Without a ``start`` it begins at random, or as trained on ImageNet.
    """

    name: str
    axes: tuple[Axis, ...]
    options: FitOptions
    start: str = ""
    pretrained: bool = False


def fit_networks(
    data: Path,
    work: Path,
    *,
    common_steps: int,
    axis_steps: int,
    start: str | None,
    pretrained: bool,
) -> dict[str, torch.nn.Module]:
    """Fit a beginning common to the three axes, then each axis in a process of its own.

    ``start`` names an installed model whose three networks are fitted on instead.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    import torch

    rate = 5e-4 if start is None else 7e-4
    jobs = [
        Job(f"axis-{axis}", (axis,), FitOptions(axis_steps, rate, seed=10 + i), f"start-{axis}")
        for i, axis in enumerate(RECIPE.axes)
    ]
    rounds = [(jobs, 1)]
    if start is None:
        options = FitOptions(common_steps, seed=1)
        common = Job("common", RECIPE.axes, options, pretrained=pretrained)
        jobs[:] = [replace(job, start=common.name) for job in jobs]
        rounds.insert(0, ([common], os.cpu_count() or 1))
    else:
        begun = load_model(start).networks
        for axis in RECIPE.axes:
            torch.save(begun[axis].state_dict(), work / f"start-{axis}.pt")
    spawn = multiprocessing.get_context("spawn")
    for batch, threads in rounds:
        with ProcessPoolExecutor(len(batch), mp_context=spawn) as pool:
            n = len(batch)
            list(pool.map(fit_one, batch, [data] * n, [work] * n, [threads] * n))
    networks: dict[str, torch.nn.Module] = {}
    for job in jobs:
        network = new_network()
        network.load_state_dict(torch.load(work / f"{job.name}.pt", weights_only=True))
        networks[job.axes[0]] = network
    return networks


def fit_one(job: Job, data: Path, work: Path, threads: int) -> None:
    """Fit one network and leave its weights in the work folder, unless they are there."""
    import torch

    path = work / f"{job.name}.pt"
    if path.exists():
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(threads)
    torch.manual_seed(job.options.seed)
    network = new_network(pretrained=job.pretrained)
    if job.start:
        network.load_state_dict(torch.load(work / f"{job.start}.pt", weights_only=True))
    fit(
        network,
        sources(job.axes, data, work),
        job.options,
        lambda step, loss: log.info("%s step %d loss %.4f", job.name, step, loss),
    )
    torch.save(network.state_dict(), path)


def new_network(*, pretrained: bool = False) -> torch.nn.Module:
    """Build the network of one axis."""
    import torch

    from napari_cellcycle.models.networks import build

    return build(
        "resnet18-projections",
        n_channels=len(RECIPE.channels),
        n_outputs=2 + len(STAGES),
        size=RECIPE.size,
        pretrained=pretrained,
    ).to(memory_format=torch.channels_last)


def calibrate(
    networks: dict[str, torch.nn.Module], judged: dict[str, list[ViewSet]]
) -> dict[str, dict[str, float]]:
    """Fit the temperatures of each axis and level, on validation data only."""
    result = {}
    for axis, network in networks.items():
        given = np.concatenate(
            [outputs(network, v.images[:, v.axes.index(axis)]) for v in judged[axis]]
        )
        mitotic = np.concatenate([v.mitotic for v in judged[axis]])
        stages = np.concatenate([v.stages for v in judged[axis]])
        known = stages.any(axis=1)
        result[axis] = {
            "level1": temperature(given[:, :2], np.eye(2, dtype=bool)[mitotic]),
            "level2": temperature(given[known, 2:], stages[known]),
        }
    return result


def main(argv: list[str] | None = None) -> None:
    """Make the model."""
    parser = argparse.ArgumentParser(prog="python -m napari_cellcycle.train.shipped.mitosis3d")
    parser.add_argument("--data", type=Path, required=True, help="folder with the real crop sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for intermediate results")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--cells", type=int, default=16_000, help="simulated training cells")
    parser.add_argument("--common-steps", type=int, default=1500)
    parser.add_argument("--axis-steps", type=int, default=1000)
    parser.add_argument("--start", help="model to train on, in place of the common steps")
    parser.add_argument("--pretrained", action="store_true", help="start from ImageNet (downloads)")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count() or 1
    simulated = {
        part: simulated_part(options.work, part, n, seed, workers, cut)
        for part, n, seed, cut in (
            ("train", options.cells, 1, 0.2),
            ("validation", options.cells // 16, 2, 0.1),
            ("test", options.cells // 8, 3, 0.1),
        )
    }
    networks = fit_networks(
        options.data,
        options.work,
        common_steps=options.common_steps,
        axis_steps=options.axis_steps,
        start=options.start,
        pretrained=options.pretrained,
    )
    mitocheck, jurkat = real_parts(options.data)
    judged = validation((mitocheck, jurkat), simulated["validation"])
    temperatures = calibrate(networks, judged)
    log.info("temperatures %s", temperatures)
    tests = {
        "simulated, held out": simulated["test"],
        "MitoCheck, plates held out (z)": mitocheck["test"],
        "Jurkat, cells held out (z)": jurkat["test"],
        "RPE-1, never trained on (z)": set_views(
            read_crop_set(options.data / "rpe1_h2b_21px.npz"),
            RECIPE,
            PHASES.slugs,
            allowed=RPE1,
        ),
    }
    ship(
        options.out,
        networks,
        temperatures,
        tests,
        recipe=RECIPE,
        phases=PHASES,
        mixture=MIXTURE,
        trained_on={
            "simulated": len(simulated["train"]),
            "MitoCheck": len(mitocheck["train"]),
            "Jurkat": len(jurkat["train"]),
        },
        work=options.work,
    )


if __name__ == "__main__":
    main()
