"""Real clicks on "Classify cells", on real images."""

from __future__ import annotations

import csv
import threading

import dask.array as da
import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from parting import parted
from qtpy.QtCore import Qt

from napari_cellcycle._qt import classify_widget
from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle.image import open_labels
from napari_cellcycle.phases import MITOSIS_STAGES

LONG = 120_000


def click(qtbot, button):
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def run(qtbot, widget):
    click(qtbot, widget.progress.start)
    qtbot.waitUntil(lambda: not widget.is_running, timeout=LONG)
    assert not widget.message.text(), widget.message.text()
    return widget.result


def check_overlay(viewer, layer, result):
    """Every voxel has the class of its cell, but where cells meet; returns the overlay."""
    (overlay,) = overlays_of(viewer, layer)
    labels = layer.data[0] if layer.multiscale else layer.data
    painted = overlay.data[0] if layer.multiscale else overlay.data
    labels, painted = np.asarray(labels), np.asarray(painted)
    has_time = layer.axis_labels[0] == "t"
    for frame in np.unique(result.cells.frame):
        here = result.cells.frame == frame
        table = np.zeros(labels.max() + 1, np.uint8)
        table[result.cells.label[here]] = result.decision.phase[here] + 1
        where = frame if has_time else ...
        np.testing.assert_array_equal(painted[where], parted(table, labels[where]))
    return overlay


