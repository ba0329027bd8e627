"""What a correction, an undo and opening a project cost, for 100,000 cells.

Run ``uv run python benchmarks/bench_review.py [--quick] [--cells N] [--out docs/benchmarks.md]``:
about a minute. The cells are numbers without an image; the commits go to the disk that ``--folder``
is on.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tables import markdown, note, options, parsed, publish

from napari_cellcycle.cells.table import CellTable
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.ensemble import Decision, decide
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Filter, Queue, Review
from napari_cellcycle.review.orders import BETWEEN_MODELS

AXES = ("z", "y", "x")
SETS = 3


def cells_of(n: int, rng: np.random.Generator) -> CellTable:
    """Cells on a grid, ten frames."""
    corner = np.stack([np.arange(n) % 50, np.arange(n) // 50 % 1000, np.arange(n) % 997], axis=1)
    return CellTable(
        image="cells.tif",
        scene="",
        labels_are="nucleus",
        spacing=Spacing(1, 1, 1, "isotropic"),
        frame=np.repeat(np.arange(10), -(-n // 10))[:n],
        label=np.tile(np.arange(1, -(-n // 10) + 1), 10)[:n],
        bbox=np.stack([corner, corner + 5], axis=1).astype(np.int64),
        centroid=corner + 2.5,
        voxels=rng.integers(50, 200, n),
        touches_border=np.zeros(n, bool),
        nucleus_voxels=rng.integers(50, 200, n),
    )


def decision_of(n: int, rng: np.random.Generator) -> Decision:
    """Random votes of three axes."""
    level1 = rng.dirichlet([1, 0.2], (n, 3))
    return decide(level1, rng.dirichlet(np.ones(4), (n, 3)), AXES)


def new_project(folder: Path, cells: CellTable, n_words: int, rng: np.random.Generator) -> Path:
    """A project with three prediction sets and some words."""
    image = Stack(np.zeros((10, 1, 1, 8, 8), np.uint8), ("dna",), None, cells.image)
    labels = Segmentation(np.ones((10, 1, 8, 8), np.uint8), "nucleus", "labels")
    with Project.create(folder, who="Ann") as project:
        number = project.images.add(image, labels, cells=cells).number
        for i in range(SETS):
            project.predictions.add(
                number,
                cells,
                decision_of(len(cells), rng),
                model=f"model-{i}",
                model_sha256=str(i) * 64,
                phases=MITOSIS_STAGES,
            )
        review = Review(project)
        if n_words:
            review.say(rng.choice(len(cells), n_words, replace=False), "prophase")
        return project.folder


def timed(repeat: int, work: Callable[[], object]) -> list[float]:
    """Milliseconds of each run."""
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        found.append(1e3 * (time.perf_counter() - start))
    return found


def of(values: list[float]) -> str:
    """Median, and what nineteen of twenty stay below."""
    return f"{statistics.median(values):.2f} ({np.quantile(values, 0.95):.2f})"


def measure(folder: Path, n: int, n_words: int, repeat: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(0)
    path = new_project(folder / f"bench-{n}", cells_of(n, rng), n_words, rng)

    opened: list[Project] = []

    def open_all() -> None:
        project = Project.open(path, who="Ann")
        opened.append(project)
        review = Review(project)
        queue = Queue(review)
        queue.next()

    opening = []
    for _ in range(3):
        opening += timed(1, open_all)
        opened.pop().close()
    with Project.open(path, who="Ann") as project:
        review = Review(project)
        queue = Queue(review, only=Filter(statuses=frozenset({"predicted", "stale"})))
        commits: list[float] = []
        enter = project.journal.enter

        def entering(*args: object, **more: object) -> object:
            start = time.perf_counter()
            done = enter(*args, **more)  # type: ignore[arg-type]
            commits.append(1e3 * (time.perf_counter() - start))
            return done

        project.journal.enter = entering  # type: ignore[assignment, method-assign]
        correct = timed(repeat, lambda: review.say(queue.next(), "early-prometaphase"))
        entered = len(commits)
        undo = timed(repeat, review.undo)
        own = [a - b for a, b in zip(correct, commits[:entered], strict=True)]
        back = [a - b for a, b in zip(undo, commits[entered:], strict=True)]
        sure = review.confident("non-mitotic", 0.99)
        batch = timed(1, lambda: review.accept(sure))
        batch_undo = timed(1, review.undo)
        sets = [given.id for given in project.predictions.sets(review.image)]
        shown = iter(sets * 2)
        switch = timed(len(sets) * 2, lambda: review.show(next(shown)))
        other = project.predictions[sets[0]]
        compare = timed(3, lambda: queue.sort(BETWEEN_MODELS, other=other))
    return {
        "open, to the first cell of the queue": opening,
        "correct one cell": correct,
        "… without the commit": own,
        "undo it": undo,
        "… without the commit ": back,
        f"accept {len(sure)} cells at once": batch,
        "undo that": batch_undo,
        "show another prediction set": switch,
        "sort by the disagreement of two models": compare,
    }


def main() -> None:
    parser = options("review", __doc__, cells=100_000)
    parser.add_argument("--folder", type=Path, help="where to write (a temporary folder)")
    given = parsed(parser)
    n = 1000 if given.quick else given.cells
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        small = measure(Path(folder), n // 10, n // 100, 20 if given.quick else 200)
        note(f"{n} cells")
        large = measure(Path(folder), n, n // 10, 20 if given.quick else 200)
    for few, many in zip(small, large, strict=True):
        name = many if few == many else f"{many} ({few.split()[1]})"
        ratio = statistics.median(large[many]) / statistics.median(small[few])
        rows.append((name.strip(), of(small[few]), of(large[many]), f"{ratio:.1f}"))
    head = ("step", f"{n // 10} cells, ms", f"{n} cells, ms", "ratio")
    about = (
        f"Projects with {SETS} prediction sets, and a word on every tenth cell. Median of the "
        "runs, in brackets what nineteen of twenty stay below. The screen is not in it."
    )
    publish(given, about, markdown(head, rows))


if __name__ == "__main__":
    main()
