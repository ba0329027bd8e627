"""Real drags, clicks and keys on "Curate", beside "Review cells", on drawn and real cells."""

from __future__ import annotations

import itertools
import shutil
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_cellcycle._qt.curate import finding
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review import Limits, Review, measured_of
from napari_cellcycle.review.places import open_sources

LONG = 60_000
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
N = 80
WRONG = (7, 41)
"""Labels of large cells that the model calls small."""


@pytest.fixture(scope="module")
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


def idle(qtbot, curate):
    """Wait for the worker and for what follows it."""
    qtbot.waitUntil(lambda: not curate.bench.finding.is_running, timeout=LONG)
    qtbot.wait(30)


def pixel(scatter, row):
    """Where a cell lies in the widget."""
    columns, rows = scatter.pixels()
    ratio, corner = scatter.devicePixelRatioF(), scatter.frame.topLeft()
    return QPoint(round(corner.x() + columns[row] / ratio), round(corner.y() + rows[row] / ratio))


def drag(qtbot, scatter, corners, modifier=NONE, button=LEFT):
    """Press, move along corners, release; what follows at once is done."""
    qtbot.mousePress(scatter, button, modifier, corners[0])
    for start, end in itertools.pairwise(corners):
        for share in np.linspace(0, 1, 9)[1:]:
            qtbot.mouseMove(scatter, start + (end - start) * float(share))
    qtbot.mouseRelease(scatter, button, modifier, corners[-1])
    for _ in range(3):
        QApplication.processEvents()


def around(scatter, rows, margin=6):
    """Corners of a rectangle around cells."""
    points = [pixel(scatter, row) for row in rows]
    left, right = min(p.x() for p in points) - margin, max(p.x() for p in points) + margin
    top, bottom = min(p.y() for p in points) - margin, max(p.y() for p in points) + margin
    return QPoint(left, top), QPoint(right, bottom)


def inside(scatter, corners):
    """Which cells lie between two corners: counted one by one."""
    (first, last), found = corners, []
    for row in range(N):
        at = pixel(scatter, row)
        if first.x() <= at.x() <= last.x() and first.y() <= at.y() <= last.y():
            found.append(row)
    return found


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


def test_what_is_drawn_around_is_the_queue_the_selection_and_ringed(project, docks, viewer, qtbot):
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    scatter, selection = bench.scatter, desk.source.selection
    large = np.flatnonzero(np.arange(N) % 2 == 0)
    ring = next(layer for layer in viewer.layers if layer.name.startswith("picked cells"))
    assert len(ring.data) == 0

    # a rectangle
    qtbot.mouseClick(bench.bar.tools["rectangle"], LEFT)
    corners = around(scatter, large)
    rows = inside(scatter, corners)
    assert set(large) <= set(rows)
    assert len(rows) < N
    drag(qtbot, scatter, corners)
    assert selection.indices.tolist() == rows
    assert sorted(desk.queue.members().tolist()) == rows
    assert desk.current == desk.queue.members()[0]
    np.testing.assert_allclose(ring.data, desk.review.cells.centroid[rows][:, 1:])
    assert review.bench.queue.picked.text().startswith(f"{len(rows)} picked")
    assert "stand out" in bench.told.text()
    # that the next word is about all of them is told where it is said
    assert f"of {len(rows)} selected" in review.bench.panel.title.text()
    assert review.bench.message.text().startswith(f"{len(rows)} cells are selected: a word is")
    assert viewer.layers.selection.active == review.scene.phases.layer

    # a phase for all of them, by its key where the hand is, and back
    before = desk.review.final_slugs()
    qtbot.keyClick(scatter, Qt.Key.Key_1)
    assert {desk.review.final_slugs()[row] for row in rows} == {"small"}
    qtbot.keyClick(scatter, Qt.Key.Key_Z, CTRL)
    assert desk.review.final_slugs() == before
    selection.set(np.array(rows), desk.current)

    # fewer with Ctrl, by a lasso around two; more with Shift, by a click
    qtbot.mouseClick(bench.bar.tools["lasso"], LEFT)
    first, last = around(scatter, large[:2], margin=3)
    box = [first, QPoint(last.x(), first.y()), last, QPoint(first.x(), last.y())]
    gone = inside(scatter, (first, last))
    drag(qtbot, scatter, box, CTRL)
    left = sorted(set(rows) - set(gone))
    assert selection.indices.tolist() == left
    back = next(row for row in gone if scatter.point_at(QPointF(pixel(scatter, row))) == row)
    qtbot.mouseClick(scatter, LEFT, SHIFT, pixel(scatter, back))
    assert selection.indices.tolist() == sorted([*left, back])
    assert desk.queue.count == len(left) + 1

    # a click goes to one cell, the queue stays; the ring in the plot follows next
    row = next(r for r in left if scatter.point_at(QPointF(pixel(scatter, r))) == r)
    qtbot.mouseClick(scatter, LEFT, NONE, pixel(scatter, row))
    assert (desk.current, selection.indices.tolist()) == (row, [row])
    assert review.bench.panel.title.text() == f"<b>Cell {desk.source.label[row]}</b>"
    assert desk.queue.count == len(left) + 1
    scatter.setFocus()
    qtbot.keyClick(scatter, Qt.Key.Key_D)
    assert desk.current != row
    assert desk.queue.match[desk.current]

    def is_ringed():
        picture = scatter.grab().toImage()
        at = pixel(scatter, desk.current)
        near = (picture.pixelColor(at + QPoint(dx, 0)) for dx in range(-12, 13))
        return max(color.lightness() for color in near) > 200

    qtbot.waitUntil(is_ringed)

    # what is selected in the gallery stands out here, and leaves the queue alone
    selection.set(np.array([1, 3]))
    qtbot.waitUntil(lambda: {1, 3} <= set(np.flatnonzero(bench.picks.marked).tolist()))
    assert desk.queue.count == len(left) + 1

    # beside all points: nothing is picked
    scatter.setFocus()
    qtbot.keyClick(scatter, Qt.Key.Key_Escape)
    assert (desk.queue.count, selection.indices.size) == (N, 0)
    qtbot.waitUntil(lambda: len(ring.data) == 0)
    assert not review.bench.queue.picked.isVisible()