def test_one_click_on_a_3d_image_with_two_channels(add, viewer, widget, qtbot, tmp_path):
    dna, membrane, layer = add("organoid_h2b_membrane_3d_t301", labels=("nuclei_labels",))
    name, before = layer.name, layer.data.copy()
    panel = widget()
    assert panel.form.channels["dna"].value().layer == dna
    assert panel.form.channels["membrane"].value().layer == membrane
    assert panel.form.labels.value() == layer
    assert [panel.form.spacing.fields[a].text() for a in "zyx"] == ["2", "0.26", "0.26"]

    result = run(qtbot, panel)

    assert len(result.cells) == len(np.unique(before)) - 1
    assert result.cells.spacing.zyx == pytest.approx((2, 0.26, 0.26))
    assert result.channels == {"dna": 0, "membrane": 1}
    overlay = check_overlay(viewer, layer, result)
    assert overlay.name == f"phase: {name}"
    np.testing.assert_array_equal(layer.data, before)
    features = layer.features.set_index("index")
    slugs = np.array(MITOSIS_STAGES.slugs)[result.decision.phase]
    assert features.loc[result.cells.label, "phase"].tolist() == slugs.tolist()
    assert features.loc[result.cells.label, "entropy"].tolist() == pytest.approx(
        result.decision.entropy
    )
    for slug, count in result.counts().items():
        assert panel.results.findChild(object, f"count-{slug}").text() == str(count)
    assert "on cpu" in panel.results.summary.text()
    assert panel.results.notes.isVisible()
    assert "0.26" in panel.results.notes.text()

    panel.save(tmp_path / "cells")
    with (tmp_path / "cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["predicted_phase"] for row in rows] == slugs.tolist()


def test_a_2d_image_without_pixel_size(add, viewer, widget, qtbot):
    *_, layer = add("h2b_field_2d_t70", units=False, crop=(slice(120), slice(120)))
    panel = widget()
    assert not panel.form.spacing.fields["z"].isVisible()

    result = run(qtbot, panel)

    assert result.cells.spacing.source == "cell-size"
    check_overlay(viewer, layer, result)


def test_frames_of_3d_data_over_time(add, viewer, widget, qtbot):
    crop = (slice(0, 3, 2), slice(10, 60, 3), slice(None, None, 2), slice(None, None, 2))
    *_, layer = add("embryo_timelapse_3d", crop=crop)
    panel = widget()

    result = run(qtbot, panel)

    assert set(result.cells.frame) == {0, 1}
    check_overlay(viewer, layer, result)
    slugs = np.array(MITOSIS_STAGES.slugs)[result.decision.phase]
    for frame in (1, 0):
        viewer.dims.set_current_step(0, frame)
        here = result.cells.frame == frame
        assert layer.features["index"].tolist() == result.cells.label[here].tolist()
        assert layer.features["phase"].tolist() == slugs[here].tolist()


@pytest.mark.parametrize("form", ["dask", "multiscale"])
def test_lazy_layers(add, viewer, widget, qtbot, form):
    dna, layer = add("crowded_nuclei_3d")
    place = {"scale": layer.scale, "units": layer.units, "axis_labels": layer.axis_labels}
    image, labels = da.from_array(np.asarray(dna.data)), da.from_array(np.asarray(layer.data))
    viewer.layers.clear()
    if form == "dask":
        viewer.add_image(image, name="DNA", **place)
        layer = viewer.add_labels(labels, name="nuclei", **place)
    else:
        pyramid = [image, image[:, ::2, ::2]], [labels, labels[:, ::2, ::2]]
        viewer.add_image(pyramid[0], name="DNA", multiscale=True, **place)
        layer = viewer.add_labels(pyramid[1], name="nuclei", multiscale=True, **place)
    panel = widget()

    result = run(qtbot, panel)

    overlay = check_overlay(viewer, layer, result)
    assert overlay.multiscale == (form == "multiscale")
    assert "no membrane" in panel.results.notes.text().lower()


@pytest.mark.parametrize(
    ("image", "labels", "kind"),
    [
        ("flat_cells_3d.ome", "flat_cells_3d_labels.ome", "nucleus"),
        ("flat_cells_3d.ome", "flat_cells_3d_cells_labels.ome", "cell"),
        ("cells", "cells labels", "cell"),  # a channel of the cells
        ("other", "flat_cells_labels", "cell"),
        ("other", "masks of cells", "cell"),
        ("h2b_membrane.ome", "nuclei of h2b_membrane.ome", "nucleus"),  # by Segment nuclei
    ],
)
def test_what_the_name_of_the_image_says_is_not_said_of_its_labels(
    viewer, widget, image, labels, kind
):
    viewer.add_image(np.zeros((4, 8, 8), np.uint8), name=image)
    viewer.add_labels(np.ones((4, 8, 8), np.uint8), name=labels)
    assert widget().form.labels_are.key() == kind


def test_one_layer_with_a_channel_axis_and_cells_with_their_nuclei(add, viewer, widget, qtbot):
    first, second, *_ = add("nuclei_cells_3d", labels=("nuclei_labels", "cells_labels"))
    both = np.stack([first.data, second.data])
    nuclei, cells = viewer.layers["nuclei_labels"], viewer.layers["cells_labels"]
    for layer in (first, second):
        viewer.layers.remove(layer)
    for layer in (nuclei, cells):  # as files are called: the marker first
        layer.name = f"h2b_membrane_cells_3d_{layer.name}"
    viewer.add_image(both, name="field")
    viewer.layers.selection.active = cells
    panel = widget()
    assert panel.form.labels.value() == cells
    assert panel.form.labels_are.key() == "cell"
    assert panel.form.nuclei.value() == nuclei
    assert not panel.progress.start.isEnabled()
    assert panel.message.text() == "Choose the DNA channel."
    for role, index in (("dna", 0), ("membrane", 1)):
        panel.form.channels[role].setCurrentIndex(1 + index)

    result = run(qtbot, panel)

    assert result.cells.labels_are == "cell"
    assert (result.cells.nucleus_voxels > 0).any()
    check_overlay(viewer, cells, result)


def test_channels_follow_the_labels_to_another_image(viewer, widget, data_dir, qtbot):
    """Frames of one organoid, opened with napari's menu one after the other."""
    for frame in (301, 302):
        name = f"organoid_h2b_membrane_3d_t{frame}"
        viewer.open(data_dir / f"{name}.ome.tif", plugin="napari")
        kind = f"{name}_nuclei_labels.ome"
        viewer.add_labels(open_labels(data_dir / f"{kind}.tif").data[0].compute(), name=kind)
    images, labels = viewer.layers[::2], viewer.layers[1::2]
    panel = widget()
    dna, membrane = panel.form.channels["dna"], panel.form.channels["membrane"]
    assert [box.value().layer for box in (dna, membrane)] == [images[1]] * 2
    assert dna.itemText(1) == "H2B, organoid_h2b_membrane_3d_t301.ome"
    qtbot.keyClick(dna, Qt.Key.Key_Down)
    assert dna.value().layer == images[1]
    assert not panel.progress.start.isEnabled()  # two roles have the same channel

    panel.form.labels.setFocus()
    qtbot.keyClick(panel.form.labels, Qt.Key.Key_Up)

    assert panel.form.labels.value() == labels[0]
    assert [box.value().layer for box in (dna, membrane)] == [images[0]] * 2
    assert [box.value().index for box in (dna, membrane)] == [0, 1]
    assert panel.progress.start.isEnabled(), panel.message.text()


def test_a_disabled_run_says_why(viewer, widget, qtbot):
    panel = widget()
    start, message = panel.progress.start, panel.message
    assert (start.isEnabled(), message.text()) == (
        False,
        "There is no image layer yet: open an image.",
    )
    image = viewer.add_image(np.zeros((4, 9, 9)), name="DAPI")
    assert "segment the nuclei first" in message.text()
    assert panel.segment_button.isVisible()
    layer = viewer.add_labels(np.ones((4, 9, 9), int))
    assert not panel.segment_button.isVisible()
    assert "tick isotropic" in message.text()
    click(qtbot, panel.form.spacing.isotropic)
    assert (start.isEnabled(), message.isVisible()) == (True, False)
    panel.form.spacing.isotropic.setChecked(False)
    for axis in "zyx":
        qtbot.keyClicks(panel.form.spacing.fields[axis], "0.5")
    assert start.isEnabled()
    layer.data = np.ones((5, 9, 9), int)
    assert not start.isEnabled()
    assert "(1, 5, 9, 9)" in message.text()
    viewer.layers.remove(layer)
    viewer.layers.remove(image)
    assert "open an image" in message.text()
    assert start.toolTip() == message.text()


def test_mistakes_are_plain_text_and_no_traceback(viewer, widget, qtbot):
    viewer.add_image(np.zeros((9, 9)), name="DAPI")
    layer = viewer.add_labels(np.zeros((9, 9), int), name="blank")
    panel = widget()
    seen = []
    notification_manager.notification_ready.connect(seen.append)

    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)

    notification_manager.notification_ready.disconnect(seen.append)
    assert panel.message.is_error
    assert "blank" in panel.message.text()
    assert "empty" in panel.message.text()
    assert [str(note.severity) for note in seen] == ["error"]
    assert seen[0].message == panel.message.text()
    assert panel.progress.start.isEnabled()
    assert not list(overlays_of(viewer, layer))


