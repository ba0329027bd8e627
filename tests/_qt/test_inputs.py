"""Channels, axes and spacing as the layers tell them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.layers._source import layer_source
from napari_builtins.io import napari_get_reader

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.spacing_edit import SpacingEdit
from napari_cellcycle.errors import CellCycleError, SpacingError
from napari_cellcycle.image import Spacing, open_image


def test_two_layers_are_two_channels_with_guessed_roles():
    layers = [
        Image(np.zeros((3, 8, 8)), name="CellMask"),
        Image(np.zeros((3, 8, 8)), name="Hoechst"),
        Labels(np.zeros((3, 8, 8), int)),
    ]
    found = inputs.channels_of(layers)
    chosen = inputs.guess(found, ("dna", "membrane"))

    stack, channels = inputs.combine(chosen)

    assert [channel.name for channel in found] == ["CellMask", "Hoechst"]
    assert stack.channels[channels["dna"]] == "Hoechst"
    assert stack.channels[channels["membrane"]] == "CellMask"


def two_channels(name, size=8):
    image = np.zeros((2, 3, size, size))
    return Image(image, name=name, axis_labels=("c", "z", "y", "x"))


@pytest.mark.parametrize(
    ("size", "name", "of"),
    [
        (8, "day_2_labels", 1),
        (8, "nuclei of day_2.ome", 1),
        (9, "anything", 0),  # the other image has other pixels
        (8, "anything", None),
    ],
)
def test_roles_are_guessed_within_the_image_of_the_labels(size, name, of):
    layers = [two_channels("day_1.ome"), two_channels("day_2.ome", size)]
    channels = [
        inputs.Channel(layer, i, text)
        for layer in layers
        for i, text in enumerate(("H2B", "membrane"))
    ]
    like = Labels(np.zeros((3, 8, 8), int), name=name)
    guessed = inputs.guess(channels, ("dna", "membrane"), like)
    found = [
        None if channel is None else (channel.layer, channel.index) for channel in guessed.values()
    ]
    assert found == ([None, None] if of is None else [(layers[of], 0), (layers[of], 1)])
    assert inputs.choices_of(channels)[2][1] == "H2B, day_2.ome"
    assert [text for _, text, _ in inputs.choices_of(channels[:2])] == ["H2B", "membrane"]


@pytest.mark.parametrize(
    ("shape", "labels", "axes"),
    [
        ((2, 5, 8, 9), (5, 8, 9), "CZYX"),
        ((5, 2, 8, 9), (5, 8, 9), "ZCYX"),
        ((3, 8, 9), (8, 9), "CYX"),
        ((4, 5, 8, 9), (4, 5, 8, 9), "TZYX"),
        ((4, 2, 5, 8, 9), (4, 5, 8, 9), "TCZYX"),
        ((5, 8, 9), (5, 8, 9), "ZYX"),
    ],
)
def test_a_channel_axis_is_the_one_that_the_labels_lack(shape, labels, axes):
    image, like = Image(np.zeros(shape)), Labels(np.zeros(labels, int))
    assert inputs.axes_of(image, time=False, like=like) == axes
    n = shape[axes.index("C")] if "C" in axes else 1
    assert len(inputs.channels_of([image], like=like)) == n


@pytest.mark.parametrize(
    ("name", "axes", "um"),
    [("organoid_h2b_membrane_3d_t301", "CZYX", (2, 0.26, 0.26)), ("h2b_movie_2d", "TYX", None)],
)
def test_a_file_says_what_naparis_reader_leaves_out(data_dir, name, axes, um):
    path = str(data_dir / f"{name}.ome.tif")
    (read,) = napari_get_reader(path)(path)
    with layer_source(path=path, reader_plugin="napari"):
        layer = Image(read[0], name=name)
    assert inputs.axes_of(layer, time=False) == axes
    assert not inputs.may_be_time(layer)
    file, channels = open_image(path), inputs.channels_of([layer])
    stack, _ = inputs.combine({str(c.index): c for c in channels})
    np.testing.assert_array_equal(stack.data, file.data)
    if um is None:
        assert stack.spacing is None
    else:
        assert [c.name for c in channels] == list(file.channels)
        assert stack.spacing.zyx == pytest.approx(um)
    # but what a person has made of it counts
    layer.scale = [3] * layer.ndim
    assert inputs.axes_of(layer, time=False) == {4: "TZYX", 3: "ZYX"}[layer.ndim]
    layer.scale = [1] * layer.ndim
    layer.data = layer.data[1:]
    assert inputs.axes_of(layer, time=False) == {4: "TZYX", 3: "ZYX"}[layer.ndim]


def test_axis_labels_say_more_than_shapes():
    image = Image(np.zeros((2, 5, 8, 9)), axis_labels=("t", "z", "y", "x"))
    like = Labels(np.zeros((5, 8, 9), int))
    assert inputs.axes_of(image, time=False, like=like) == "TZYX"


def test_channels_of_one_layer_and_of_another_are_counted_on():
    both = Image(np.zeros((2, 4, 8, 8)), name="field", axis_labels=("c", "z", "y", "x"))
    other = Image(np.ones((4, 8, 8)), name="membrane")
    found = inputs.channels_of([both, other])
    assert len(found) == 3

    stack, channels = inputs.combine({"dna": found[1], "membrane": found[2]})

    assert stack.data.shape == (1, 3, 4, 8, 8)
    assert channels == {"dna": 1, "membrane": 2}
    assert np.asarray(stack.data[0, channels["membrane"]]).all()


def test_three_axes_without_labels_may_be_time():
    layer = Image(np.zeros((5, 8, 8)))
    assert inputs.may_be_time(layer)
    assert not inputs.may_be_time(Image(np.zeros((5, 8, 8)), axis_labels=("z", "y", "x")))
    assert not inputs.may_be_time(Image(np.zeros((8, 8))))
    assert inputs.axes_of(layer, time=True) == "TYX"
    assert inputs.axes_of(layer, time=False) == "ZYX"


def test_nothing_is_read_until_a_run_reads_it():
    class Unread:
        shape, dtype, ndim = (5, 30, 30), np.dtype(np.uint16), 3

        def __getitem__(self, where):
            raise AssertionError("data were read")

    def layer(name):
        return SimpleNamespace(
            data=Unread(),
            name=name,
            unique_id=name,
            multiscale=False,
            rgb=False,
            axis_labels=("z", "y", "x"),
            scale=(1, 1, 1),
            units=("um",) * 3,
            source=None,
        )

    stack, _ = inputs.combine({"dna": inputs.Channel(layer("DNA"), 0, "DNA")})
    labels = inputs.segmentation(layer("nuclei"), "nucleus")
    assert stack.grid == labels.grid == (1, 5, 30, 30)
    assert stack.spacing == Spacing(1, 1, 1, "metadata")


def test_layers_that_do_not_fit_are_refused():
    found = inputs.channels_of([Image(np.zeros((4, 8, 8))), Image(np.zeros((5, 8, 8)))])
    with pytest.raises(CellCycleError, match="cannot be channels of one image"):
        inputs.combine({"dna": found[0], "membrane": found[1]})


@pytest.fixture
def edit(qtbot):
    edit = SpacingEdit()
    qtbot.addWidget(edit)
    return edit


def test_the_spacing_of_the_layers_is_shown(edit):
    found = Spacing(0.3, 0.104, 0.104, "metadata")
    edit.set_found(found, is_2d=False)
    assert [field.text() for field in edit.fields.values()] == ["0.3", "0.104", "0.104"]
    assert edit.typed() is None
    assert edit.resolved(is_2d=False) == found


def test_a_typed_spacing_holds(edit, qtbot):
    edit.set_found(Spacing(1, 1, 1, "metadata"), is_2d=False)
    edit.fields["z"].clear()
    with qtbot.waitSignal(edit.changed):
        qtbot.keyClicks(edit.fields["z"], "0,5")
    assert edit.typed() == Spacing(0.5, 1, 1, "user")
    edit.fields["y"].setText("-2")
    with pytest.raises(SpacingError, match="3 positive numbers"):
        edit.typed()
    edit.fields["y"].setText("two")
    with pytest.raises(SpacingError, match="3 positive numbers"):
        edit.resolved(is_2d=False)


def test_3d_without_spacing_is_refused_until_a_person_says_isotropic(edit):
    edit.set_found(None, is_2d=False)
    with pytest.raises(SpacingError, match="tick isotropic"):
        edit.resolved(is_2d=False)
    edit.isotropic.setChecked(True)
    assert edit.resolved(is_2d=False).source == "isotropic"
    assert not edit.fields["z"].isEnabled()


def test_2d_needs_no_spacing_and_shows_two_fields(edit):
    edit.show()
    edit.set_found(None, is_2d=True)
    edit.set_found(Spacing(1, 1, 1, "metadata"), is_2d=True)
    assert not edit.fields["z"].isVisible()
    assert not edit.isotropic.isVisible()
    edit.fields["y"].setText("0.5")
    assert edit.typed().zyx == (1.0, 0.5, 1.0)
    edit.set_found(None, is_2d=True)
    assert edit.resolved(is_2d=True).source == "cell-size"
