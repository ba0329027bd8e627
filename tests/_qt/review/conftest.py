"""Real cells as sources of the widgets of Review, and widgets that show them."""

from __future__ import annotations

import numpy as np
import pytest
from array_source import ArraySource
from fields import layer_field
from review_cells import mitocheck, organoid

from napari_cellcycle._qt.review.desk import Desk
from napari_cellcycle._qt.review.gallery.gallery import Gallery
from napari_cellcycle._qt.review.opening.undertaking import Undertaking
from napari_cellcycle._qt.review.source import Pictures
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project


@pytest.fixture(scope="session")
def mitocheck_cells(data_dir):
    """All HeLa nuclei, read once."""
    return mitocheck(data_dir)


@pytest.fixture
def nuclei(mitocheck_cells):
    """Five hundred HeLa nuclei of all phases, to be changed at will."""
    source = mitocheck_cells
    rows = np.arange(0, len(source), 4)[:500]
    return ArraySource(
        source.phases,
        source.predicted[rows],
        lambda indices: source.views(rows[indices]),
        confidence=source.confidence[rows],
        entropy=source.entropy[rows],
        deciding_axis=source.deciding_axis[rows],
        position=source.position[rows],
        is_2d=True,
    )


@pytest.fixture(scope="module")
def classified(data_dir):
    """Nuclei of an organoid with votes along three axes; a test puts back what it changes."""
    return organoid(data_dir, model=None)


@pytest.fixture
def plain():
    """Twelve cells of a vocabulary with a branch, with pictures of plain grey."""

    def views(indices):
        grey = np.asarray(indices, np.float32) / 12
        images = np.ones((len(indices), 3, 2, 8, 8), np.float32) * grey[:, None, None, None, None]
        return Pictures(images, ("x", "y", "z"), ("dna", "membrane"))

    predicted = [0, 0, 0, 0, 0, 2, 2, 3, 4, 4, 5, -1]
    confidence = np.array([9, 3, 8, 5, 7, 6, 4, 9, 8, 9, 7, np.nan]) / 10
    return ArraySource(
        MITOSIS_STAGES, predicted, views, confidence=confidence, entropy=1 - confidence
    )


@pytest.fixture
def gallery(nuclei, qtbot):
    """A gallery of the nuclei on the screen."""
    widget = Gallery(nuclei)
    qtbot.addWidget(widget)
    widget.resize(420, 640)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.close_worker()


@pytest.fixture
def open_desk(qapp):
    """The desk of somebody at a project of ``fields.py``, without a viewer; the former one ends."""
    opened = []

    def open_desk(folder, who):
        close()
        stack, labels = layer_field()
        project = Project.open(folder, who=who)
        opened.append(Desk(Undertaking(project, 1, labels, stack, {"dna": 0})))
        return opened[0]

    def close():
        while opened:
            opened.pop().close()

    yield open_desk
    close()
