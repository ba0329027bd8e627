"""The demo: simulate a field, classify it, compare with the truth, write tables and pictures."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.files import replacing
from napari_cellcycle.phases import MITOSIS_STAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack
    from napari_cellcycle.phases import PhaseSet

IMAGE = "image.ome.tif"
NUCLEI = "nuclei_labels.ome.tif"
CELLS = "cells_labels.ome.tif"
TRUTH = "truth.csv"
DEFAULT_CELLS = 40


@dataclass(frozen=True, slots=True)
class FieldFiles:
    """A simulated field on disk.

    Parameters
    ----------
    folder : Path
    truth : mapping of (frame, label) to slug
    files : tuple of Path
        Image, nuclei labels, cells labels, truth.
    """

    folder: Path
    truth: Mapping[tuple[int, int], str]
    files: tuple[Path, ...]

    def counts(self) -> dict[str, int]:
        """Cells of each phase."""
        slugs = list(self.truth.values())
        return {slug: slugs.count(slug) for slug in MITOSIS_STAGES.slugs}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of cells on which prediction and truth agree.

    Parameters
    ----------
    n : int
        Cells that have both.
    phase : int
        Cells whose predicted phase is the true one.
    top : int
        Cells that agree on the top level: mitotic or not.
    """

    n: int
    phase: int
    top: int

    @property
    def fraction(self) -> float:
        """Share of cells whose predicted phase is the true one."""
        return self.phase / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo made.

    Parameters
    ----------
    folder : Path
    stack : Stack
    classification : Classification
    agreement : Agreement
    files : tuple of Path
        In the order in which they were written.
    """

    folder: Path
    stack: Stack
    classification: Classification
    agreement: Agreement
    files: tuple[Path, ...]


def write_field(folder: Path | str, *, seed: int = 0, n_cells: int = DEFAULT_CELLS) -> FieldFiles:
    """Simulate a field and write image, nuclei, cells and truth.

    Parameters
    ----------
    folder : Path or str
        Made if it is missing; files of an earlier field are replaced.
    seed : int
        The same seed gives the same field.
    n_cells : int
        How many cells to simulate.
    """
    from napari_cellcycle.image.write import write_labels, write_stack
    from napari_cellcycle.simulate.field import simulate_field

    folder = Path(folder)
    field = simulate_field(n_cells=n_cells, seed=seed)
    truth = {(0, int(label)): slug for label, slug in sorted(field.truth.items())}
    files = (
        write_stack(field.stack, folder / IMAGE),
        write_labels(field.nuclei, folder / NUCLEI, spacing=field.stack.spacing),
        write_labels(field.cells, folder / CELLS, spacing=field.stack.spacing),
        _write_truth(truth, folder / TRUTH),
    )
    return FieldFiles(folder, truth, files)


def run_demo(
    folder: Path | str,
    *,
    seed: int = 0,
    n_cells: int = DEFAULT_CELLS,
    model: str = "mitosis-3d",
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Demo:
    """Simulate a field, classify the files it was written to, and draw the result.

    Parameters
    ----------
    folder : Path or str
        Where everything goes.
    seed : int
        Of the simulation.
    n_cells : int
        How many cells to simulate.
    model : str
        Name or path of the model.
    device : str
        As in :func:`napari_cellcycle.classify.classify`.
    progress : callable, optional
        Called with the number of cells done and in all.
    """
    from napari_cellcycle.classify.run import classify
    from napari_cellcycle.figures.page import save_figure
    from napari_cellcycle.figures.results import gallery_of, overlay_of
    from napari_cellcycle.image.reading import open_image, open_labels

    field = write_field(folder, seed=seed, n_cells=n_cells)
    stack = open_image(field.folder / IMAGE)
    segmentation = open_labels(field.folder / NUCLEI, labels_are="nucleus")
    result = classify(stack, segmentation, model=model, device=device, progress=progress)
    table = field.folder / "cells.csv"
    result.to_csv(table)
    cells = result.cells
    predicted = {
        (int(frame), int(label)): slug
        for frame, label, slug in zip(
            cells.frame, cells.label, result.predicted_phases(), strict=True
        )
    }
    title = f"Simulated field, seed {seed}"
    pictures = (
        save_figure(
            gallery_of(result, stack, truth=field.truth, title=title), field.folder / "gallery.png"
        ),
        save_figure(overlay_of(result, stack, title=title), field.folder / "overlay.png"),
    )
    return Demo(
        field.folder,
        stack,
        result,
        compare(predicted, field.truth, result.phases),
        (*field.files, table, *pictures),
    )


def compare(
    predicted: Mapping[tuple[int, int], str],
    truth: Mapping[tuple[int, int], str],
    phases: PhaseSet,
) -> Agreement:
    """Compare predictions with the truth, cell by cell.

    Parameters
    ----------
    predicted, truth : mapping of (frame, label) to slug
        Cells that only one of them has do not count.
    phases : PhaseSet
        The vocabulary of both.
    """
    pairs = [(slug, truth[key]) for key, slug in predicted.items() if key in truth]
    return Agreement(
        n=len(pairs),
        phase=sum(a == b for a, b in pairs),
        top=sum(phases.top(a) == phases.top(b) for a, b in pairs),
    )


def _write_truth(truth: Mapping[tuple[int, int], str], path: Path) -> Path:
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("frame", "label", "phase"))
        rows.writerows((frame, label, slug) for (frame, label), slug in truth.items())
    return path