def test_zoom_move_and_back(project, docks, qtbot):
    curate, _ = docks(project)
    scatter = curate.bench.scatter
    home, row = (scatter.x_axis, scatter.y_axis), 12
    at = pixel(scatter, row)

    def roll(place, steps=1):
        event = QWheelEvent(
            QPointF(place), QPointF(scatter.mapToGlobal(place)), QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(scatter, event)

    roll(at, 4)
    assert (pixel(scatter, row) - at).manhattanLength() <= 2
    assert scatter.x_axis.high - scatter.x_axis.low < 0.6 * (home[0].high - home[0].low)
    across = scatter.x_axis
    roll(QPoint(10, at.y()), -1)  # over the numbers of y
    assert scatter.x_axis == across
    before = pixel(scatter, row)
    drag(qtbot, scatter, [at, at + QPoint(20, 10)], button=MIDDLE)
    assert (pixel(scatter, row) - before - QPoint(20, 10)).manhattanLength() <= 2
    qtbot.mouseClick(curate.bench.bar.reset, LEFT)
    assert (scatter.x_axis, scatter.y_axis) == home
    # another measure, on a linear scale
    curate.bench.bar.boxes["y"].choose("sphericity")
    assert scatter.y_axis.title == "nucleus circularity"
    assert not scatter.y_axis.log
    curate.bench.bar.logs["x"].click()
    assert not scatter.x_axis.log


def test_suspects_go_to_the_queue_with_their_reasons(project, docks, qtbot, monkeypatch, tmp_path):
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    listed, model = bench.suspects, bench.suspects.model
    labels = desk.review.cells.label
    assert {labels[row] for row in model.rows[:2]} <= set(WRONG) | set(range(1, N + 1, 7))
    place = next(i for i, row in enumerate(model.rows) if labels[row] == WRONG[0])
    head = model.data(model.index(place, 2))
    assert head.startswith(("nucleus area is", "DNA area is"))
    listed.view.scrollTo(model.index(place, 2))
    at = listed.view.visualRect(model.index(place, 2)).center()
    qtbot.mouseClick(listed.view.viewport(), LEFT, pos=at)
    assert labels[desk.current] == WRONG[0]
    assert "small, but its" in review.bench.panel.facts.text()

    # the queue by suspicion
    n = len(model.rows)
    qtbot.mouseClick(listed.send, LEFT)
    qtbot.waitUntil(lambda: review.bench.queue.order.key() == "suspicion")
    assert (desk.queue.order, desk.queue.count) == ("suspicion", n)
    assert desk.queue.members().tolist() == model.rows.tolist()
    assert desk.current == model.rows[0]
    qtbot.mouseClick(review.bench.queue.picked, LEFT)
    qtbot.wait(30)
    assert desk.queue.count == N

    # words are counted, and the plot takes their colour
    desk.go_to(int(np.flatnonzero(labels == WRONG[0])[0]))
    desk.say("large")
    bench.tabs.setCurrentWidget(bench.report)
    table = bench.report.table
    changed = 4
    qtbot.waitUntil(lambda: table.rowCount() == 3 and table.item(0, changed).text() == "1")
    assert [table.item(2, column).text() for column in (1, changed)] == [str(N), "1"]
    qtbot.mouseClick(bench.report.copy, LEFT)
    seen = int(desk.review.seen.sum())
    assert QApplication.clipboard().text().endswith(f"in total\t{N}\t{n}\t{seen}\t1\t0\n")
    row = desk.review.row_of(0, WRONG[0])
    assert bench.scatter._groups[row] == [p.slug for p in desk.review.phases].index("large")

    # other limits, at once; and written to a file
    bench.tabs.setCurrentWidget(listed)
    listed.more.click()
    listed.limits.fields["doubt"].setValue(0.9)
    qtbot.waitUntil(lambda: len(model.rows) > n)
    found = len(model.rows)
    out = tmp_path / "suspects.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(listed.save, LEFT)
    qtbot.waitUntil(lambda: "suspects.csv" in listed.message.text(), timeout=LONG)
    assert pd.read_csv(out)["label"].tolist() == labels[model.rows].tolist()
    assert len(pd.read_csv(out)) == found
    listed.limits.measures.choose("plotted")
    qtbot.waitUntil(lambda: bench.finding.limits.measures == ("volume", "dna_volume"))
    idle(qtbot, curate)
    assert bench.finding.suspects.clusters.names == ("volume", "dna_volume")
    listed.limits.by.choose("clusters")
    qtbot.waitUntil(lambda: bench.finding.limits.by == "clusters")
    listed.limits.reset.click()
    qtbot.waitUntil(lambda: bench.finding.limits == Limits())
    idle(qtbot, curate)

    # blind mode shows nothing of what the model says
    review.bench.blind.click()
    idle(qtbot, curate)
    assert len(model.rows) == 0
    assert "Blind mode" in listed.message.text()
    assert "suspect" not in review.bench.panel.facts.text()
    assert desk.queue.order == "random"
    assert (desk.review.status == STATUSES.index("predicted")).sum() == 0
    review.bench.blind.click()
    idle(qtbot, curate)
    assert len(model.rows)
    assert desk.queue.order == "suspicion"


def test_the_search_goes_on_from_words_and_leaves_the_place(project, docks, qtbot, monkeypatch):
    monkeypatch.setattr(finding, "AGAIN", 10)
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    listed, model = bench.suspects, bench.suspects.model
    searches = []
    bench.finding.searched.connect(lambda: searches.append(bench.finding.suspects.answers))
    assert listed.message.text() == ""
    listed.more.click()
    listed.limits.fields["doubt"].setValue(0.99)
    qtbot.waitUntil(lambda: len(model.rows) == N)
    before = model.rows.tolist()
    qtbot.mouseClick(listed.send, LEFT)
    truth = {row: "large" if row % 2 == 0 else "small" for row in range(N)}

    def judge():
        row = desk.current
        qtbot.keyClick(review.bench, str(1 + ["small", "large"].index(truth[row])))
        qtbot.waitUntil(lambda: desk.current != row)
        return row

    review.bench.setFocus()
    judged = [judge() for _ in range(9)]
    idle(qtbot, curate)
    assert judged == before[:9]
    assert searches == []
    passed = desk.current  # nothing is said of it
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    judged.append(judge())
    here = desk.current
    idle(qtbot, curate)
    assert searches == [10]
    assert listed.message.text() == "Learned from 10 answers."
    assert not set(judged) & set(model.rows.tolist())
    assert passed in model.rows

    # where a person is, and what lies behind, stay; ahead are suspects of the new search
    assert (desk.current, desk.queue.position()) == (here, 11)
    ahead = [row for row in model.rows.tolist() if row not in (here, passed)]
    members = desk.queue.members().tolist()
    assert members[:12] == [*judged[:9], passed, judged[9], here]
    assert members[12 : 12 + len(ahead)] == ahead
    qtbot.keyClick(review.bench, Qt.Key.Key_A)
    assert desk.current == judged[-1]
    assert "suspect" not in review.bench.panel.facts.text()
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    assert desk.current == ahead[0]

    # a search that a person has stopped waits for its button
    qtbot.mouseClick(review.bench.queue.picked, LEFT)
    for _ in range(9):
        judge()
    assert not bench.finding.is_running
    search, gate = finding._clusters, threading.Event()

    def search_behind_a_gate(*args):
        gate.wait()
        return (yield from search(*args))

    monkeypatch.setattr(finding, "_clusters", search_behind_a_gate)
    judge()
    assert bench.finding.is_running
    qtbot.mouseClick(bench.progress.cancel, LEFT)
    gate.set()
    idle(qtbot, curate)
    assert searches == [10]
    former = model.rows.tolist()
    judge()
    assert not bench.finding.is_running
    assert model.rows.tolist() == former
    qtbot.mouseClick(bench.progress.start, LEFT)
    idle(qtbot, curate)
    assert searches == [10, 21]
    assert bench.parts.isVisible()
    assert not bench.progress.isVisible()


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
