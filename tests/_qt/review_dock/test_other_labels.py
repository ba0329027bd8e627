"""A new segmentation in the viewer: taken by a click, checked by keys, and taken back."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from fields import field_image, field_labels, make_project
from parting import parted
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_cellcycle.review import Review

LEFT = Qt.MouseButton.LeftButton


def another_segmentation():
    """Other numbers; 1 and 2 are one cell, 3 is cut in two, 4 is gone."""
    data = field_labels()[0, 0].astype(np.int32)
    data[data > 0] += 100
    data[2:8, 8:12] = 101
    data[data == 102] = 101
    data[2:8, 25:28] = 203
    data[data == 104] = 0
    return data


@pytest.fixture
def dock(viewer, qtbot, tmp_path):
    """A review of twelve squares, each with a word, over layers of the user's."""
    with make_project(tmp_path) as project:
        review = Review(project)
        for row in range(12):
            review.say(row, "prophase", note=str(row + 1))
    viewer.add_image(field_image()[0, 0, 0], name="field")
    viewer.add_labels(field_labels()[0, 0], name="nuclei")
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    qtbot.waitUntil(widget.isVisible)
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    widget.open_project(project.folder)
    qtbot.waitUntil(lambda: widget.bench is not None and not widget.is_busy, timeout=30_000)
    yield widget
    widget.close_project()


def choose(qtbot, dock, beginning):
    """Open the menu, click an entry, and wait until it is done."""
    button = dock.bench.labels
    menu = button.menu()
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
    qtbot.waitUntil(menu.isVisible)
    (entry,) = (a for a in menu.actions() if a.text().startswith(beginning))
    assert entry.isEnabled()
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())
    qtbot.waitUntil(lambda: not dock.is_busy and dock.bench is not None, timeout=30_000)


def names(dock, rows):
    return dock.desk.review.cells.label[rows].tolist()


def notes(dock):
    review = dock.desk.review
    return {label: review.word(row).note for row, label in enumerate(review.cells.label.tolist())}


def test_words_follow_are_checked_and_come_back(dock, viewer, qtbot, tmp_path, monkeypatch):
    before = notes(dock)
    nuclei = dock.scene.segmentation
    assert nuclei.name == "nuclei"
    viewer.add_labels(another_segmentation(), name="cellpose")
    viewer.add_labels(np.ones((5, 5), int), name="of another image")
    choose(qtbot, dock, "Take the layer “cellpose”")
    bench, desk = dock.bench, dock.desk
    assert dock.scene.segmentation.name == "cellpose"
    assert not nuclei.visible
    assert bench.message.text().startswith("Cells that go on: 8 (8 with words); ambiguous: 3 (3")
    assert {k: v for k, v in notes(dock).items() if v} == {n + 100: str(n) for n in range(5, 13)}
    assert bench.waiting.isVisible()
    assert bench.waiting.button.text() == "Check 3"
    # what the model has not seen as it is now is told, with a way on
    assert bench.edits.text() == "3 cells have no prediction for these labels."
    assert bench.edits.button.text() == "Classify"
    qtbot.waitUntil(lambda: "8 of 11 judged" in bench.queue.count.text())
    shown = np.asarray(dock.scene.phases.layer.data)
    cells = parted(np.arange(204) > 0, another_segmentation())
    np.testing.assert_array_equal(shown > 0, cells > 0)

    qtbot.mouseClick(bench.waiting.button, LEFT)
    assert sorted(names(dock, desk.queue.members())) == [101, 103, 203]
    told = {}
    for _ in range(3):
        (label,) = names(dock, [desk.current])
        told[label] = bench.waiting.message.toolTip()
        bench.setFocus()
        qtbot.keyClick(bench, Qt.Key.Key_1)
    assert told[101] == (
        "This was label 1 (Ann: prophase) or label 2 (Ann: prophase). Say what it is now."
    )
    assert "label 3 (Ann: prophase)" in told[203]
    qtbot.waitUntil(lambda: "11 of 11 judged" in bench.queue.count.text())  # words count at once
    assert not bench.waiting.isVisible()
    bench.setFocus()
    qtbot.keyClick(bench, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.waiting.button.text() == "Check 1"

    # the old labels again, in the layer that has them
    choose(qtbot, dock, "Version 1")
    assert dock.scene.segmentation is nuclei
    assert nuclei.visible
    assert notes(dock) == before
    # edits that the project does not have are not lost
    nuclei.data_setitem((np.array([0]), np.array([0])), 77)
    dock.errands.go_back(2)
    assert not dock.is_busy
    assert "The labels were edited" in dock.bench.message.text()
    nuclei.data_setitem((np.array([0]), np.array([0])), 0)
    dock.scene.labels.set_edited(False)

    # from a file, into a layer of ours over the user's
    tifffile.imwrite(tmp_path / "stardist.tif", another_segmentation() * 2)
    asked = (str(tmp_path / "stardist.tif"), "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: asked)
    choose(qtbot, dock, "Take a file")
    assert dock.scene.segmentation.name == "stardist.tif"
    assert dock.scene.segmentation not in (nuclei, viewer.layers["cellpose"])
    assert {int(n): v for n, v in notes(dock).items() if v.isdigit()} == {
        2 * (n + 100): str(n) for n in range(5, 13)
    }
    # another grid is refused, and nothing changes
    tifffile.imwrite(tmp_path / "stardist.tif", np.ones((5, 5), np.uint8))
    choose(qtbot, dock, "Take a file")
    assert "choose labels of the same image" in dock.bench.message.text()
    assert dock.scene.segmentation.name == "stardist.tif"
