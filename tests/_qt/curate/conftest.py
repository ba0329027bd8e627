"""Drawn cells in a project, and "Curate" beside "Review cells"."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from curate_hands import LEFT, LONG, WRONG, N, idle
from shared_viewer import SharedViewer

from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, measured_of
from napari_cellcycle.review.places import open_sources


@pytest.fixture(scope="package")
def shared_viewer(qapp):
    """The viewer of all modules here."""
    shared = SharedViewer()
    yield shared
    shared.close()


@pytest.fixture(scope="package")
def discs(tmp_path_factory):
    """Discs of two sizes, the larger ones with twice the DNA; the model takes two for the other."""
    folder = tmp_path_factory.mktemp("discs")
    random = np.random.default_rng(1)
    labels = np.zeros((160, 200), np.uint16)
    y, x = np.mgrid[:160, :200]
    large = np.arange(N) % 2 == 0
    for i in range(N):
        radius = (6.0 if large[i] else 4.24) * random.uniform(0.97, 1.03)
        labels[(y - 20 * (i // 10) - 10) ** 2 + (x - 20 * (i % 10) - 10) ** 2 < radius**2] = i + 1
    dna = np.where(labels > 0, 150, 20) + random.integers(0, 10, labels.shape)
    tifffile.imwrite(folder / "discs.tif", dna.astype(np.uint8))
    tifffile.imwrite(folder / "labels.tif", labels)
    said = large.copy()
    said[[label - 1 for label in WRONG]] = False
    level1 = np.where(said[:, None], [[0.03, 0.97]], [[0.97, 0.03]])
    level1[::7] = 0.5 + (level1[::7] - 0.5) * 0.5
    with Project.create(folder / "discs", who="Ann") as project:
        number = project.images.add(
            open_image(folder / "discs.tif"),
            open_labels(folder / "labels.tif"),
            settings={"channels": {"dna": 0}},
        ).number
        project.predictions.add(
            number,
            project.segmentations.cells(1),
            decide(level1[:, None], np.empty((N, 1, 0)), ("z",)),
            model="m",
            model_sha256="0",
            phases=flat_vocabulary("sizes", ["small", "large"]),
        )
        measured_of(*open_sources([Review(project)]))
        return project.folder


@pytest.fixture
def project(discs, tmp_path):
    """A copy in which nobody has said anything."""
    for name in ("discs.tif", "labels.tif"):
        shutil.copy(discs.parent / name, tmp_path)
    return shutil.copytree(discs, tmp_path / discs.name)


@pytest.fixture
def docks(viewer, qtbot):
    """Curate, opened as from the menu, and Review with a project."""
    opened = []

    def open_docks(folder):
        _, curate = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Curate")
        qtbot.waitUntil(curate.isVisible)
        assert curate.bench is None
        qtbot.mouseClick(curate.open_review, LEFT)
        review = next(
            widget
            for name, widget in viewer.window.dock_widgets.items()
            if name.startswith("Review cells")
        )
        opened.append(review)
        review.form.who.setText("Ann")
        review.open_project(folder)
        qtbot.waitUntil(lambda: curate.bench is not None, timeout=LONG)
        idle(qtbot, curate)
        curate.activateWindow()
        qtbot.waitUntil(curate.isActiveWindow)
        return curate, review

    yield open_docks
    for review in opened:
        review.close_project()