def test_an_image_opened_as_labels_is_refused_in_one_sentence(add, viewer, widget, qtbot):
    dna, *_ = add("organoid_h2b_membrane_3d_t301", labels=())
    viewer.add_labels(np.asarray(dna.data)[:, ::-1], name="other", scale=dna.scale, units=dna.units)
    panel = widget()
    qtbot.mouseClick(panel.progress.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.is_running and panel.message.is_error, timeout=LONG)
    assert panel.message.text().startswith("other looks like an image, not like its segmentation")


def test_labels_that_were_opened_as_an_image_are_told_of(viewer, widget):
    viewer.add_image(np.zeros((9, 9)), name="field 1")
    labels = viewer.add_image(np.ones((9, 9), np.uint8), name="field 1_labels.ome")
    panel = widget()
    assert panel.form.channels["dna"].value().name == "field 1"
    assert not panel.progress.start.isEnabled()
    assert "field 1_labels.ome looks like labels" in panel.message.text()
    assert "Convert to Labels" in panel.message.text()
    viewer.layers.selection = {labels}
    viewer.layers.insert(1, Labels(labels.data, name=labels.name))
    viewer.layers.remove(labels)
    assert panel.progress.start.isEnabled(), panel.message.text()


def test_the_vote_is_asked_for_where_there_is_one(viewer, widget):
    panel = widget()
    panel.form.model.choose("mitosis-3d")
    assert panel.form.vote.isVisible()
    panel.form.model.choose("mitosis-2d")
    assert not panel.form.vote.isVisible()


