"""Cells per second of ``classify``, and where the time goes.

    uv run --extra all python benchmarks/bench_classify.py [--cells 100] [--repeats 3]

Simulates a field, then times each step by itself and the whole. Prints Markdown. Seconds depend
on the machine; the shares hardly do.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views import make_views
from napari_cellcycle.classify import classify
from napari_cellcycle.classify.device import choose_device
from napari_cellcycle.demo import IMAGE, NUCLEI, write_field
from napari_cellcycle.image import guess_roles, open_image, open_labels
from napari_cellcycle.models.folder import load_model

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(work: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Result of ``work`` and its median wall time."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - start)
    return result, statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="mitosis-3d")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    repeats, device = options.repeats, choose_device(options.device)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_field(folder, n_cells=options.cells)
        image, nuclei = folder / IMAGE, folder / NUCLEI
        classify(image, nuclei, model=options.model, device=device)  # imports, caches

        def read() -> tuple[Any, Any, list[Any], Any]:
            stack = open_image(image)
            labels = open_labels(nuclei)
            volumes = [stack.volume(0, channel) for channel in range(len(stack.channels))]
            return stack, labels, volumes, labels.volume(0)

        times: dict[str, float] = {}
        (stack, labels, volumes, mask), times["read the files"] = timed(read, repeats)
        classifier, times["load the model"] = timed(
            lambda: load_model(options.model, device=device), repeats
        )
        card = classifier.card
        cells, times["table of cells"] = timed(lambda: cell_table(labels, stack.spacing), repeats)
        roles = guess_roles(stack.channels, card.recipe.channels)
        by_role = [None if (i := roles[role]) is None else volumes[i] for role in roles]
        views, times["views"] = timed(
            lambda: make_views(by_role, mask, cells, card.recipe), repeats
        )
        _, times["networks"] = timed(lambda: classifier.predict(views.images, views.axes), repeats)
        result, whole = timed(
            lambda: classify(image, nuclei, model=options.model, device=device), repeats
        )
        _, times["write the table"] = timed(lambda: result.to_csv(folder / "cells.csv"), repeats)

    n, total = len(cells), sum(times.values())
    shape = " × ".join(map(str, stack.data.shape[2:]))
    print(f"{n} cells in {len(volumes)} channels of {shape} voxels (z, y, x), model {card.name}")
    print(f"({len(views.axes)} networks), device {device}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, median of {repeats}\n")
    print("| step | seconds | share | ms a cell |")
    print("| --- | ---: | ---: | ---: |")
    for step, seconds in times.items():
        print(f"| {step} | {seconds:.2f} | {seconds / total:.0%} | {1000 * seconds / n:.1f} |")
    print(f"| **`classify`, from files** | {whole:.2f} | | {1000 * whole / n:.1f} |")
    print(f"\n{n / whole:.1f} cells a second")


if __name__ == "__main__":
    main()
