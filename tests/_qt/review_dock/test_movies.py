"""Frames of a movie: which one is seen, and when each is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from parting import parted
from review_hands import CTRL, LEFT, LONG, SHIFT, click_middle, paint, press, settle

from napari_cellcycle._qt import layers
from napari_cellcycle._qt.review.opening import filling
from napari_cellcycle._qt.review.opening.filling import Filling
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project.project import Project


def test_this_frame_follows_the_slider_and_a_key_finds_a_cell_in_time(
    add, viewer, open_dock, qtbot, tmp_path, monkeypatch
):
    crop = (slice(0, 3), slice(20, 45), slice(30, 150), slice(40, 200))
    add("embryo_timelapse_3d", crop=crop)
    widget = open_dock()
    form = widget.form
    form.vocabulary.choose("own")
    qtbot.keyClicks(form.own, "inter, mitotic")
    monkeypatch.setattr(form.place, "ask_folder", lambda: tmp_path / "embryo.cellcycle")
    qtbot.mouseClick(form.start, LEFT)
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    desk, queue = widget.desk, widget.bench.queue
    frames = desk.review.cells.frame
    viewer.dims.set_current_step(0, 1)
    qtbot.mouseClick(queue.frame, LEFT)
    assert queue.frame.isChecked()
    assert set(frames[desk.queue.match]) == {1}
    told = f"of {(frames == 1).sum()} in the queue"
    qtbot.waitUntil(lambda: told in queue.count.text())
    viewer.dims.set_current_step(0, 2)
    assert set(frames[desk.queue.match]) == {2}
    queue.frame.click()
    assert desk.queue.match.all()
    press(widget, "d")
    row = desk.current
    viewer.dims.set_current_step(0, (int(frames[row]) + 1) % 3)
    press(widget, "c")
    layer, scene = widget.scene.segmentation, widget.scene
    at = layer.world_to_data(viewer.dims.point)
    np.testing.assert_allclose(at[:2], scene.canvas.centre_of(row)[:2], atol=0.51)
    assert scene.frame_on_screen() == frames[row]
    assert click_middle(qtbot, viewer, scene.canvas) >= 0
    press(widget, "t")
    assert set(scene.text.layer.data[:, 0]) <= {frames[row]}

    # undo of several leads to the one that is on screen, or to where one is already
    each = np.array([np.flatnonzero(frames == frame)[0] for frame in range(3)])
    desk.say("mitotic", each)
    last = np.flatnonzero(frames == 2)[1]
    desk.go_to(int(last))
    ctrl = CTRL
    press(widget, "z", ctrl)
    assert desk.current == each[2]
    press(widget, "z", ctrl | SHIFT)
    assert desk.current == each[2]
    assert (desk.review.final[each] == desk.review.final[each[0]]).all()
    # frames that are not on screen are painted later, but before they are seen
    widget.bench.phases.eyes["mitotic"].click()
    ids = np.where(scene.shown, scene.phases.class_ids(), 0)
    labels, painted = np.asarray(layer.data), scene.phases.layer.data
    for frame in (scene.frame_on_screen(), 0, 1, 2):
        table = np.zeros(labels.max() + 1, np.uint8)
        table[desk.review.cells.label[frames == frame]] = ids[frames == frame]
        np.testing.assert_array_equal(painted[frame], parted(table, labels[frame]))
        qtbot.waitUntil(lambda: not scene.phases.is_painting)


@pytest.fixture
def movie(tmp_path, data_dir):
    """A closed project of a movie of an embryo, all of it in files."""
    image, labels = tmp_path / "embryo.ome.tif", tmp_path / "embryo_labels.ome.tif"
    stack = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    found = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    times, box = slice(0, 3), (slice(20, 45), slice(30, 150), slice(40, 200))
    write_stack(replace(stack, data=np.asarray(stack.data[times, :, *box])), image)
    write_labels(replace(found, data=np.asarray(found.data[times, *box])), labels)
    with Project.create(tmp_path / "embryo.cellcycle", who="Ann") as made:
        made.images.add(open_image(image), open_labels(labels), settings={"channels": {"dna": 0}})
        made.vocabularies.add(MITOSIS_STAGES)
    return made.folder


@pytest.fixture
def unread(monkeypatch):
    """Movies of any size are read later, and not before :meth:`Filling.begin` is called."""
    monkeypatch.setattr(layers, "_AT_ONCE", 0)
    monkeypatch.setattr(Filling, "is_waiting", False)
    monkeypatch.setattr(filling, "_AT_LATEST_MS", 10**6)


@pytest.mark.usefixtures("unread")
def test_a_movie_is_shown_before_it_is_read(movie, viewer, dock, qtbot):
    labels = np.asarray(open_labels(movie.parent / "embryo_labels.ome.tif").data)
    image = np.asarray(open_image(movie.parent / "embryo.ome.tif").data[:, 0])

    def check_frame(frame):
        """Whether all cells of a frame are painted as not classified yet."""
        painted = dock.scene.phases.layer.data[frame]
        classes = np.full(labels.max() + 1, len(MITOSIS_STAGES.phases) + 1)
        classes[0] = 0
        np.testing.assert_array_equal(painted, parted(classes, labels[frame]))

    dock.open_project(movie)
    settle(qtbot, dock)
    scene, desk, pixels = dock.scene, dock.desk, viewer.layers[0]
    layer, at = scene.segmentation, scene.frame_on_screen()
    assert not layer.visible
    others = layer.data.missing
    assert others == pixels.data.missing == {0, 1, 2} - {at}
    assert pixels.contrast_limits == [image[at].min(), image[at].max()]
    pictures = desk.source.pixels.views(np.array([desk.current]))
    anew = desk._pixels().views(np.array([desk.current]))
    np.testing.assert_array_equal(pictures.images, anew.images)
    check_frame(at)
    assert scene.phases.is_painting
    # a frame is read when somebody looks at it, and painted
    other = min(others)
    viewer.dims.set_current_step(0, other)
    assert layer.data.missing == others - {other}
    check_frame(other)
    np.testing.assert_array_equal(pixels.data[other], image[other])
    # in the end the layers have plain arrays, and nobody has edited anything
    dock.layers.filling.begin()
    qtbot.waitUntil(lambda: not dock.layers.filling.is_running, timeout=LONG)
    qtbot.waitUntil(lambda: not scene.phases.is_painting, timeout=LONG)
    assert not dock.bench.edits.isVisible()
    for one, expected in ((layer, labels), (pixels, image)):
        assert type(one.data) is np.ndarray
        np.testing.assert_array_equal(one.data, expected)
    for frame in range(3):
        check_frame(frame)


@pytest.mark.usefixtures("unread")
def test_what_is_painted_while_frames_are_missing_stays(movie, viewer, dock, qtbot):
    labels = np.asarray(open_labels(movie.parent / "embryo_labels.ome.tif").data)
    dock.open_project(movie)
    settle(qtbot, dock)
    layer, phases = dock.scene.segmentation, dock.scene.phases.layer
    layer.selected_label = int(labels.max()) + 1
    paint(qtbot, viewer, layer)
    assert layer.data.missing
    assert dock.bench.edits.isVisible()
    # a project that is closed then has phases in all frames
    dock.close_project()
    assert not layer.data.missing
    dot = np.asarray(layer.data) != labels
    assert dot.any()
    assert set(layer.data.whole[dot]) == {layer.selected_label}
    np.testing.assert_array_equal(phases.data[~dot] > 0, labels[~dot] > 0)
