"""The overlay shows each cell in its phase's colour and leaves the segmentation alone."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.layers import Labels
from parting import parted

from napari_cellcycle._qt.overlay import METADATA_KEY, PhaseOverlay, is_overlay, overlays_of
from napari_cellcycle._qt.session import session_of
from napari_cellcycle.phases import MITOSIS_STAGES

PLATE, ANAPHASE = 4, 5


def expected(labels, classes):
    """Class ids voxel by voxel, for a dict of label to class; nothing where cells meet."""
    numbers, places = np.unique(labels, return_inverse=True)
    of = np.array([classes.get(number, 0) for number in numbers.tolist()])
    assert numbers[0] == 0
    return parted(of, places.reshape(labels.shape))


def some_classes(cells):
    return 1 + np.arange(len(cells)) % len(MITOSIS_STAGES.leaves)


def color_of(class_id):
    text = MITOSIS_STAGES.leaves[class_id - 1].color
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)])


def count_pixels(picture, class_id):
    """Pixels of a class, whatever the shading of a 3D surface makes of its brightness."""
    color = color_of(class_id)
    pixels = picture[..., :3].reshape(-1, 3).astype(float)
    pixels = pixels[pixels.max(axis=1) > 60]
    cosine = pixels @ color / np.linalg.norm(pixels, axis=1) / np.linalg.norm(color)
    return (cosine > 0.999).sum()


@pytest.mark.parametrize("form", ["memory", "dask", "multiscale"])
def test_each_voxel_has_the_class_of_its_label_but_where_cells_meet(add, table_of, form):
    *_, layer = add("organoid_h2b_membrane_3d_t301", labels=("nuclei_labels",))
    cells = table_of(layer)
    classes = some_classes(cells)
    data = np.asarray(layer.data)
    if form == "dask":
        layer = Labels(da.from_array(data, chunks=(9, 64, 50)), name="lazy")
    if form == "multiscale":
        layer = Labels([data, data[:, ::2, ::2]], multiscale=True, name="pyramid")

    overlay = PhaseOverlay(layer, cells, "ZYX", MITOSIS_STAGES)
    overlay.paint(np.arange(len(cells)), classes)

    known = dict(zip(cells.label.tolist(), classes.tolist(), strict=True))
    truth = expected(data, known)
    levels = overlay.layer.data if form == "multiscale" else [overlay.layer.data]
    np.testing.assert_array_equal(np.asarray(levels[0]), truth)
    assert levels[0].dtype == np.uint8
    assert overlay.is_lazy == (form != "memory")
    if form == "multiscale":
        np.testing.assert_array_equal(np.asarray(levels[1]), expected(data[:, ::2, ::2], known))
    if form == "dask":
        assert isinstance(overlay.layer.data, da.Array)


@pytest.mark.parametrize("lazy", [False, True])
def test_frames_of_a_time_series_are_looked_up_apart(add, table_of, lazy):
    *_, layer = add("embryo_timelapse_3d")
    cells = table_of(layer)
    data = np.asarray(layer.data)
    if lazy:
        layer = Labels(da.from_array(data, chunks=(3, 40, 90, 247)), name="movie")
    classes = 1 + (cells.frame + cells.label) % 5

    overlay = PhaseOverlay(layer, cells, "TZYX", MITOSIS_STAGES)
    overlay.paint(np.arange(len(cells)), classes)

    for frame, volume in enumerate(data):
        here = cells.frame == frame
        truth = dict(zip(cells.label[here].tolist(), classes[here].tolist(), strict=True))
        np.testing.assert_array_equal(
            np.asarray(overlay.layer.data[frame]),
            expected(volume, truth),
        )


@pytest.mark.parametrize("lazy", [False, True])
def test_sparse_and_large_labels(table_of, lazy):
    data = np.zeros((6, 30), np.int64)
    data[:2, :5], data[3:, 7:9], data[1:4, 20:] = 7, 70_000, 2**40
    layer = Labels(da.from_array(data) if lazy else data)
    cells = table_of(layer)

    overlay = PhaseOverlay(layer, cells, "YX", MITOSIS_STAGES)
    overlay.paint(np.arange(3), np.array([1, 2, 3]))

    truth = expected(data, {7: 1, 70_000: 2, 2**40: 3})
    np.testing.assert_array_equal(np.asarray(overlay.layer.data), truth)


@pytest.mark.parametrize("lazy", [False, True])
def test_one_cell_is_repainted_alone(table_of, lazy):
    data = np.pad(np.kron(np.array([[1, 2], [3, 1000]]), np.ones((6, 6), int)), 1)
    layer = Labels(da.from_array(data) if lazy else data)
    cells = table_of(layer)
    overlay = PhaseOverlay(layer, cells, "YX", MITOSIS_STAGES)
    overlay.paint(np.arange(4), np.array([1, 1, 1, 1]))

    overlay.paint(np.array([3]), np.array([PLATE]))
    overlay.paint(np.array([1]), np.array([0]))

    truth = expected(data, {1: 1, 2: 0, 3: 1, 1000: PLATE})
    np.testing.assert_array_equal(np.asarray(overlay.layer.data), truth)


@pytest.mark.parametrize("outline", [False, True])
def test_a_line_does_not_stop_where_chunks_meet(table_of, outline):
    data = np.pad(np.kron(np.arange(1, 17).reshape(4, 4), np.ones((5, 5), int)), 3)
    data[8, 8:13] = 0
    data = np.stack([data, data.T])
    chunks = (1, (8, 5, 13), (3, 10, 13))  # along borders of cells and across cells
    found = []
    for layer in (Labels(data), Labels(da.from_array(data, chunks=chunks))):
        overlay = PhaseOverlay(layer, table_of(layer), "ZYX", MITOSIS_STAGES, outline=outline)
        overlay.paint_all(np.ones(16, int))
        found.append(np.asarray(overlay.layer.data))
    np.testing.assert_array_equal(found[1], found[0])


@pytest.mark.parametrize("lazy", [False, True])
def test_a_line_stays_between_two_cells_of_one_phase(table_of, lazy):
    data = np.array(
        [[1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 0], [0, 0, 3, 3, 0, 0], [0, 0, 3, 3, 0, 4]]
    )
    data = np.stack([data, np.where(data == 1, 2, data)])  # above one another is not beside
    layer = Labels(da.from_array(data) if lazy else data)
    overlay = PhaseOverlay(layer, table_of(layer), "ZYX", MITOSIS_STAGES)
    between = [[1, 1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 1]]
    below = [[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 1]]

    overlay.paint_all(np.ones(4, int))
    np.testing.assert_array_equal(np.asarray(overlay.layer.data), [between, below])
    overlay.paint(np.array([1]), np.array([0]))
    hidden = np.array([between, below])
    hidden[data == 2] = 0
    np.testing.assert_array_equal(np.asarray(overlay.layer.data), hidden)
    overlay.paint(np.array([1]), np.array([1]))
    np.testing.assert_array_equal(np.asarray(overlay.layer.data), [between, below])


def test_a_line_is_on_screen_between_two_cells_of_one_phase(viewer, table_of):
    data = np.zeros((40, 60), np.uint8)
    data[5:35, 5:30], data[5:35, 30:55] = 1, 2
    layer = viewer.add_labels(data, opacity=0.0)
    overlay = session_of(viewer).begin(viewer, layer, table_of(layer), "YX", MITOSIS_STAGES)
    overlay.paint(np.arange(2), np.array([PLATE, PLATE]))

    for _ in range(2):
        row = viewer.screenshot(flash=False)
        row = (row[len(row) // 2, :, :3] == color_of(PLATE)).all(axis=-1)
        starts = np.flatnonzero(np.diff(row.astype(int)) == 1)
        assert len(starts) == 2
        overlay.paint(np.array([1]), np.array([ANAPHASE]))
        overlay.paint(np.array([1]), np.array([PLATE]))  # drawn where it lies


def test_it_lies_where_the_segmentation_lies(viewer, table_of):
    affine = np.eye(4)
    affine[0, 3] = 5.0
    layer = viewer.add_labels(
        np.arange(1, 25).reshape(2, 3, 4),
        name="cells",
        scale=(2, 0.5, 0.5),
        translate=(1, 2, 3),
        rotate=20,
        shear=(0.1, 0, 0),
        affine=affine,
        units=("um",) * 3,
        axis_labels=("z", "y", "x"),
    )
    before = layer.data.copy()

    overlay = PhaseOverlay(layer, table_of(layer), "ZYX", MITOSIS_STAGES).layer

    np.testing.assert_allclose(
        overlay.data_to_world((1, 2, 3)), layer.data_to_world((1, 2, 3)), rtol=1e-6
    )
    assert overlay.units == layer.units
    assert overlay.axis_labels == layer.axis_labels
    assert overlay.name == "phase: cells"
    assert (layer.name, layer.visible, layer.opacity) == ("cells", True, 0.7)
    np.testing.assert_array_equal(layer.data, before)


def test_axes_in_another_order(table_of):
    data = np.zeros((3, 2, 8, 9), int)  # z, t, y, x
    data[0, 0, :3, :3], data[2, 1, 4:, 4:] = 1, 1
    layer = Labels(data, axis_labels=("z", "t", "y", "x"))
    cells = table_of(layer)
    assert cells.frame.tolist() == [0, 1]
    overlay = PhaseOverlay(layer, cells, "ZTYX", MITOSIS_STAGES)

    overlay.paint(np.array([0, 1]), np.array([2, 3]))

    truth = np.zeros(data.shape, np.uint8)
    truth[0, 0, :3, :3], truth[2, 1, 4:, 4:] = 2, 3
    np.testing.assert_array_equal(overlay.layer.data, truth)
    lazy = PhaseOverlay(
        Labels(da.from_array(data), axis_labels=("z", "t", "y", "x")), cells, "ZTYX", MITOSIS_STAGES
    )
    lazy.paint(np.array([0, 1]), np.array([2, 3]))
    np.testing.assert_array_equal(np.asarray(lazy.layer.data), truth)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("ndisplay", [2, 3])
def test_the_colour_is_on_screen_over_a_visible_segmentation(viewer, table_of, lazy, ndisplay):
    data = np.zeros((8, 40, 40), np.uint16)
    data[2:6, 5:35, 5:35] = 3
    layer = viewer.add_labels(da.from_array(data) if lazy else data, opacity=1.0)
    overlay = session_of(viewer).begin(viewer, layer, table_of(layer), "ZYX", MITOSIS_STAGES)
    viewer.dims.ndisplay = ndisplay
    viewer.dims.set_point(0, 4)
    overlay.paint(np.array([0]), np.array([PLATE]))
    picture = viewer.screenshot(flash=False)
    assert count_pixels(picture, PLATE) > 1000
    if ndisplay == 2:
        assert (picture[..., :3] == color_of(PLATE)).all(axis=-1).sum() > 1000

    overlay.paint(np.array([0]), np.array([ANAPHASE]))
    picture = viewer.screenshot(flash=False)

    assert count_pixels(picture, ANAPHASE) > 1000
    assert count_pixels(picture, PLATE) == 0


def test_a_few_cells_are_drawn_where_they_lie_and_nowhere_else(viewer, table_of):
    data = np.zeros((2, 60, 80), np.uint16)
    data[:, 5:25, 10:40], data[:, 30:50, 45:75] = 1, 2
    layer = viewer.add_labels(data, opacity=0.0, axis_labels=("t", "y", "x"))
    overlay = session_of(viewer).begin(viewer, layer, table_of(layer), "TYX", MITOSIS_STAGES)
    viewer.dims.set_point(0, 1)
    classes = np.array([1, 1, 1, 1])
    overlay.paint(np.arange(4), classes)
    assert count_pixels(viewer.screenshot(flash=False), 1) > 1000
    drawn, whole = [], []
    events = overlay.layer.events
    events.labels_update.connect(lambda event: drawn.append((event.offset, event.data.shape)))
    events.set_data.connect(whole.append)

    def paint(row, class_id):
        classes[row] = class_id
        overlay.paint(np.array([row]), classes[[row]])
        truth = [expected(data[t], {1: classes[2 * t], 2: classes[2 * t + 1]}) for t in range(2)]
        np.testing.assert_array_equal(overlay.layer.data, np.stack(truth))

    paint(3, PLATE)
    assert drawn == [([30, 45], (20, 30))]
    paint(0, ANAPHASE)  # in the other frame
    assert not whole
    picture = viewer.screenshot(flash=False)
    assert count_pixels(picture, PLATE) > 1000
    assert count_pixels(picture, ANAPHASE) == 0
    viewer.dims.order = (0, 2, 1)
    paint(2, ANAPHASE)
    picture = viewer.screenshot(flash=False)
    assert count_pixels(picture, ANAPHASE) > 1000
    overlay.layer.refresh()
    np.testing.assert_array_equal(viewer.screenshot(flash=False), picture)
    overlay.layer.visible = False
    viewer.dims.set_point(0, 0)
    paint(1, PLATE)
    overlay.layer.visible = True
    picture = viewer.screenshot(flash=False)
    assert count_pixels(picture, PLATE) > 1000
    assert count_pixels(picture, ANAPHASE) > 1000


def test_a_rerun_replaces_our_overlay_of_that_segmentation_only(viewer, table_of):
    session = session_of(viewer)
    data = np.kron(np.array([[1, 2]]), np.ones((4, 4), int))
    first, second = viewer.add_labels(data, name="a"), viewer.add_labels(data, name="b")
    theirs = viewer.add_labels(data, name="phase: a")
    session.begin(viewer, first, table_of(first), "YX", MITOSIS_STAGES)
    session.begin(viewer, second, table_of(second), "YX", MITOSIS_STAGES)
    next(overlays_of(viewer, first)).name = "renamed by hand"
    viewer.layers.selection.active = first

    newer = session.begin(viewer, first, table_of(first), "YX", MITOSIS_STAGES)

    assert [layer.name for layer in viewer.layers] == [
        "a", "b", "phase: a", "phase: b", newer.layer.name,
    ]  # fmt: skip
    assert newer.layer.metadata[METADATA_KEY]["overlay_of"] == str(first.unique_id)
    assert theirs in viewer.layers
    assert not is_overlay(theirs)
    assert viewer.layers.selection.active == first


def test_it_lies_above_labels_and_below_points_until_a_person_moves_it(viewer, table_of):
    session = session_of(viewer)
    data = np.kron(np.array([[1, 2]]), np.ones((20, 20), int))
    cells = viewer.add_labels(data)
    everywhere = viewer.add_labels(np.full_like(data, 3), opacity=1)
    points = viewer.add_points([[3, 3]])
    table = table_of(cells)
    overlay = session.begin(viewer, cells, table, "YX", MITOSIS_STAGES)
    overlay.paint(np.arange(2), np.array([PLATE, ANAPHASE]))
    assert list(viewer.layers) == [cells, everywhere, overlay.layer, points]
    assert count_pixels(viewer.screenshot(flash=False), PLATE) > 1000

    viewer.layers.move(2, 1)
    overlay.paint(np.arange(2), np.array([ANAPHASE, PLATE]))
    assert list(viewer.layers) == [cells, overlay.layer, everywhere, points]
    newer = PhaseOverlay(cells, table, "YX", MITOSIS_STAGES)
    session.put(viewer, newer, in_place=True)
    assert list(viewer.layers) == [cells, newer.layer, everywhere, points]
    viewer.layers.remove(newer.layer)
    last = PhaseOverlay(cells, table, "YX", MITOSIS_STAGES)
    session.put(viewer, last, in_place=True)
    assert list(viewer.layers) == [cells, everywhere, last.layer, points]


@pytest.mark.parametrize("change", ["nothing", "shape", "place", "lazy"])
def test_a_layer_that_was_given_up_shows_the_next_overlay(viewer, table_of, change):
    session = session_of(viewer)
    data = np.kron(np.array([[1, 2]]), np.ones((20, 20), int))
    cells = viewer.add_labels(da.from_array(data) if change == "lazy" else data)
    table = table_of(cells)
    former = session.begin(viewer, cells, table, "YX", MITOSIS_STAGES)
    above = viewer.add_labels(np.zeros_like(data))
    former.paint(np.arange(2), np.array([PLATE, ANAPHASE]))
    if change == "shape":
        cells.data = np.pad(data, ((0, 3), (0, 0)))
    elif change == "place":
        cells.scale = (2, 2)
    legend = [("one", "#FF0000"), ("two", "#0000FF")]
    layer = session.take_back(viewer, cells)
    newer = PhaseOverlay(cells, table, "YX", MITOSIS_STAGES, legend, layer=layer)
    assert (newer.layer is former.layer) == (change == "nothing")
    if change != "nothing":
        return
    assert not newer.layer.data.any()
    assert not session.has(newer)
    session.put(viewer, newer)
    assert session.has(newer)
    assert list(viewer.layers) == [cells, above, newer.layer]
    newer.paint(np.arange(2), np.array([2, 1]))
    former.paint(np.arange(2), np.array([PLATE, PLATE]))
    former.paint_all(np.array([PLATE, PLATE]))
    assert np.unique(newer.layer.data[:, :18]).tolist() == [2]
    assert newer.layer.features["phase"].tolist() == ["one", "two"]
    picture = viewer.screenshot(flash=False)
    assert (picture[..., :3] == (255, 0, 0)).all(axis=-1).sum() > 1000
    assert (picture[..., :3] == (0, 0, 255)).all(axis=-1).sum() > 1000


def test_the_session_lets_go_of_removed_layers(viewer, table_of):
    session = session_of(viewer)
    layer = viewer.add_labels(np.ones((4, 4), int))
    session.begin(viewer, layer, table_of(layer), "YX", MITOSIS_STAGES)
    assert list(session.overlays) == [layer.unique_id]

    viewer.layers.remove(layer)

    assert not session.overlays
    assert session_of(viewer) is session
