"""The dock widget "Daughters" on a real organoid: real keys and clicks."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QScrollArea
from resting import rest

from napari_cellcycle._qt.daughters.pair_lines import PairLines
from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle.cells.merge import widest_gap
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.classify import classify
from napari_cellcycle.image import Spacing, open_image, open_labels, segmentation_from_layer
from napari_cellcycle.project.project import Project
from napari_cellcycle.review import Merging, Review, cells_table

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
LATE = "anaphase-telophase-cytokinesis"


@pytest.fixture(scope="module")
def found(data_dir, tiny_model):
    """An organoid with an anaphase of two labels, 11 and 19, and a metaphase of two, 16 and 20."""
    image = open_image(data_dir / "organoid_h2b_membrane_3d_t303.ome.tif")
    labels = open_labels(data_dir / "organoid_h2b_membrane_3d_t303_nuclei_labels.ome.tif")
    return image, classify(image, labels, model=tiny_model, device="cpu")


@pytest.fixture
def project(found, tmp_path):
    """A closed project, in which somebody said of these and of two others that they are late."""
    image, result = found
    with Project.create(tmp_path / "organoid.cellcycle", who="Ann") as made:
        number = made.images.add(
            image,
            result.segmentation,
            cells=result.cells,
            settings={"channels": dict(result.channels)},
        ).number
        made.predictions.add_classification(number, result)
        review = Review(made)
        review.say([review.row_of(0, label) for label in (11, 19, 16, 20, 1, 7)], LATE)
        others = np.flatnonzero(review.annotator < 0)
        review.say(others, "non-mitotic")
    return made.folder


@pytest.fixture
def beas(project, tmp_path):
    """Bea's copy of it, in which she merged two cells and rejected two."""
    folder = shutil.copytree(project, tmp_path / "bea" / project.name)
    with Project.open(folder, who="Bea") as hers:
        Merging(hers, 1).merge(0, [11, 19])
        Merging(hers, 1).reject(0, [16, 20])
        review = Review(hers)
        review.say(review.row_of(0, 11), LATE, note="both")
    return folder


@pytest.fixture
def docks(viewer, qtbot, key_path):
    key_path.parent.mkdir()
    key_path.write_text(json.dumps({"pair:split": "T"}))
    _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    _, dock = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Daughters", tabify=True)
    review.form.who.setText("Ann")
    qtbot.waitUntil(dock.isVisible)
    dock.activateWindow()
    qtbot.waitUntil(dock.isActiveWindow)
    yield review, dock
    review.close_project()


def press(qtbot, dock, key, modifier=Qt.KeyboardModifier.NoModifier):
    dock.setFocus()
    qtbot.keyClick(dock, key, modifier)


def settle(qtbot, dock):
    def is_idle():
        pairs = dock.pairs
        return not (pairs.is_busy or pairs.is_classifying)

    qtbot.waitUntil(is_idle, timeout=LONG)
    rest(qtbot, dock)
    qtbot.waitUntil(is_idle, timeout=LONG)
    assert not dock.message.is_error, dock.message.text()


def listed(dock, kind=None):
    if kind is not None:
        dock.kind.setCurrentText(kind)
    return [dock.model.text(row)[0] for row in range(len(dock.model.entries))]


def shown(dock):
    """Of the review: each label and what is true of it."""
    review = dock.pairs.desk.review
    return dict(zip(review.cells.label.tolist(), review.statuses(), strict=True))


def test_where_no_pair_is_good_enough_the_best_score_is_told(found, project, viewer, docks, qtbot):
    review, dock = docks
    with Project.open(project, who="Ann") as made:
        words = Review(made)
        words.undo()
        words.undo()  # a lower score is enough for judged cells
    launch(found[0], found[1], viewer=viewer, block=False)
    review.open_project(project)
    qtbot.waitUntil(lambda: dock.pairs is not None, timeout=LONG)
    bar = dock.findChild(QScrollArea, "pair-scroll").verticalScrollBar()
    assert not bar.isVisible()  # there is nothing to scroll
    dock.at_least.setValue(1)
    qtbot.mouseClick(dock.find_button, LEFT)
    settle(qtbot, dock)
    best = max(dock.pairs.proposals.score)
    told = dock.message.text()
    assert (
        told == f"No pair has a score of 1.00; the best has {best:.2g}. Lower the score to see it."
    )
    dock.at_least.setValue(0)
    assert dock.model.text(0)[1] == f"{best:.2f}"
    n = len(dock.model.entries)
    assert dock.message.text() == f"{n} pairs."
    assert bar.isVisible()

    # pairs that were said to be none do not count
    while dock.model.entries:
        best = dock.pairs.proposals.score[dock.model.entries[0].place]
        dock.at_least.setValue(1)
        assert f"the best has {best:.2g}. " in dock.message.text()
        dock.at_least.setValue(0)
        qtbot.mouseClick(dock.gestures.buttons["reject"], LEFT)
        settle(qtbot, dock)
    dock.at_least.setValue(1)
    assert dock.message.text() == "Every pair is merged, or was said to be none."


