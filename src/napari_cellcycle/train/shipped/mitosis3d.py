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

from napari_cellcycle.cells.recipe import Axis, ViewRecipe
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.splits import SHARES, split_by_group
from napari_cellcycle.train.data.viewset import ViewSet, join, simulated_views
from napari_cellcycle.train.evaluation.calibration import temperature
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.shipped.mitosis3d_card import ship
from napari_cellcycle.train.shipped.mitosis3d_fit import FitOptions, Source, fit

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

RECIPE = ViewRecipe()
PHASES = MITOSIS_STAGES
STAGES = tuple(phase.slug for phase in PHASES.children("mitotic"))
MIXTURE = {
    "non-mitotic": 0.5,
    "prophase": 0.1,
    "early-prometaphase": 0.1,
    "prometaphase-metaphase": 0.16,
    "anaphase-telophase-cytokinesis": 0.14,
}
SPLIT_SEED = 2026

MITOCHECK: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("Interphase", "Large", "Elongated", "Binuclear", "Polylobed", "SmallIrregular"),
        ("non-mitotic",),
    ),
    "Apoptosis": ("non-mitotic",),
    "Prometaphase": ("early-prometaphase", "prometaphase-metaphase"),
    "Metaphase": ("prometaphase-metaphase",),
    "MetaphaseAlignment": ("prometaphase-metaphase",),
    "Anaphase": ("anaphase-telophase-cytokinesis",),
}
JURKAT: dict[str, tuple[str, ...]] = {
    "G1": ("non-mitotic",),
    "S": ("non-mitotic",),
    "G2": ("non-mitotic",),
    "Metaphase": ("prometaphase-metaphase",),
    "Anaphase": ("anaphase-telophase-cytokinesis",),
    "Telophase": ("anaphase-telophase-cytokinesis",),
}
RPE1: dict[str, tuple[str, ...]] = {"non-mitotic": ("non-mitotic",), "mitotic": STAGES}


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


def _real(crops: CropSet, allowed: dict[str, tuple[str, ...]], *, twice: bool) -> ViewSet:
    """Make views of a real set, for training also of both daughters together."""
    crops = crops.select(np.isin(crops.phase, list(allowed)))
    views = set_views(crops, RECIPE, PHASES.slugs, allowed=allowed)
    if not twice:
        return views
    # Only what divides has two parts: joining the neighbours of an interphase nucleus would teach
    # that two nuclei beside each other are one cell.
    divides = [label for label, meant in allowed.items() if "anaphase" in meant[0]]
    parts = crops.select(np.isin(crops.phase, divides))
    return join([views, set_views(parts, RECIPE, PHASES.slugs, allowed=allowed, join_parts=True)])


def real_parts(data: Path) -> tuple[dict[str, ViewSet], dict[str, ViewSet]]:
    """Make views of the real 2D sets that may be trained on, split by plate (Jurkat: by cell)."""
    mitocheck = read_crop_set(data / "mitocheck_hela_h2b_64px.npz")
    jurkat = read_crop_set(data / "jurkat_ifc_40px.npz")
    result = []
    for crops, allowed in ((mitocheck, MITOCHECK), (jurkat, JURKAT)):
        parts = split_by_group(crops, SHARES, SPLIT_SEED)
        result.append(
            {
                part: _real(crops.select(rows), allowed, twice=part == "train")
                for part, rows in parts.items()
            }
        )
    return result[0], result[1]


def simulated_part(work: Path, part: str, n: int, seed: int, workers: int, cut: float) -> ViewSet:
    """Simulate the views of one part, once."""
    path = work / f"simulated-{part}-{n}-{seed}.npz"
    if not path.exists():
        from tqdm import tqdm

        with tqdm(total=n, desc=f"simulate {part}", disable=None) as bar:
            views = simulated_views(
                n,
                recipe=RECIPE,
                phases=PHASES,
                mixture=MIXTURE,
                seed=seed,
                cut=cut,
                workers=workers,
                progress=lambda done, _: bar.update(done - bar.n),
            )
        views.save(path)
    return ViewSet.load(path)


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


def sources(axes: tuple[Axis, ...], data: Path, work: Path) -> list[Source]:
    """Simulated cells of the work folder, and for z the real 2D sets beside them."""
    simulated = ViewSet.load(next(work.glob("simulated-train-*.npz")))
    drawn = [Source(simulated, axes, 0.7)]
    if "z" in axes:
        mitocheck, jurkat = real_parts(data)
        drawn.append(Source(mitocheck["train"], ("z",), 0.24))
        drawn.append(Source(jurkat["train"], ("z",), 0.06))
    return drawn


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


def validation(data: Path, simulated: ViewSet) -> dict[str, list[ViewSet]]:
    """What temperatures are fitted on, for each axis."""
    mitocheck, jurkat = real_parts(data)
    sets: dict[str, list[ViewSet]] = {axis: [simulated] for axis in RECIPE.axes}
    sets["z"] = [simulated, mitocheck["validation"], jurkat["validation"]]
    return sets


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
    temperatures = calibrate(networks, validation(options.data, simulated["validation"]))
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
