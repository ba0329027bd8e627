"""Memory of ``classify`` on a stack that is larger than it.

Run ``uv run python benchmarks/bench_memory.py [--quick] [--gib N] [--out docs/benchmarks.md]``: a
quarter of an hour. The stack exists only as what dask makes when it is asked: a simulated field,
repeated side by side, with labels of its own in each place. All cells are found; of these every
hundredth is classified.
"""

from __future__ import annotations

import resource
import time

import dask.array as da
import numpy as np
from tables import markdown, options, parsed, publish

from napari_cellcycle.classify import ClassifyRequest
from napari_cellcycle.classify.run import run
from napari_cellcycle.image.labels import check_labels
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.simulate import simulate_field

FIELD = 60
EACH = 100


def peak() -> float:
    """Most memory that this process had so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def main() -> None:
    given = parsed(options("memory", __doc__, gib=20))
    field = simulate_field(n_cells=FIELD, seed=5)
    image, labels = np.asarray(field.stack.data), np.asarray(field.nuclei.data).astype(np.int32)
    _, c, z, y, x = image.shape
    wanted = (1 if given.quick else given.gib) << 30
    side = int(np.ceil(np.sqrt(wanted / image.nbytes)))
    top = int(labels.max())

    def tile(block_info: dict | None = None) -> np.ndarray:  # type: ignore[type-arg]
        assert block_info is not None
        channel = block_info[None]["chunk-location"][1]
        return image[:, channel : channel + 1]

    def numbered(block_info: dict | None = None) -> np.ndarray:  # type: ignore[type-arg]
        assert block_info is not None
        row, column = block_info[None]["chunk-location"][2:]
        return np.where(labels > 0, labels + top * (row * side + column), 0).astype(np.int32)

    edges = ((y,) * side, (x,) * side)
    stack = Stack(
        da.map_blocks(tile, chunks=((1,), (1,) * c, (z,), *edges), dtype=image.dtype),
        field.stack.channels,
        field.stack.spacing,
        "virtual",
    )
    many = Segmentation(
        da.map_blocks(numbered, chunks=((1,), (z,), *edges), dtype=np.int32), "nucleus", "labels"
    )
    model = load_model("mitosis-3d", "cpu")
    small = Stack(image, field.stack.channels, field.stack.spacing, "one field")
    run(ClassifyRequest(small, field.nuclei, model, device="cpu"))  # what every run needs
    before = peak()
    start = time.perf_counter()
    check_labels(many)  # as of a file that is opened
    chosen = tuple(range(1, top * side * side + 1, EACH))
    found = run(ClassifyRequest(stack, many, model, device="cpu", only_labels=chosen))
    took = time.perf_counter() - start
    publish(
        given,
        markdown(
            ("stack", "labels", "cells found", "classified", "seconds", "peak beyond one field"),
            [
                (
                    f"{stack.data.nbytes / (1 << 30):.1f} GiB",
                    f"{many.data.nbytes / (1 << 30):.1f} GiB",
                    f"{top * side * side:,}",
                    f"{len(found):,}",
                    f"{took:.0f}",
                    f"{peak() - before:.2f} GiB (asked: 2)",
                )
            ],
        ),
    )


if __name__ == "__main__":
    main()