def test_pairs_are_accepted_rejected_and_taken_back(found, project, beas, viewer, docks, qtbot):
    review, dock = docks
    assert dock.message.text().startswith("Open a project")
    assert not dock.find_button.isEnabled()
    launch(found[0], found[1], viewer=viewer, block=False)
    mine = next(layer for layer in viewer.layers if layer.name.endswith("labels.ome.tif"))
    before = np.array(mine.data)
    review.open_project(project)
    qtbot.waitUntil(lambda: dock.pairs is not None, timeout=LONG)
    assert review.scene.segmentation == mine

    qtbot.mouseClick(dock.find_button, LEFT)
    settle(qtbot, dock)
    # of judged cells a lower score is enough, of others 0.2
    assert listed(dock) == ["11+19", "16+20", "1+7"]
    assert dock.model.text(0)[1] == "0.99"
    assert "people say that both are late" in dock.model.text(0)[4]
    qtbot.waitUntil(lambda: dock.sheet._pictures is not None, timeout=LONG)
    assert [name for name, _ in dock.sheet._pictures.rows] == ["cell 11", "cell 19", "together"]
    cells = review.desk.review.cells
    lines = dock.lines.layer
    deep = sum(
        int(np.ptp(cells.bbox[[review.desk.review.row_of(0, n) for n in pair], :, 0]))
        for pair in ((11, 19), (16, 20), (1, 7))
    )
    assert len(lines.data) == deep
    viewer.dims.ndisplay = 3
    assert len(lines.data) == 3
    world = [lines.data_to_world(lines.data[0, 0]), lines.data_to_world(lines.data[0].sum(axis=0))]
    rows = [review.desk.review.row_of(0, label) for label in (11, 19)]
    np.testing.assert_allclose(world, [mine.data_to_world(c) for c in cells.centroid[rows]])
    viewer.dims.ndisplay = 2

    press(qtbot, dock, Qt.Key.Key_D)
    assert dock.current.group == (0, (16, 20))
    assert review.desk.current == review.desk.review.row_of(0, 16)
    press(qtbot, dock, Qt.Key.Key_X)
    settle(qtbot, dock)
    assert listed(dock) == ["11+19", "1+7"]
    assert listed(dock, "rejected") == ["16+20"]
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    assert listed(dock, "rejected") == []
    assert listed(dock, "proposed") == ["11+19", "16+20", "1+7"]

    press(qtbot, dock, Qt.Key.Key_A)
    press(qtbot, dock, Qt.Key.Key_Return)
    settle(qtbot, dock)
    assert listed(dock) == ["16+20", "1+7"]
    derived = review.scene.segmentation
    assert derived != mine
    assert not mine.visible
    assert np.array_equal(mine.data, before)
    assert np.array_equal(derived.data == 11, (before == 11) | (before == 19))
    assert derived.scale.tolist() == mine.scale.tolist()
    assert not [
        layer for layer in viewer.layers if is_overlay(layer) and "merged" not in layer.name
    ]
    # what was said of both holds for the cell, and it was classified again
    assert 19 not in shown(dock)
    assert shown(dock)[11] in ("accepted", "corrected")
    assert not len(review.desk.review.stale_rows)

    # the second one goes into the same layer, by the key on the layer of lines
    assert dock.lines.segmentation == derived
    viewer.layers.selection = {dock.lines.layer}
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    settle(qtbot, dock)
    assert review.scene.segmentation == derived
    assert np.array_equal(derived.data == 16, (before == 16) | (before == 20))
    assert listed(dock, "merged") == ["11+19", "16+20"]
    table = cells_table(review.desk.review)
    assert sorted(filter(None, table.merged_labels)) == ["11+19", "16+20"]
    assert len(table) == len(cells) - 2

    # by hand: two cells that are selected in the table of the review, then split again
    labels = review.desk.review.cells.label.tolist()
    review.desk.source.selection.set(np.array([labels.index(2), labels.index(8)]))
    press(qtbot, dock, Qt.Key.Key_M)
    settle(qtbot, dock)
    assert listed(dock) == ["2+8", "11+19", "16+20"]
    dock.table.selectRow(2)
    # by the key that a person chose; the table of keys in Review is that of Daughters too
    assert dock.gestures.buttons["split"].toolTip().endswith("(T)")
    press(qtbot, dock, Qt.Key.Key_T)
    settle(qtbot, dock)
    review.bench.keys.reset_all_button.click()
    assert dock.gestures.buttons["split"].toolTip().endswith("(S)")
    dock.table.selectRow(0)
    press(qtbot, dock, Qt.Key.Key_T)
    assert not dock.pairs.is_busy
    press(qtbot, dock, Qt.Key.Key_S)
    settle(qtbot, dock)
    assert listed(dock) == ["11+19"]
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    assert listed(dock) == ["2+8", "11+19"]
    assert np.array_equal(derived.data == 20, before == 20)
    now = shown(dock)
    assert now[16] == now[20] != "stale"

    # everything comes back, and can be undone, after the project was closed
    review.close_project()
    qtbot.waitUntil(lambda: dock.pairs is None)
    assert dock.lines is None
    review.open_project(project)
    qtbot.waitUntil(lambda: dock.pairs is not None, timeout=LONG)
    assert listed(dock) == ["2+8", "11+19"]
    assert shown(dock) == now
    for _ in range(4):
        assert dock.gestures.buttons["undo"].isEnabled()
        qtbot.mouseClick(dock.gestures.buttons["undo"], LEFT)
        settle(qtbot, dock)
    assert not dock.gestures.buttons["undo"].isEnabled()
    assert listed(dock) == []
    assert np.array_equal(review.scene.segmentation.data, before)
    assert set(shown(dock)) == set(np.unique(before)) - {0}
    assert np.array_equal(mine.data, before)

    # a colleague's merged cells come with her project, and go with one undo
    taking = review.bench.people.take_in
    taking.take(beas)
    qtbot.waitUntil(lambda: "taken" in review.bench.people.take_in.message.text(), timeout=LONG)
    assert review.bench.people.take_in.message.text() == (
        "New words: 1 (Bea); known already: 21. Labels that are one cell or not: 2 taken, 0 known, "
        "0 in conflict, 0 impossible. Undo in Daughters takes these back in one step."
    )
    assert np.array_equal(review.scene.segmentation.data == 11, (before == 11) | (before == 19))
    qtbot.waitUntil(lambda: listed(dock, "merged") == ["11+19"])
    assert listed(dock, "rejected") == ["16+20"]
    row = review.desk.review.row_of(0, 11)
    assert review.desk.review.word(row, "Bea").note == "both"
    assert "merged cells of Bea" in dock.gestures.buttons["undo"].toolTip()
    qtbot.mouseClick(dock.gestures.buttons["undo"], LEFT)
    settle(qtbot, dock)
    assert listed(dock, "rejected") == listed(dock, "merged") == []
    assert np.array_equal(review.scene.segmentation.data, before)
    assert np.array_equal(mine.data, before)


