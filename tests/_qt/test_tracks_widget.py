"""Real clicks and keys on "Tracks", beside an open review of a film of two cells."""

from __future__ import annotations

import numpy as np
import pytest
from films import BACK, FRAMES, SLIP, make_film, predict_film
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog, QLabel
from resting import rest

from napari_cellcycle._qt.tracks.strip import Strip
from napari_cellcycle._qt.tracks.tracing import Line
from napari_cellcycle.phases import MITOSIS_2D
from napari_cellcycle.project import Project

LEFT = Qt.MouseButton.LeftButton
LONG = 30_000
REDO = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def film(tmp_path):
    """A closed project with predictions, and a table of tracks beside it."""
    with make_film(tmp_path) as project:
        predict_film(project)
    rows = [f"{label},{frame},{label + 10}" for frame in range(FRAMES) for label in (1, 2)]
    (tmp_path / "film.csv").write_text("\n".join(["label,frame,track", *rows]), "utf-8")
    return project.folder


@pytest.fixture
def review(viewer, qtbot, film):
    """ "Review cells" with the film open."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    widget.open_project(film)
    qtbot.waitUntil(lambda: widget.desk is not None, timeout=LONG)
    yield widget
    widget.close_project()


def add_tracks(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Tracks", tabify=False)
    qtbot.waitUntil(widget.isVisible)
    return widget


def use_table(qtbot, monkeypatch, widget, path):
    """Choose a CSV file, as with the button."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    qtbot.mouseClick(widget.bench.form.file, LEFT)
    settle(qtbot, widget)


def settle(qtbot, widget):
    qtbot.waitUntil(lambda: not widget.bench._job.is_running, timeout=LONG)
    rest(qtbot, widget.bench)


def click_block(qtbot, widget, place):
    blocks = widget.bench.strip.blocks
    at = blocks.block(place).center()
    qtbot.mouseClick(blocks, LEFT, pos=QPoint(round(at.x()), round(at.y())))


def color_at(widget, place):
    """What is drawn in the lower half of a block of the first row."""
    blocks = widget.bench.strip.blocks
    rect = blocks.block(place)
    picture = blocks.grab().toImage()
    ratio = picture.width() / blocks.width()
    x, y = rect.left() + 0.3 * rect.width(), rect.top() + 0.75 * rect.height()
    return picture.pixelColor(round(ratio * x), round(ratio * y)).name().upper()


