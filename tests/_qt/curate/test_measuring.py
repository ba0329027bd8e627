"""What "Curate" measures, of drawn and of real cells, and what it keeps."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from curate_hands import LEFT, LONG, N, drag, idle
from qtpy.QtCore import QPoint, Qt

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.project import Project


def test_measured_with_progress_and_kept(project, docks, viewer, qtbot):
    shutil.rmtree(project / "measurements")
    curate, review = docks(project)
    bench = curate.bench
    assert not bench.parts.isVisible()
    assert bench.progress.start.text() == "Measure 80 cells"
    steps = []
    bench.finding.stepped.connect(lambda step: steps.append((step.done, step.total, step.things)))
    qtbot.mouseClick(bench.progress.start, LEFT)
    assert bench.progress.cancel.isVisible()
    idle(qtbot, curate)
    measured = [(done, total) for done, total, things in steps if things == "cells"]
    assert measured == [(0, N), (32, N), (64, N), (N, N)]
    assert (9, 10, "fits") in steps
    assert bench.parts.isVisible()
    assert not bench.progress.isVisible()
    # without a spacing nothing is in micrometres
    assert bench.scatter.x_axis.title == "nucleus area (px²)"
    assert bench.scatter.y_axis.title == "DNA area (px²)"
    assert bench.scatter.x_axis.log
    assert bench.dna.histogram.peaks.found, bench.dna.histogram.peaks.problem
    assert bench.dna.histogram.peaks.ratio == pytest.approx(2, abs=0.2)
    assert bench.dna.histogram.counts.sum() == pytest.approx(N, abs=2)
    # another image, or the same again: Curate follows Review, and reads what was measured
    review.close_project()
    assert curate.bench is None
    assert curate.open_review.isVisible()
    review.open_project(project)
    qtbot.waitUntil(lambda: curate.bench is not None, timeout=LONG)
    idle(qtbot, curate)
    assert curate.bench.parts.isVisible()
    assert len(curate.bench.suspects.model.rows) >= 2


def test_a_real_organoid_in_micrometres_after_an_edit_and_in_3d(
    data_dir, docks, viewer, qtbot, tmp_path
):
    """Cells with nuclei inside, that no model has classified."""
    name = "organoid_h2b_membrane_3d_t302"
    part = (..., slice(60, 175), slice(60, 175))
    stack = open_image(data_dir / f"{name}.ome.tif")
    stack = replace(stack, data=np.asarray(stack.data[part]), path=None)
    both = [open_labels(data_dir / f"{name}_{kind}_labels.ome.tif") for kind in ("cells", "nuclei")]
    both = [replace(labels, data=np.asarray(labels.data[part])) for labels in both]
    image = write_stack(stack, tmp_path / "image.ome.tif")
    cells, nuclei = (
        write_labels(labels, tmp_path / f"{kind}.ome.tif")
        for labels, kind in zip(both, ("cells", "nuclei"), strict=True)
    )
    stack, outlines = open_image(image), replace(open_labels(cells), labels_are="cell")
    table = cell_table(outlines, stack.spacing, image=image.name, nuclei=open_labels(nuclei))
    with Project.create(tmp_path / "organoid", who="Ann") as project:
        project.vocabularies.add(flat_vocabulary("mine", ["resting", "dividing"]))
        settings = {"channels": {"dna": 0, "membrane": 1}}
        project.images.add(stack, outlines, cells=table, settings=settings)
    curate, review = docks(project.folder)
    bench, desk = curate.bench, review.desk
    qtbot.mouseClick(bench.progress.start, LEFT)
    idle(qtbot, curate)
    assert bench.scatter.x_axis.title == "cell volume (µm³)"
    assert bench.scatter.y_axis.title == "DNA volume (µm³)"
    measures = bench.finding.measurements
    assert (measures["dna_volume"] < measures["volume"]).all()
    assert np.isfinite(measures["nucleus_volume"]).any()
    assert f"{len(table)} cells have DNA" in bench.dna.told.text()
    assert "there are no predictions" in bench.suspects.message.text()
    row = int(np.argmax(measures["volume"]))
    assert bench.scatter.x_axis.place(measures["volume"][row]) > 0.9

    # rings are where the slice cuts the cells; in 3D all of them
    corners = [bench.scatter.frame.topLeft(), bench.scatter.frame.bottomRight()]
    inner = QPoint(3, 3)
    qtbot.mouseClick(bench.bar.tools["rectangle"], LEFT)
    drag(qtbot, bench.scatter, [corners[0].toPoint() + inner, corners[1].toPoint() - inner])
    assert desk.queue.count == len(table)
    z = round(viewer.dims.point[0] / stack.spacing.z)
    low, high = table.bbox[:, :, 0].T
    qtbot.waitUntil(
        lambda: len(bench.marks.layer.data) == ((low <= z) & (z < high)).sum(), timeout=LONG
    )
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: len(bench.marks.layer.data) == len(table), timeout=LONG)
    viewer.dims.ndisplay = 2

    # of edited labels, only what changed is measured again
    layer = review.scene.segmentation
    label = int(table.label[row])
    data = np.asarray(layer.data).copy()
    frame, first = np.nonzero(data == label)[0].max(), data == label
    first[:frame] = False
    data[first] = 0
    layer.data = data
    qtbot.keyClick(review.bench, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.progress.start.text() == "Measure 1 cell", timeout=LONG)
    assert bench.finding.measurements.n_known == len(table) - 1
    volume = measures["volume"][row]
    qtbot.mouseClick(bench.progress.start, LEFT)
    idle(qtbot, curate)
    assert 0 < bench.finding.measurements["volume"][desk.review.row_of(0, label)] < volume