def test_a_bug_is_reported_with_its_traceback(add, viewer, widget, qtbot, monkeypatch):
    add("h2b_field_2d_t70", units=False, crop=(slice(60), slice(60)))
    panel = widget()

    def broken(request):
        raise RuntimeError("a tensor of the wrong size")
        yield

    monkeypatch.setattr(classify_widget, "_classify", broken)
    seen = []
    notification_manager.notification_ready.connect(seen.append)
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    notification_manager.notification_ready.disconnect(seen.append)

    assert "RuntimeError: a tensor of the wrong size" in panel.message.text()
    assert [note.exception.args for note in seen] == [("a tensor of the wrong size",)]


@pytest.fixture
def gated(monkeypatch):
    """Holds a run back after its first cells until the gate is opened."""
    gate = threading.Event()
    classify = classify_widget._classify

    def held(request):
        steps = classify(request)
        while True:
            try:
                batch = next(steps)
            except StopIteration as end:
                return end.value
            yield batch
            if len(batch.indices):
                assert gate.wait(60)

    monkeypatch.setattr(classify_widget, "_classify", held)
    yield gate
    gate.set()


@pytest.fixture
def started(add, viewer, widget, qtbot, gated):
    """A panel whose run has finished its first three cells, and the layer."""
    *_, layer = add("h2b_field_2d_t70", units=False)
    panel = widget()
    panel.form.batch_size = 3
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: "3 of" in panel.progress.bar.format(), timeout=LONG)
    return panel, layer


def test_cancel_keeps_what_is_finished(started, viewer, qtbot, gated):
    panel, layer = started
    assert not panel.progress.start.isEnabled()
    assert panel.progress.cancel.isVisible()

    click(qtbot, panel.progress.cancel)
    gated.set()
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)

    assert panel.result is None
    assert "3 cells classified so far stay" in panel.results.summary.text()
    assert not panel.save_button.isEnabled()
    (overlay,) = overlays_of(viewer, layer)
    assert set(np.unique(layer.data[overlay.data > 0])) == set(layer.features["index"])
    assert len(layer.features) == 3
    assert panel.progress.start.isEnabled()
    assert not panel.progress.cancel.isVisible()


def test_the_form_is_locked_while_a_run_is_under_way(started, viewer, qtbot, gated):
    panel, _ = started
    assert not panel.form.isEnabled()
    gated.set()
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.form.isEnabled()


def test_a_segmentation_removed_during_the_run_ends_it(started, viewer, qtbot, gated):
    panel, layer = started
    viewer.layers.remove(layer)
    gated.set()
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert layer not in viewer.layers
    assert not panel.progress.start.isEnabled()


def test_closing_the_dock_widget_cancels_the_run(started, viewer, qtbot, gated):
    panel, _ = started
    viewer.window.remove_dock_widget(panel)
    gated.set()
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.result is None
    viewer.add_image(np.zeros((4, 4)))  # nothing listens any more
    with qtbot.waitSignal(panel.destroyed):  # it belonged to nobody once out of the window
        panel.deleteLater()


@pytest.mark.own_viewer
def test_closing_the_viewer_cancels_the_run(started, viewer, qtbot, gated):
    panel, _ = started
    worker = panel._job._worker
    viewer.close()
    gated.set()
    qtbot.waitUntil(lambda: not worker.is_running, timeout=LONG)
    assert worker.abort_requested