def test_the_pair_at_hand_stays_at_hand(found, project, viewer, docks, qtbot):
    review, dock = docks
    launch(found[0], found[1], viewer=viewer, block=False)
    review.open_project(project)
    qtbot.waitUntil(lambda: dock.pairs is not None, timeout=LONG)
    qtbot.mouseClick(dock.find_button, LEFT)
    settle(qtbot, dock)
    assert listed(dock) == ["11+19", "16+20", "1+7"]
    assert dock.current.group == (0, (11, 19))
    press(qtbot, dock, Qt.Key.Key_D)
    qtbot.mouseClick(dock.find_button, LEFT)  # the search finds them again
    settle(qtbot, dock)
    assert dock.current.group == (0, (16, 20))

    # what is done to another pair leaves this one at hand; what is done to it goes on to the next
    dock.pairs.act(lambda merging: merging.reject(0, [11, 19]))
    settle(qtbot, dock)
    assert (listed(dock), dock.current.group) == (["16+20", "1+7"], (0, (16, 20)))
    # nor does the review leave other cells that are merged by hand, and can be split at once
    both = [review.desk.review.row_of(0, label) for label in (2, 9)]
    review.desk.source.selection.set(both, both[1])
    press(qtbot, dock, Qt.Key.Key_M)
    settle(qtbot, dock)
    assert (len(review.desk.review), dock.current.group) == (20, (0, (16, 20)))
    assert review.desk.current == review.desk.review.row_of(0, 2)
    press(qtbot, dock, Qt.Key.Key_T)
    settle(qtbot, dock)
    assert len(review.desk.review) == 21
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    assert dock.current.group == (0, (16, 20))
    press(qtbot, dock, Qt.Key.Key_X)
    settle(qtbot, dock)
    assert (listed(dock), dock.current.group) == (["1+7"], (0, (1, 7)))
    assert [index.row() for index in dock.table.selectionModel().selectedRows()] == [0]
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)  # what was taken back is looked at
    settle(qtbot, dock)
    assert (listed(dock), dock.current.group) == (["16+20", "1+7"], (0, (16, 20)))
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    assert dock.current.group == (0, (11, 19))
    dock.kind.setCurrentText("merged")
    assert dock.current is None
    dock.kind.setCurrentText("proposed")
    assert dock.current.group == (0, (11, 19))


