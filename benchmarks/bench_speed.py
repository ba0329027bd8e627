"""Cells a second of ``classify``, beside the ways it is done today and beside its own limits.

Run ``uv run python benchmarks/bench_speed.py [--quick] [--cells N] [--most N] [--out
docs/benchmarks.md]``: twenty minutes on two cores, half of them for the row of 100,000 cells
(``--most 1000`` leaves it out). All times are of one run, in turns, and only their ratios mean
something elsewhere. Images and labels are in memory; the field is simulated, and repeated where
more cells are asked for: in memory too for the ways, as one field that is seen again and again for
the growth, so that memory stays that of one field.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from scene import FIELD, Scene
from tables import markdown, note, options, parsed, publish

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views import compiled
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.classify import classify, prepare
from napari_cellcycle.classify.batching import Batcher
from napari_cellcycle.classify.cores import in_order, one_core_each
from napari_cellcycle.classify.device import choose_device
from napari_cellcycle.classify.groups import batch_sizes
from napari_cellcycle.classify.run import BORDER_ODDS
from napari_cellcycle.models.bfloat16 import multiplies_bfloat16
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import Decision, decide, discount
from napari_cellcycle.models.folder import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN_EDGE = 224


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time of each way; the ways take turns, so that a busy minute hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats):
        for name, work in ways.items():
            found[name].append(seconds(work))
        note(f"turn {turn + 1} of {repeats}")
    return {name: statistics.median(times) for name, times in found.items()}


# --- the ways it is done today ----------------------------------------------------------------


def plain_views(scene: Scene, axis: int) -> list[torch.Tensor]:
    """Crop by regionprops, mask, project, then Pillow and torchvision, cell by cell."""
    from PIL import Image
    from skimage.measure import regionprops
    from torchvision import transforms

    prepare_one = transforms.Compose(
        [
            transforms.Resize((PLAIN_EDGE, PLAIN_EDGE)),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    found = []
    for frame in range(scene.stack.n_frames):
        dna, membrane = (scene.stack.volume(frame, c) for c in range(2))
        for region in regionprops(scene.labels.volume(frame)):
            crop = [np.where(region.image, volume[region.slice], 0) for volume in (dna, membrane)]
            flat = [picture.max(axis=axis).astype(np.float32) for picture in crop]
            grey = [(255 * p / max(p.max(), 1)).astype(np.uint8) for p in flat]
            picture = Image.fromarray(np.stack([grey[0], grey[1], grey[0]], axis=-1))
            found.append(prepare_one(picture))
    return found


def plain_way(scene: Scene, networks: list[torch.nn.Module], batch: int) -> None:
    """Three eager ResNet18 of 224 pixels, one axis after the other."""
    with torch.inference_mode():
        for axis, network in enumerate(networks):
            views = plain_views(scene, axis)
            for start in range(0, len(views), batch):
                network(torch.stack(views[start : start + batch])).softmax(dim=1).numpy()


def own_eager(scene: Scene, networks: dict[str, torch.nn.Module]) -> list[Decision]:
    """Our model at its own size: views first, then eager float32 networks, batches of 64."""
    card, spacing = scene.model.card, scene.stack.spacing
    assert spacing is not None
    decided = []
    cells = cell_table(scene.labels, spacing)
    for frame in range(scene.stack.n_frames):
        rows = cells.select(cells.frame == frame)
        volumes = [scene.stack.volume(frame, c) for c in range(2)]
        views = make_views(volumes, scene.labels.volume(frame), rows, card.recipe)
        outputs = []
        with torch.inference_mode():
            for a, axis in enumerate(views.axes):
                images = torch.from_numpy(np.ascontiguousarray(views.images[:, a]))
                temperature = card.temperatures[axis]
                logits = torch.cat([networks[axis](part) for part in images.split(64)])
                outputs.append(
                    (
                        (logits[:, :2] / temperature["level1"]).softmax(1),
                        (logits[:, 2:] / temperature["level2"]).softmax(1),
                    )
                )
        level1, level2 = (torch.stack([o[i] for o in outputs], 1).numpy() for i in (0, 1))
        level1 = discount(level1, rows.touches_border, BORDER_ODDS)
        decided.append(decide(level1, level2, views.axes))
    return decided


def joined(decided: list[Decision], name: str) -> NDArray[np.float64]:
    """A column of the cells of all frames."""
    return np.concatenate([getattr(part, name) for part in decided])


# --- limits -----------------------------------------------------------------------------------


def bandwidth() -> float:
    """Bytes a second that one core reads, of an array that fits into no cache."""
    data = np.ones(1 << 27, np.uint8)
    return data.nbytes / min(seconds(lambda: data.view(np.uint64).max()) for _ in range(5))


def bare(model: ProjectionClassifier, views: NDArray[np.float32], axes: tuple[str, ...]) -> None:
    """Only the forward passes, all cores."""
    batcher = Batcher(model, 64)
    with one_core_each() as pool:
        ends = np.cumsum(batch_sizes(len(views), 64, pool.workers))
        parts = np.split(views, ends[:-1])
        for _ in in_order(pool, lambda part: batcher.predict(part, axes, exact=False), [parts]):
            pass


def growth(field: Scene, most: int) -> tuple[str, list[str]]:
    """Time a cell of ten cells, and of ten times as many until the most; how it changes."""
    took: dict[int, float] = {}
    for wanted in (10**power for power in range(1, 10) if 10**power <= most):
        part = field.of(wanted) if wanted < FIELD else field.again(wanted)
        work = partial(
            classify, part.stack, part.labels, model=part.model, device=part.model.device
        )
        n = wanted if wanted < FIELD else FIELD * part.stack.n_frames
        took[n] = min(seconds(work) for _ in range(1 if wanted > 1000 else 3)) / n
        note(f"{n} cells")
    rows = [(f"{n:,}", f"{1e3 * time:.2f}") for n, time in took.items()]
    large = [n for n in took if n >= 1000]
    change = []
    if len(large) > 1:
        ratio = took[large[-1]] / took[large[0]] - 1
        change = [f"From {large[0]:,} to {large[-1]:,} cells: {ratio:+.1%} a cell (asked: 10 %)."]
    return markdown(("cells", "ms a cell"), rows), change


def main() -> None:
    parser = options("speed", __doc__, cells=240, repeats=3, most=100_000)
    given = parsed(parser)
    n, repeats = (30, 1) if given.quick else (given.cells, given.repeats)
    device = choose_device(given.device)
    model = load_model("mitosis-3d", device)
    field = Scene.with_model(model)
    scene = field.of(n)

    from torchvision.models import resnet18

    torch.manual_seed(0)
    plain = [resnet18(num_classes=6).eval() for _ in range(3)]
    eager = {
        axis: copy.deepcopy(network).to(memory_format=torch.contiguous_format)
        for axis, network in model.networks.items()
    }
    spacing = scene.stack.spacing
    assert spacing is not None
    cells = cell_table(scene.labels, spacing)
    first = cells.select(cells.frame == 0)
    volumes = [scene.stack.volume(0, c) for c in range(2)]
    views = make_views(volumes, scene.labels.volume(0), first, model.card.recipe)
    repeated = np.tile(views.images, (-(-n // len(first)), 1, 1, 1, 1))[:n]

    def table_and_projections() -> None:
        table = cell_table(scene.labels, spacing)
        for frame in range(scene.stack.n_frames):
            rows = table.select(table.frame == frame)
            pair = [scene.stack.volume(frame, c) for c in range(2)]
            make_views(pair, scene.labels.volume(frame), rows, model.card.recipe)

    run = partial(classify, scene.stack, scene.labels, model=model, device=device)
    model.get_ready(views.axes, exact=False)
    numba = compiled.load(scene.stack.data.dtype)
    run()  # imports, caches
    ways = {
        "batch 1": lambda: plain_way(scene, plain, 1),
        "batches of 64": lambda: plain_way(scene, plain, 64),
        "eager": lambda: own_eager(scene, eager),
        "ours": run,
        "bare": lambda: bare(model, repeated, views.axes),
        "table and views": table_and_projections,
        "prepare": lambda: prepare(scene.request),
    }
    took = in_turns(ways, repeats)
    size = scene.stack.data.nbytes + scene.labels.data.nbytes
    one_pass = size / bandwidth()
    ours = took["ours"]
    said, reference = run().decision, own_eager(scene, eager)
    agree = float(np.mean(said.phase == joined(reference, "phase")))
    differ = float(np.abs(said.probabilities - joined(reference, "probabilities")).max())

    def rate(way: str) -> str:
        return f"{n / took[way]:.1f}"

    rows = [
        ("cell by cell, 224 px, batch 1", rate("batch 1"), f"{took['batch 1'] / ours:.1f}", "12"),
        (
            "the same in batches of 64",
            rate("batches of 64"),
            f"{took['batches of 64'] / ours:.1f}",
            "20",
        ),
        (
            "our model at its own size, eager, contiguous",
            rate("eager"),
            f"{took['eager'] / ours:.2f}",
            "2",
        ),
        ("**classify**", rate("ours"), "1", ""),
        (
            "bare forward passes, and one pass through the data",
            f"{n / (took['bare'] + one_pass):.1f}",
            f"{(took['bare'] + one_pass) / ours:.2f}",
            "0.80",
        ),
    ]
    text = markdown(("way", "cells a second", "classify is faster by", "asked"), rows)
    shares = markdown(
        ("step by itself", "ms a cell"),
        [
            ("questions and table of cells", f"{1e3 * took['prepare'] / n:.2f}"),
            ("table of cells and views, one core", f"{1e3 * took['table and views'] / n:.2f}"),
            ("forward passes, all cores", f"{1e3 * took['bare'] / n:.2f}"),
            ("one pass through the data", f"{1e3 * one_pass / n:.3f}"),
        ],
    )
    grown, change = growth(field, 100 if given.quick else given.most)
    table_ratio = took["table and views"] / one_pass
    remark = (
        f"{n} cells, {size / 1e6:.0f} MB, {torch.get_num_threads()} cores; `classify` multiplies "
        f"in {'bfloat16' if multiplies_bfloat16() else 'float32'}, and views are made by "
        f"{'numba, loaded before' if numba else 'NumPy'}. Phases agree with the eager "
        f"float32 networks for {agree:.2%} of cells, probabilities within {differ:.4f}. Table and "
        f"views take {table_ratio:.0f} times one pass through the data (asked: 3)."
    )
    publish(given, "\n\n".join([text, remark, shares, grown, *change]))


if __name__ == "__main__":
    main()