def test_a_track_is_walked_mended_and_smoothed(viewer, qtbot, review, film, monkeypatch, tmp_path):
    widget = add_tracks(viewer, qtbot)
    bench, desk = widget.bench, review.desk
    (tmp_path / "other.csv").write_text("label,frame,track\n7,90,1\n", "utf-8")
    use_table(qtbot, monkeypatch, widget, tmp_path / "other.csv")
    assert bench.message.is_error
    assert "None of the 1 points of the tracks is a cell of film" in bench.message.text()
    assert not bench.strip.isVisible()
    use_table(qtbot, monkeypatch, widget, film.parent / "film.csv")
    assert not bench.message.text()
    assert bench.told.text() == "2 tracks of 16 cells"
    assert bench.jumps.text() == "1 impossible step"

    # a click and the arrows go through time, in the canvas too
    desk.go_to(desk.review.row_of(0, 2))
    assert "Track 12" in bench.family.text()
    click_block(qtbot, widget, BACK[1])
    assert desk.current == desk.review.row_of(BACK[1], 2)
    assert viewer.dims.current_step[0] == BACK[1]
    blocks = bench.strip.blocks
    qtbot.keyClick(blocks, Qt.Key.Key_Left)
    assert desk.current == desk.review.row_of(BACK[0], 2)
    qtbot.keyClick(blocks, Qt.Key.Key_End)
    qtbot.keyClick(blocks, Qt.Key.Key_Right)  # there is no further one
    assert desk.current == desk.review.row_of(FRAMES - 1, 2)
    qtbot.keyClick(blocks, Qt.Key.Key_Home)
    assert desk.current == desk.review.row_of(0, 2)
    colors = {phase.slug: phase.color for phase in desk.review.phases}
    assert color_at(widget, 1) == colors["non-mitotic"]
    assert color_at(widget, BACK[0]) == colors["anaphase-telophase-cytokinesis"]

    # the step that cannot be is a queue, and a word mends it
    qtbot.mouseClick(bench.jumps, LEFT)
    assert desk.queue.members().size == 2
    assert desk.current in [desk.review.row_of(frame, 2) for frame in BACK]
    desk.go_to(desk.review.row_of(BACK[0], 2))
    review.bench.setFocus()
    qtbot.keyClick(review.bench, Qt.Key.Key_4)  # prometaphase/metaphase
    qtbot.waitUntil(lambda: bench.jumps.text() == "0 impossible steps")
    # the queue is picked anew: undo brings the step back, and it is the queue again
    assert bench.jumps.isChecked()
    assert desk.queue.count == 0
    assert bench.message.text() == "No impossible step is left in the queue."
    qtbot.keyClick(review.bench, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bench.jumps.text() == "1 impossible step")
    assert desk.queue.members().size == 2
    # so it is with other phases: smoothed ones have no such step
    plain = desk.review.chosen_set.id
    qtbot.mouseClick(bench.smooth, LEFT)
    settle(qtbot, widget)
    assert bench.jumps.text() == "0 impossible steps"
    assert bench.jumps.isChecked()
    assert desk.queue.count == 0
    desk.show_set(plain)
    assert bench.jumps.isChecked()
    assert desk.queue.members().size == 2
    review.bench.setFocus()
    qtbot.keyClick(review.bench, Qt.Key.Key_Z, REDO)
    qtbot.waitUntil(lambda: bench.jumps.text() == "0 impossible steps")
    qtbot.mouseClick(bench.jumps, LEFT)
    assert desk.queue.count == 16
    qtbot.waitUntil(lambda: not bench.jumps.isEnabled())
    # cells that were picked in another way are left alone
    desk.undo()
    qtbot.waitUntil(lambda: bench.jumps.text() == "1 impossible step")
    qtbot.mouseClick(bench.jumps, LEFT)
    desk.choose(np.array([0, 5, 9]))
    qtbot.waitUntil(lambda: not bench.jumps.isChecked())
    desk.redo()
    qtbot.waitUntil(lambda: bench.jumps.text() == "0 impossible steps")
    assert desk.queue.members().size == 3
    desk.choose(None)

    # one gesture says the same of the frames ahead, up to the next word, and one undo takes it back
    desk.go_to(desk.review.row_of(2, 1))
    desk.say("prophase", source="click")
    desk.go_to(desk.review.row_of(5, 1))
    desk.say("non-mitotic", source="click")
    desk.go_to(desk.review.row_of(2, 1))
    qtbot.mouseClick(bench.ahead, LEFT)
    slugs = desk.review.final_slugs()
    assert [slugs[desk.review.row_of(t, 1)] for t in (3, 4, 5)] == [
        *["prophase"] * 2,
        "non-mitotic",
    ]
    qtbot.waitUntil(lambda: color_at(widget, 4) == colors["prophase"])
    assert color_at(widget, 6) == colors["non-mitotic"]
    review.bench.setFocus()
    qtbot.keyClick(review.bench, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.review.word(desk.review.row_of(3, 1)).kind == "none"
    desk.go_to(desk.review.row_of(0, 1))
    qtbot.mouseClick(bench.back, LEFT)
    assert "said nothing of this cell" in review.bench.message.text()
    assert "said nothing of this cell" in bench.message.text()  # Review may lie behind
    assert bench.message.is_error

    # smoothing adds a set and shows it; what was said stays
    qtbot.mouseClick(bench.smooth, LEFT)
    settle(qtbot, widget)
    assert desk.review.prediction_set.model == "m along tracks"
    assert bench.tracing.beside == "model"
    slip = desk.review.row_of(SLIP, 1)
    assert desk.review.slugs(desk.review.shown.phase[[slip]]) == ["non-mitotic"]
    assert desk.review.word(desk.review.row_of(2, 1)).phase == "prophase"
    line = bench.tracing.line()
    assert line.judged.tolist() == [t in (2, 5) for t in range(FRAMES)]
    assert (line.phase != line.beside).sum() >= 1

    # time; what is typed in the field is no word on the cell at hand
    viewer.layers.selection.active = review.scene.phases.layer
    field, words = bench.form.minutes.lineEdit(), desk.review.words.copy()
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "7.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(qtbot, widget)
    np.testing.assert_array_equal(desk.review.words, words)
    assert "smooth them again" in bench.message.text()
    qtbot.mouseClick(bench.measure, LEFT)
    settle(qtbot, widget)
    assert "median, min" in bench.times.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "time"))
    qtbot.mouseClick(bench.save, LEFT)
    settle(qtbot, widget)
    # it says so where it is of phases that have changed since
    assert "changed since" not in bench.times.text()
    click_block(qtbot, widget, 4)
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: "changed since" in bench.times.text())
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "changed since" not in bench.times.text())
    assert (tmp_path / "time" / "timing.png").stat().st_size > 10_000

    review.close_project()
    assert widget.bench is None
    assert "Review" in widget.findChild(QLabel, "no-review").text()
    with Project.open(film, who="Ann") as project:
        tracking = project.tracked.get(1)
        assert (tracking.name, tracking.frame_minutes) == ("film.csv", 7.5)


def test_a_frame_lasts_what_the_image_states_until_somebody_says_another(
    viewer, qtbot, film, review, monkeypatch, tmp_path
):
    review.close_project()
    (tmp_path / "stated").mkdir()
    with make_film(tmp_path / "stated", minutes=7.504) as project:
        predict_film(project)
    review.open_project(project.folder)
    qtbot.waitUntil(lambda: review.desk is not None, timeout=LONG)
    widget = add_tracks(viewer, qtbot)
    form = widget.bench.form
    assert form.minutes.value() == 7.5
    qtbot.waitUntil(form.stated.isVisible)
    assert form.stated.text() == "as the image states"
    use_table(qtbot, monkeypatch, widget, film.parent / "film.csv")
    tracking = project_tracking(review)
    assert (tracking.frame_minutes, tracking.is_stated) == (7.504, True)
    assert form.stated.isVisible()

    def say(text):
        field = form.minutes.lineEdit()
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        settle(qtbot, widget)
        return project_tracking(review)

    tracking = say("4")
    assert (tracking.frame_minutes, tracking.is_stated) == (4, False)
    assert not form.stated.isVisible()
    assert say("0").frame_minutes is None
    assert form.minutes.text() == "not known"
    assert say("7.5").frame_minutes == 7.504


