"""Make the shipped model ``mitosis-3d``: simulated cells for every axis, real 2D crops for z.

Run ``python -m napari_cellcycle.train.mitosis3d --data DIR --work DIR --out DIR``. Each step leaves
its result in the work folder and is not repeated when the result is there.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.recipe import ViewRecipe
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.cropset import CropSet, read_crop_set, split_by_group
from napari_cellcycle.train.viewset import ViewSet, crop_views, join, simulated_views

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.train.fit import Source

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
SHARES = {"train": 4, "validation": 1, "test": 1}

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
class Parts:
    """Training, validation and test views: simulated (all axes) and real (z only)."""

    simulated: dict[str, ViewSet]
    mitocheck: dict[str, ViewSet]
    jurkat: dict[str, ViewSet]


def _rows(crops: CropSet, rows: NDArray[np.int64]) -> CropSet:
    return CropSet(
        crops.images[rows], crops.channels, crops.phase[rows], crops.group[rows], crops.name
    )


def _real(crops: CropSet, allowed: dict[str, tuple[str, ...]], *, twice: bool) -> ViewSet:
    """Make views of a real set, for training also of both daughters together."""
    views = crop_views(crops, recipe=RECIPE, phases=PHASES, allowed=allowed)
    if not twice:
        return views
    # Only what divides has two parts: joining the neighbours of an interphase nucleus would teach
    # that two nuclei beside each other are one cell.
    parts = {slug: meant for slug, meant in allowed.items() if "anaphase" in meant[0]}
    return join(
        [
            views,
            crop_views(crops, recipe=RECIPE, phases=PHASES, allowed=parts, join_parts=True),
        ]
    )


def real_parts(data: Path) -> tuple[dict[str, ViewSet], dict[str, ViewSet]]:
    """Make views of the real 2D sets that may be trained on, split by plate (Jurkat: by cell)."""
    mitocheck = read_crop_set(data / "mitocheck_hela_h2b_64px.npz")
    jurkat = read_crop_set(data / "jurkat_ifc_40px.npz")
    result = []
    for crops, allowed in ((mitocheck, MITOCHECK), (jurkat, JURKAT)):
        parts = split_by_group(crops, SHARES, SPLIT_SEED)
        result.append(
            {
                part: _real(_rows(crops, rows), allowed, twice=part == "train")
                for part, rows in parts.items()
            }
        )
    return result[0], result[1]


def simulated_part(work: Path, part: str, n: int, seed: int, workers: int) -> ViewSet:
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
                workers=workers,
                progress=lambda done, _: bar.update(1) and None,
            )
        views.save(path)
    return ViewSet.load(path)


def sources(parts: Parts) -> list[Source]:
    """List what batches are drawn from."""
    from napari_cellcycle.train.fit import Source

    return [
        Source(parts.simulated["train"], RECIPE.axes, 0.7),
        Source(parts.mitocheck["train"], ("z",), 0.24),
        Source(parts.jurkat["train"], ("z",), 0.06),
    ]


def fit_networks(
    parts: Parts, work: Path, *, common_steps: int, axis_steps: int, pretrained: bool
) -> dict[str, torch.nn.Module]:
    """Fit one start common to the three axes, then each axis on its own."""
    import torch
    from tqdm import tqdm

    from napari_cellcycle.models.networks import build
    from napari_cellcycle.train.fit import FitOptions, Source, fit

    def run(
        network: torch.nn.Module, name: str, drawn: list[Source], options: FitOptions
    ) -> torch.nn.Module:
        path = work / f"{name}-{options.steps}.pt"
        if path.exists():
            network.load_state_dict(torch.load(path, weights_only=True))
            return network
        with tqdm(total=options.steps, desc=name, disable=None) as bar:

            def show(step: int, loss: float) -> None:
                bar.update(50)
                log.info("%s step %d loss %.4f", name, step, loss)

            fit(network, drawn, options, show)
        torch.save(network.state_dict(), path)
        return network

    def new() -> torch.nn.Module:
        return build(
            "resnet18-projections",
            n_channels=len(RECIPE.channels),
            n_outputs=2 + len(STAGES),
            pretrained=pretrained,
        ).to(memory_format=torch.channels_last)

    torch.manual_seed(0)
    everything = sources(parts)
    start = run(new(), "common", everything, FitOptions(common_steps, seed=1))
    networks = {}
    for i, axis in enumerate(RECIPE.axes):
        network = new()
        network.load_state_dict(start.state_dict())
        drawn = [Source(s.views, (axis,), s.weight) for s in everything if axis in s.axes]
        options = FitOptions(axis_steps, learning_rate=5e-4, seed=10 + i)
        networks[axis] = run(network, f"axis-{axis}", drawn, options)
    return networks


def calibrate(
    networks: dict[str, torch.nn.Module], validation: dict[str, list[ViewSet]]
) -> dict[str, dict[str, float]]:
    """Fit the temperatures of each axis and level, on validation data only."""
    from napari_cellcycle.train.fit import logits, temperature

    result = {}
    for axis, network in networks.items():
        outputs = np.concatenate(
            [logits(network, v.images[:, v.axes.index(axis)]) for v in validation[axis]]
        )
        mitotic = np.concatenate([v.mitotic for v in validation[axis]])
        stages = np.concatenate([v.stages for v in validation[axis]])
        known = stages.any(axis=1)
        result[axis] = {
            "level1": temperature(outputs[:, :2], np.eye(2, dtype=bool)[mitotic]),
            "level2": temperature(outputs[known, 2:], stages[known]),
        }
    return result


def main(argv: list[str] | None = None) -> None:
    """Make the model."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m napari_cellcycle.train.mitosis3d")
    parser.add_argument("--data", type=Path, required=True, help="folder with the real crop sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for intermediate results")
    parser.add_argument("--out", type=Path, help="model folder to write")
    parser.add_argument("--cells", type=int, default=20_000, help="simulated training cells")
    parser.add_argument("--common-steps", type=int, default=1500)
    parser.add_argument("--axis-steps", type=int, default=1200)
    parser.add_argument("--pretrained", action="store_true", help="start from ImageNet (downloads)")
    parser.add_argument("--views-only", action="store_true", help="only simulate")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count() or 1
    simulated = {
        part: simulated_part(options.work, part, n, seed, workers)
        for part, n, seed in (
            ("train", options.cells, 1),
            ("validation", max(500, options.cells // 20), 2),
            ("test", max(500, options.cells // 10), 3),
        )
    }
    if options.views_only:
        return
    torch.set_num_threads(workers)
    mitocheck, jurkat = real_parts(options.data)
    parts = Parts(simulated, mitocheck, jurkat)
    networks = fit_networks(
        parts,
        options.work,
        common_steps=options.common_steps,
        axis_steps=options.axis_steps,
        pretrained=options.pretrained,
    )
    temperatures = calibrate(
        networks,
        {
            axis: [simulated["validation"]]
            + ([mitocheck["validation"], jurkat["validation"]] if axis == "z" else [])
            for axis in RECIPE.axes
        },
    )
    log.info("temperatures %s", json.dumps(temperatures))
    if options.out is not None:
        save(options.out, networks, temperatures, parts, options)


def save(
    folder: Path,
    networks: dict[str, torch.nn.Module],
    temperatures: dict[str, dict[str, float]],
    parts: Parts,
    options: Any,
) -> None:
    """Write the model folder."""


if __name__ == "__main__":
    main()
