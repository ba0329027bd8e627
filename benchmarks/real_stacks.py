"""What the shipped model says of real 3D cells that it was not trained on, as Markdown.

Run ``uv run python benchmarks/real_stacks.py [--data DIR] [--model NAME] [--vote VOTE]``;
``--picture FILE`` draws every cell that was wrongly called mitotic.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from real_cells import LATE_TELOPHASE, NON_MITOTIC, embryos, organoids
from scipy import ndimage
from skimage.filters import threshold_otsu

from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.folder import load_model


@dataclass(frozen=True, slots=True)
class Called:
    """One cell: what a person says (empty: nothing) and what the model says."""

    data: str
    cell: str
    group: str
    truth: str
    phase: str
    p_mitotic: float
    per_axis: tuple[float, ...]
    views: np.ndarray = field(repr=False, compare=False)

    @property
    def is_mitotic(self) -> bool:
        return self.phase != NON_MITOTIC


def call(
    data: str,
    stack: Stack,
    labels: Segmentation,
    model: ProjectionClassifier,
    truth: dict[int, str] | str,
    *,
    group: str = "",
    **options: object,
) -> list[Called]:
    """Classify an image; ``truth`` is of all cells, or by label (others are in interphase)."""
    result = classify(stack, labels, model=model, **options)
    slugs = result.card.phases
    views = np.concatenate(
        [
            make_views(
                [
                    None if (channel := result.channels[role]) is None else stack.volume(t, channel)
                    for role in result.card.recipe.channels
                ],
                labels.volume(t),
                result.cells.select(result.cells.frame == t),
                result.card.recipe,
            ).images
            for t in np.unique(result.cells.frame)
        ]
    )
    return [
        Called(
            data,
            f"{stack.name} t{result.cells.frame[i]} {result.cells.label[i]}",
            group or stack.name,
            truth if isinstance(truth, str) else truth.get(int(result.cells.label[i]), NON_MITOTIC),
            slugs[result.decision.phase[i]],
            1 - float(result.decision.probabilities[i, 0]),
            tuple(float(p) for p in result.decision.level1[i, :, 1]),
            views[i],
        )
        for i in range(len(result.cells))
    ]


def organoid(folder: Path, model: ProjectionClassifier, **options: object) -> Iterator[Called]:
    """Three frames of an organoid, nine cells of which were staged by eye."""
    for staged in organoids(folder):
        yield from call("organoid", staged.stack, staged.labels, model, staged.phases, **options)


def mitotic_crops(folder: Path, model: ProjectionClassifier, **options: object) -> Iterator[Called]:
    """Single mitotic cells of mouse blastocysts, planes 2 µm apart."""
    for staged in embryos(folder):
        yield from call(
            "mitotic crops",
            staged.stack,
            staged.labels,
            model,
            staged.phases,
            group=staged.group,
            channels={"dna": 0},
            **options,
        )


def condensed_copies(
    folder: Path, model: ProjectionClassifier, n: int = 200, **options: object
) -> Iterator[Called]:
    """One condensed nucleus, turned at random, with planes 1 to 4 times as far apart, mask ± 2."""
    stack = open_image(folder / "hipsc_nucleus_condensed_3d.ome.tif")
    dna = stack.volume(0, 0).astype(np.float32)
    smooth = ndimage.gaussian_filter(dna, 1)
    objects, count = ndimage.label(smooth > threshold_otsu(smooth))
    sizes = ndimage.sum_labels(objects > 0, objects, np.arange(1, count + 1))
    nucleus = (objects == int(np.argmax(sizes)) + 1).astype(np.float32)
    assert stack.spacing is not None
    z, _, x = stack.spacing.zyx
    pad = 20
    dna = np.pad(
        ndimage.zoom(dna, (z / x, 1, 1), order=1), pad, constant_values=np.percentile(dna, 5)
    )
    nucleus = np.pad(ndimage.zoom(nucleus, (z / x, 1, 1), order=1), pad)
    rng = np.random.default_rng(0)
    for i in range(n):
        turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        centre = (np.array(dna.shape) - 1) / 2
        stretch = float(rng.uniform(1, 4))
        planes = int(dna.shape[0] / stretch)
        # output plane k lies at k * stretch; rows and columns are kept
        matrix = turn @ np.diag([stretch, 1, 1])
        offset = centre - matrix @ np.array([(planes - 1) / 2, centre[1], centre[2]])
        shape = (planes, *dna.shape[1:])
        image = ndimage.affine_transform(dna, matrix, offset, shape, order=1, mode="nearest")
        mask = ndimage.affine_transform(nucleus, matrix, offset, shape, order=1) > 0.5
        change = int(rng.integers(-2, 3))
        disc = ndimage.generate_binary_structure(2, 1)[None]
        if change > 0:
            mask = ndimage.binary_dilation(mask, disc, change)
        elif change < 0:
            mask = ndimage.binary_erosion(mask, disc, -change)
        yield from call(
            "condensed nucleus, 200 copies",
            Stack(image[None, None], ("DNA",), Spacing(stretch * x, x, x, "metadata"), f"copy {i}"),
            Segmentation(mask[None].astype(np.uint8), "nucleus", "mask"),
            model,
            "prometaphase-metaphase",
            **options,
        )


def interphase(folder: Path, model: ProjectionClassifier, **options: object) -> Iterator[Called]:
    """Stacks in which no cell divides, but for one late telophase in ``flat_cells_3d``."""
    for name, labels, of, extra in (
        ("crowded_nuclei_3d", "labels", "nucleus", {"isotropic": True, "channels": {"dna": 0}}),
        ("embryo16_nuclei_3d", "labels", "nucleus", {"isotropic": True, "channels": {"dna": 0}}),
        ("nuclei_cells_3d", "nuclei_labels", "nucleus", {"isotropic": True}),
        ("nuclei_cells_3d", "cells_labels", "cell", {"isotropic": True}),
        ("embryo_timelapse_3d", "labels", "nucleus", {"isotropic": True, "channels": {"dna": 0}}),
        (
            "organoid_interphase_3d",
            "nuclei_labels",
            "nucleus",
            {"channels": {"dna": 0, "membrane": 1}},
        ),
        ("flat_cells_3d", "labels", "nucleus", {"isotropic": True, "channels": {"dna": 0}}),
    ):
        yield from call(
            f"{name} ({of} labels)",
            open_image(folder / f"{name}.ome.tif"),
            open_labels(folder / f"{name}_{labels}.ome.tif", labels_are=of),
            model,
            LATE_TELOPHASE if name == "flat_cells_3d" else NON_MITOTIC,
            **{**options, **extra},
        )


def everything(folder: Path, model: ProjectionClassifier, **options: object) -> list[Called]:
    """Classify all of them."""
    return [
        called
        for source in (organoid, mitotic_crops, condensed_copies, interphase)
        for called in source(folder, model, **options)
    ]


def share(cells: list[Called], mitotic: bool) -> tuple[int, int]:
    """Count those called rightly, and all, of cells that are (not) mitotic by eye."""
    chosen = [c for c in cells if (c.truth != NON_MITOTIC) == mitotic]
    return sum(c.is_mitotic == mitotic for c in chosen), len(chosen)


def table(cells: list[Called]) -> str:
    """Markdown: one row a data set."""
    lines = [
        "| data | mitotic by eye, called mitotic | others, called non-mitotic | stage right |",
        "|---|---|---|---|",
    ]
    for data in dict.fromkeys(c.data for c in cells):
        these = [c for c in cells if c.data == data]
        columns = [f"{a}/{b}" if b else "–" for a, b in (share(these, True), share(these, False))]
        told = [c for c in these if c.truth != NON_MITOTIC and c.is_mitotic]
        stage = f"{sum(c.phase == c.truth for c in told)}/{len(told)}" if told else "–"
        lines.append(f"| {data} | {columns[0]} | {columns[1]} | {stage} |")
    return "\n".join(lines)


def picture(cells: list[Called], path: Path, columns: int = 4) -> None:
    """Draw the x, y and z views of DNA of each cell, with what each network says of it."""
    from matplotlib.figure import Figure

    rows = -(-len(cells) // columns)
    figure = Figure(figsize=(3.3 * columns, 1.45 * rows), facecolor="black", layout="constrained")
    for place, cell in enumerate(cells):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(np.concatenate(list(cell.views[:, 0]), axis=1), cmap="gray", vmin=0, vmax=1)
        votes = "  ".join(f"{p:.2f}" for p in cell.per_axis)
        name = f"{cell.data.split('_3d')[0]} {' '.join(cell.cell.split()[1:])}"
        axes.set_title(f"{name}\np mitotic x y z: {votes}", color="white", fontsize=7, pad=3)
        axes.axis("off")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser()
    here = Path(__file__).resolve().parents[1]
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", here.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--model", default="mitosis-3d")
    parser.add_argument("--vote", default="lowest-entropy")
    parser.add_argument(
        "--wrong", action="store_true", help="list the cells that were called wrongly"
    )
    parser.add_argument("--picture", type=Path, help="draw the cells wrongly called mitotic")
    options = parser.parse_args()
    cells = everything(options.data, load_model(options.model), vote=options.vote)
    print(table(cells))
    if options.picture:
        wrong = [c for c in cells if c.is_mitotic and c.truth == NON_MITOTIC]
        picture(wrong, options.picture)
    if options.wrong:
        for c in cells:
            if c.is_mitotic != (c.truth != NON_MITOTIC):
                axes = " ".join(f"{p:.2f}" for p in c.per_axis)
                print(f"{c.data}: {c.cell}, {c.truth} called {c.phase} (p mitotic x y z: {axes})")


if __name__ == "__main__":
    main()
