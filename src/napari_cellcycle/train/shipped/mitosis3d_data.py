"""What ``mitosis-3d`` is trained, calibrated and judged on: simulated cells, and real 2D crops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.recipe import Axis, ViewRecipe
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.splits import SHARES, split_by_group
from napari_cellcycle.train.data.viewset import ViewSet, join, simulated_views
from napari_cellcycle.train.shipped.mitosis3d_fit import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def sources(axes: tuple[Axis, ...], data: Path, work: Path) -> list[Source]:
    """Simulated cells of the work folder, and for z the real 2D sets beside them."""
    simulated = ViewSet.load(next(work.glob("simulated-train-*.npz")))
    drawn = [Source(simulated, axes, 0.7)]
    if "z" in axes:
        mitocheck, jurkat = real_parts(data)
        drawn.append(Source(mitocheck["train"], ("z",), 0.24))
        drawn.append(Source(jurkat["train"], ("z",), 0.06))
    return drawn


def validation(
    real: Iterable[Mapping[str, ViewSet]], simulated: ViewSet
) -> dict[str, list[ViewSet]]:
    """What temperatures are fitted on, for each axis; ``real`` as of :func:`real_parts`."""
    sets: dict[str, list[ViewSet]] = {axis: [simulated] for axis in RECIPE.axes}
    sets["z"] = [simulated, *(parts["validation"] for parts in real)]
    return sets