def test_a_second_run_replaces_the_overlay_and_shows_the_image(add, viewer, widget, qtbot):
    *_, layer = add("h2b_field_2d_t70", units=False, crop=(slice(90), slice(90)))
    panel = widget()
    run(qtbot, panel)
    run(qtbot, panel)
    (overlay,) = overlays_of(viewer, layer)

    assert (layer.visible, layer.opacity, overlay.opacity) == (True, 0.0, 0.6)
    click(qtbot, panel.hide_labels)
    assert (layer.opacity, overlay.opacity) == (0.7, 1.0)
    click(qtbot, panel.hide_labels)
    assert (layer.visible, layer.opacity, overlay.opacity) == (True, 0.0, 0.6)


def test_phases_are_seen_over_other_labels(add, viewer, widget, qtbot):
    dna, layer = add("h2b_field_2d_t70", units=False, crop=(slice(90), slice(90)))
    regions = viewer.add_labels(np.ones(layer.data.shape, int), name="regions")
    panel = widget()
    panel.form.labels.choose(layer.unique_id)
    run(qtbot, panel)
    (overlay,) = overlays_of(viewer, layer)
    assert list(viewer.layers) == [dna, layer, regions, overlay]


def test_the_segmentation_shows_again_when_the_phases_go(add, viewer, widget, qtbot):
    *_, layer = add("h2b_field_2d_t70", units=False, crop=(slice(90), slice(90)))
    panel = widget()
    run(qtbot, panel)
    (overlay,) = overlays_of(viewer, layer)
    viewer.window.remove_dock_widget(panel)
    assert layer.opacity == 0.0
    viewer.layers.remove(overlay)
    assert layer.opacity == 0.7
    viewer.layers.append(overlay)  # as a review does that comes back to an image
    assert layer.opacity == 0.0
    layer.opacity = 0.4  # the person's own choice
    viewer.layers.remove(overlay)
    assert layer.opacity == 0.4


def test_a_transparent_segmentation_shows_while_a_person_draws_in_it(add, viewer, widget, qtbot):
    *_, layer = add("h2b_field_2d_t70", units=False, crop=(slice(90), slice(90)))
    panel = widget()
    run(qtbot, panel)
    viewer.layers.selection.active = layer
    layer.mode = "pick"
    assert layer.opacity == 0.0
    layer.mode = "paint"
    assert layer.opacity == 0.7
    layer.mode = "pan_zoom"
    assert layer.opacity == 0.7
    click(qtbot, panel.hide_labels)
    click(qtbot, panel.hide_labels)
    assert layer.opacity == 0.0


def test_a_movie_in_2d_is_told_apart_from_a_stack(viewer, widget):
    viewer.add_image(np.zeros((5, 20, 20)), name="H2B")
    viewer.add_labels(np.ones((5, 20, 20), int))
    form = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Classify cells")[1].form
    for model in ("mitosis-3d", "mitosis-2d", "mitosis-3d"):  # as long as nobody chooses one
        assert form.model.key() == model
        assert tuple(form.channels) == (("dna",) if model == "mitosis-2d" else ("dna", "membrane"))
        form.time.click()
    form.time.click()
    panel = widget()
    assert panel.form.time.isVisible()
    assert not panel.progress.start.isEnabled()
    panel.form.time.click()
    assert panel.progress.start.isEnabled()
    asked = panel.form.run().request
    assert asked.stack.grid == asked.segmentation.grid == (5, 1, 20, 20)

    viewer.layers.clear()
    panel.form.time.click()
    viewer.add_image(np.zeros((5, 20, 20)), name="H2B", axis_labels=("t", "y", "x"))
    viewer.add_labels(np.ones((5, 20, 20), int))
    assert panel.form.time.isChecked()  # as the image says
    assert panel.progress.start.isEnabled()
