"""Segment nuclei in 2D: real fields with labels, fields counted by eye, simulated ones.

Run ``uv run python benchmarks/bench_segment.py [--out FILE]``; half a minute on one core. Truth
"by eye" is a point in each nucleus, set before the method was made (``nuclei_by_eye.csv``); nuclei
that one may see differently are neither right nor wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from tables import markdown, number, options, parsed, publish

from napari_cellcycle.cells.nuclei.segmentation import Method, segment_nuclei
from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image import open_image
from napari_cellcycle.image.stack import Stack
from napari_cellcycle.simulate import simulate_field

EYE = Path(__file__).with_name("nuclei_by_eye.csv")
HEAD = ("image", "nuclei", "found", "F1", "parted", "joined", "F1 with one threshold")
LABELLED = ("h2b_field_2d_t1", "h2b_field_2d_t70")
PROJECTED = {
    "flat_cells_3d": "flat_cells_3d_labels",
    "embryo16_nuclei_3d": "embryo16_nuclei_3d_labels",
    "embryo_timelapse_3d": "embryo_timelapse_3d_labels",
    "crowded_nuclei_3d": "crowded_nuclei_3d_labels",
    "organoid_interphase_3d": "organoid_interphase_3d_nuclei_labels",
}
COUNTED = {"tubulin_h2b_field_2d": 1, "dapi_tubulin_p21_edu_field_2d": 0}  # channel of DNA
SIMULATED = range(101, 104), range(201, 204)  # development, test
Plane = NDArray[np.float64]
Labels = NDArray[np.int64]
Points = NDArray[np.int64]


class Score(NamedTuple):
    """Nuclei, objects found, matched ones, and nuclei in pieces and objects of several nuclei."""

    nuclei: int
    found: int
    matched: int
    parted: int
    joined: int

    @property
    def f1(self) -> float:
        return 2 * self.matched / max(self.nuclei + self.found, 1)


def segmented(plane: Plane, method: Method) -> Labels:
    """Labels; none where nothing is found."""
    stack = Stack(plane[None, None, None], ("DNA",), None, "field")
    try:
        return segment_nuclei(stack, 0, method=method).data[0, 0].astype(np.int64)
    except SegmentationError:
        return np.zeros(plane.shape, np.int64)


def by_labels(truth: Labels, found: Labels) -> Score:
    """Match objects at an intersection over union above 0.5."""
    both = np.zeros((truth.max() + 1, found.max() + 1))
    np.add.at(both, (truth, found), 1)
    size, other = both.sum(1)[1:, None], both.sum(0)[None, 1:]
    both = both[1:, 1:]
    pieces = (both >= 0.2 * size) & (both > 0.5 * other) & (both > 0)
    inside = (both > 0.5 * size) & (both > 0)
    return Score(
        int((size > 0).sum()),
        int((other > 0).sum()),
        int((both / np.maximum(size + other - both, 1) > 0.5).sum()),
        int((pieces.sum(1) > 1).sum()),
        int((inside.sum(0) > 1).sum()),
    )


def by_eye(points: Points, found: Labels) -> Score:
    """Match objects with one point; ``points`` are y, x and 1 where sure."""
    at = found[points[:, 0], points[:, 1]]
    sure = np.bincount(at[points[:, 2] == 1], minlength=found.max() + 1)[1:]
    unsure = np.bincount(at[points[:, 2] == 0], minlength=found.max() + 1)[1:]
    extra = (sure == 0) & (unsure == 0)
    n = int((points[:, 2] == 1).sum())
    counted = int(((sure > 0) | extra).sum())
    return Score(n, counted, int((sure == 1).sum()), int(extra.sum()), int((sure > 1).sum()))


def projected(dna: Plane, labels: Labels) -> tuple[Plane, Labels]:
    """Maximum projection, with the label of the brightest labelled voxel of each column."""
    top = np.where(labels > 0, dna - dna.min() + 1, 0).argmax(axis=0)[None]
    return dna.max(axis=0), np.take_along_axis(labels, top, 0)[0].astype(np.int64)


def simulated(seed: int) -> tuple[Plane, Labels]:
    """A field of dividing and other cells in projection; brightness tenfold in most seeds."""
    n_cells = 40 if seed % 100 == 3 else 30
    field = simulate_field(n_cells=n_cells, seed=seed, shape=(14, 300, 300), daughters="apart")
    dna, labels = field.stack.volume(0, 0).astype(float), field.nuclei.volume(0)
    if seed % 100 > 1:
        rng = np.random.default_rng(1000 + seed)
        factor = np.exp(rng.uniform(np.log(0.1), 0, int(labels.max()) + 1))
        level = np.median(dna[labels == 0])
        nearest = ndimage.distance_transform_edt(
            labels == 0, sampling=(3, 1, 1), return_distances=False, return_indices=True
        )
        light = (dna - level) * factor[labels[tuple(nearest)]]
        dna = light + level + rng.normal(0, 0.02 * np.percentile(light, 99.5), dna.shape)
    return projected(dna.clip(0), labels)


def cases(data: Path) -> Iterator[tuple[str, Plane, Labels | Points]]:
    """Yield what it is, the plane, and its labels or points ``(n, 3)``."""
    for name in LABELLED:
        planes = [open_image(data / f"{name}{x}.ome.tif").volume(0, 0)[0] for x in ("", "_labels")]
        yield name, planes[0].astype(float), planes[1].astype(np.int64)
    for name, labels in PROJECTED.items():
        volumes = [open_image(data / f"{x}.ome.tif").volume(0, 0) for x in (name, labels)]
        yield f"{name}, projected", *projected(volumes[0].astype(float), volumes[1])
    for seeds, part in zip(SIMULATED, ("development", "test"), strict=True):
        for seed in seeds:
            kind = "tenfold in brightness" if seed % 100 > 1 else "alike in brightness"
            yield f"simulated, {kind}, {part}", *simulated(seed)
    with EYE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for name, channel in COUNTED.items():
        points = [
            (int(r["y"]), int(r["x"]), int(r["sure"] == "yes")) for r in rows if r["image"] == name
        ]
        plane = open_image(data / f"{name}.ome.tif").volume(0, channel)[0]
        yield f"{name}, by eye", plane.astype(float), np.array(points)


def main() -> None:
    given = parsed(options("segment", __doc__))
    body = []
    for name, plane, truth in cases(given.data):
        judge = by_labels if truth.shape == plane.shape else by_eye
        own, one = (judge(truth, segmented(plane, method)) for method in ("local", "otsu"))
        counts = (own.nuclei, own.found, number(own.f1), own.parted, own.joined, number(one.f1))
        body.append((name, *map(str, counts)))
    publish(given, markdown(HEAD, body))


if __name__ == "__main__":
    main()