def test_cells_far_apart_are_asked_about_before_they_are_merged(
    found, project, viewer, docks, qtbot
):
    review, dock = docks
    launch(found[0], found[1], viewer=viewer, block=False)
    review.open_project(project)
    qtbot.waitUntil(lambda: dock.pairs is not None, timeout=LONG)
    cells = review.desk.review.cells
    every = list(itertools.combinations(range(len(cells)), 2))
    gaps = {pair: widest_gap(cells, np.array(pair)) for pair in every}
    near, far = (np.array(choose(every, key=gaps.get)) for choose in (min, max))
    review.desk.source.selection.set(far)
    press(qtbot, dock, Qt.Key.Key_M)
    labels = cells.label[far].tolist()
    assert f"lie {gaps[tuple(far)]:.0f} radii of a typical cell apart" in dock.message.text()
    assert not dock.pairs.is_busy
    assert dock.message.is_error
    assert f"Cells {labels[0]} and {labels[1]} lie " in dock.message.text()
    assert "Merge once more" in dock.message.text()
    review.desk.source.selection.set(near)  # another choice is no answer
    press(qtbot, dock, Qt.Key.Key_M)
    settle(qtbot, dock)
    assert len(listed(dock, "merged")) == 1
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    review.desk.source.selection.set(far)
    press(qtbot, dock, Qt.Key.Key_M)
    assert dock.message.is_error
    qtbot.mouseClick(dock.gestures.buttons["merge"], LEFT)
    settle(qtbot, dock)
    assert listed(dock, "merged") == [f"{labels[0]}+{labels[1]}"]
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    settle(qtbot, dock)
    assert listed(dock, "merged") == []


def test_lines_lie_on_their_cells_in_time_and_under_a_transform(viewer):
    labels = np.zeros((3, 5, 20, 20), np.uint16)
    labels[1, 1:3, 2:6, 2:6], labels[1, 2:4, 10:14, 12:16] = 4, 9
    layer = viewer.add_labels(
        labels, scale=(1, 2, 0.5, 0.5), translate=(0, 3, -4, 5), rotate=30, name="movie"
    )
    cells = cell_table(segmentation_from_layer(layer, time=True), Spacing(2, 0.5, 0.5, "user"))
    lines = PairLines(viewer, layer, "TZYX")
    lines.show(cells, np.array([[0, 1]]), 0)
    starts = lines.layer.data[:, 0]
    assert starts[:, 0].tolist() == [1, 1, 1]
    assert starts[:, 1].tolist() == [1, 2, 3]
    ends = lines.layer.data.sum(axis=1)
    first, second = ([1, z, 3.5, 3.5] for z in (1, 1)), ([1, z, 11.5, 13.5] for z in (1, 1))
    np.testing.assert_allclose(
        lines.layer.data_to_world(starts[0]), layer.data_to_world(next(iter(first)))
    )
    np.testing.assert_allclose(
        lines.layer.data_to_world(ends[0]), layer.data_to_world(next(iter(second)))
    )
    viewer.dims.ndisplay = 3
    np.testing.assert_allclose(lines.layer.data.sum(axis=1), [[1, 2.5, 11.5, 13.5]])
    viewer.dims.ndisplay = 2
    lines.show(cells, np.zeros((0, 2), np.int64), -1)
    assert not lines.layer.visible
    lines.close()
    assert [one.name for one in viewer.layers] == ["movie"]
