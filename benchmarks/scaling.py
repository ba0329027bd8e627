"""What many images cost: processor seconds an image, bytes a cell, the gain of a second worker.

``python benchmarks/scaling.py --data ../shared/data`` prints the figures of docs/scaling.md.
Processor seconds are of one thread and depend little on what else runs; the gain of workers needs a
quiet computer (``--workers 1 2``).
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch

from napari_cellcycle.classify.cluster import classify_on, connected
from napari_cellcycle.classify.jobs import Job, Settings
from napari_cellcycle.classify.many import classify_many
from napari_cellcycle.classify.parts import Done, Parts
from napari_cellcycle.models.catalogue import find_model
from napari_cellcycle.models.folder import load_model

FIELDS = 4
TILES = (7, 5)
JOINED = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, nargs="*", default=[])
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = {
            "mitosis-2d": [flat(args.data, folder, i) for i in range(FIELDS)],
            "mitosis-3d": [deep(args.data, i % 3, i) for i in range(FIELDS)],
        }
        for model, jobs in cases.items():
            print(json.dumps({"model": model, **alone(model, jobs, folder / model)}))
        for n in args.workers:
            seconds = on_workers(n, cases["mitosis-3d"] * 18, folder / f"workers{n}")
            print(json.dumps({"workers": n, "seconds": round(seconds, 2)}))


def flat(data: Path, folder: Path, number: int) -> Job:
    """A field of 245 cells: a real one of 7, in tiles."""
    paths = folder / f"{number}.tif", folder / f"{number}_labels.tif"
    stem = "h2b_field_2d_t70"
    labels = tifffile.imread(data / f"{stem}_labels.ome.tif").astype(np.uint16)
    tiled = np.tile(labels, TILES)
    height, width = labels.shape
    for k, (i, j) in enumerate(np.ndindex(*TILES)):
        tile = tiled[i * height : (i + 1) * height, j * width : (j + 1) * width]
        tile[tile > 0] += k * int(labels.max())
    tifffile.imwrite(paths[0], np.tile(tifffile.imread(data / f"{stem}.ome.tif"), TILES))
    tifffile.imwrite(paths[1], tiled, compression="zlib")
    return Job(f"{number}", *paths)


def deep(data: Path, frame: int, number: int) -> Job:
    """A real stack of about 20 cells with DNA and membrane."""
    stem = f"organoid_h2b_membrane_3d_t{301 + frame}"
    return Job(f"{number}", data / f"{stem}.ome.tif", data / f"{stem}_nuclei_labels.ome.tif")


def alone(model: str, jobs: list[Job], folder: Path) -> dict[str, Any]:
    """Processor seconds an image, after a first one that also loads libraries."""
    classifier = load_model(model)
    parts = Parts(folder, Settings(), classifier.sha256)
    work = classify_many(jobs, Settings(), classifier, parts)
    next(work)
    in_network = 0.0
    predict = classifier.predict

    def timed(*views: Any, **how: Any) -> Any:
        nonlocal in_network
        begun = time.thread_time()
        found = predict(*views, **how)
        in_network += time.thread_time() - begun
        return found

    classifier.predict = timed
    start = time.process_time()
    done = [one for one in work if isinstance(one, Done)]
    spent = time.process_time() - start
    cells = sum(sum(one.counts.values()) for one in done)
    sizes = [parts.path(job.name).stat().st_size for job in jobs]

    many = [f"copy {i}" for i in range(JOINED)]
    for copy in many:
        shutil.copy(parts.path(jobs[-1].name), parts.path(copy))
    start = time.process_time()
    parts.join(many, folder / "cells.parquet")
    joining = time.process_time() - start
    return {
        "cells_an_image": round(cells / len(done), 1),
        "cpu_seconds_an_image": round(spent / len(done), 2),
        "of_these_in_the_network": round(in_network / len(done), 2),
        "cells_a_cpu_second": round(cells / spent, 1),
        "bytes_a_cell_in_parts": round(sum(sizes) / len(sizes) / (cells / len(done))),
        "parts_joined_a_cpu_second": round(JOINED / joining),
    }


def on_workers(n: int, jobs: list[Job], folder: Path) -> float:
    """Seconds for all images, once every worker has its model and has seen 600 cells.

    As many cells make it load compiled kernels, which a plate does once, in its first images.
    """
    named = [Job(f"{i}", job.image, job.labels) for i, job in enumerate(jobs)]
    warm = [Job(f"warm {i}", jobs[0].image, jobs[0].labels) for i in range(30 * n)]
    model = find_model("mitosis-3d")
    sha256 = load_model(model).sha256
    parts = Parts(folder, Settings(), sha256)
    with connected(workers=n, device="cpu") as client:
        list(classify_on(client, warm, Settings(), model, sha256, "cpu", parts))
        start = time.perf_counter()
        list(classify_on(client, named, Settings(), model, sha256, "cpu", parts))
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