def project_tracking(review):
    return review.desk.project.tracked.get(1)


def test_keys_of_review_work_along_the_track(viewer, qtbot, review, film, monkeypatch):
    widget = add_tracks(viewer, qtbot)
    bench, desk = widget.bench, review.desk
    use_table(qtbot, monkeypatch, widget, film.parent / "film.csv")
    own = review.scene.segmentation
    viewer.layers.selection.active = own  # whose keys are napari's
    assert desk.goes_on
    desk.go_to(desk.review.row_of(1, 1))
    click_block(qtbot, widget, 2)
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_2)
    assert desk.review.word(desk.review.row_of(2, 1)).phase == "prophase"
    # a word said along the track leads to no other cell, and can be spread at once
    assert desk.current == desk.review.row_of(2, 1)
    qtbot.mouseClick(bench.ahead, LEFT)
    assert desk.review.word(desk.review.row_of(3, 1)).phase == "prophase"
    assert bench.strip.blocks.hasFocus()  # no click takes the keys away
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.go_to(desk.review.row_of(2, 1))
    assert desk.goes_on
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_Right)
    assert desk.current == desk.review.row_of(3, 1)
    qtbot.keyClick(bench.strip.blocks, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.review.word(desk.review.row_of(2, 1)).kind == "none"
    assert own.mode == "pan_zoom"
    assert bench.message.text().startswith("Undone")


def test_a_layer_gives_tracks_where_it_lies(viewer, qtbot, review):
    widget = add_tracks(viewer, qtbot)
    bench = widget.bench
    segmentation = review.scene.segmentation
    scale = np.asarray(segmentation.scale)
    places = [(t, y, x) for t in range(FRAMES) for y, x in ((9.5, 9.5), (9.5, 29.5))]
    data = np.array([[i % 2, *place] for i, place in enumerate(places)], float)
    data[data[:, 1] >= 6, 0] += 2  # each cell has a second track from frame 6 on
    data[:, 2:] /= 2
    data = np.vstack([data, [0, FRAMES - 2, *data[1, 2:]]])  # made up by btrack, on the other cell
    order = np.lexsort((data[:, 1], data[:, 0]))
    deep = viewer.add_tracks(np.insert(data[:2], 2, 0.0, axis=1), name="deep")
    bench.form.source.choose(deep.unique_id)
    settle(qtbot, widget)
    assert "Layer deep has 4 axes, and the labels have 3" in bench.message.text()
    assert bench.form.source.value() is None
    layer = viewer.add_tracks(
        data[order],
        features={"dummy": order == len(data) - 1},
        graph={2: [0], 3: [1]},
        scale=(scale[0], *(2 * scale[-2:])),
        name="paths",
    )
    bench.form.source.choose(layer.unique_id)
    settle(qtbot, widget)
    tracks = bench.tracing.tracking.tracks
    label, frame = review.desk.review.cells.label, review.desk.review.cells.frame
    assert tracks.track.tolist() == (label - 1 + 2 * (frame >= 6)).tolist()
    assert tracks.parents == {2: 0, 3: 1}
    assert bench.tracing.tracking.name == "paths"

    # links lead to daughters and to the mother
    review.desk.go_to(review.desk.review.row_of(2, 1))
    assert "divides into" in bench.family.text()
    bench.family.linkActivated.emit("2")
    assert review.desk.current == review.desk.review.row_of(6, 1)
    bench.family.linkActivated.emit("0")
    assert review.desk.current == review.desk.review.row_of(5, 1)

    # in blind mode nothing of the model shows
    review.desk.look_blind(True)
    qtbot.waitUntil(lambda: not bench.smooth.isEnabled())
    assert bench.tracing.line().beside is None
    assert (bench.tracing.line().phase < 0).all()
    assert bench.jumps.text() == "0 impossible steps"


def test_a_long_track_is_scrolled_to_the_cell_at_hand(qtbot):
    strip = Strip(str)
    qtbot.addWidget(strip)
    strip.resize(400, 90)
    strip.show()
    qtbot.waitExposed(strip)

    for n, current in ((60, 3), (180, 90), (5, 2), (300, 280)):
        rows, nothing = np.arange(n), np.zeros(n, bool)
        strip.show_line(
            Line(rows, rows, np.zeros(n, int), None, nothing, nothing), MITOSIS_2D, current
        )
        at = strip.blocks.block(current).center().toPoint()
        seen = strip.viewport().rect()
        qtbot.waitUntil(lambda: seen.contains(strip.blocks.mapTo(strip.viewport(), at)))  # noqa: B023
