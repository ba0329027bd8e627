from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.contrast import dna_contrast, grey_range
from napari_cellcycle.classify import classify
from napari_cellcycle.classify.checks import compare_with_card, contrast_notes, equivalent_radius
from napari_cellcycle.image import Segmentation, Spacing, Stack
from napari_cellcycle.models.classifier import ProjectionClassifier

BOTH = {"dna": 0, "membrane": 1}


def balls(radii_um, spacing, noise=5.0, signal=400.0, seed=0):
    """A row of bright balls in noise, and their labels."""
    z, y, x = spacing.zyx
    side = 2.4 * max(radii_um)
    shape = (round(side / z), round(side / y), round(side / x))
    grid = [(np.arange(n) - (n - 1) / 2) * d for n, d in zip(shape, (z, y, x), strict=True)]
    distance = np.sqrt(sum(g**2 for g in np.meshgrid(*grid, indexing="ij")))
    labels = np.concatenate([(distance <= r) * (i + 1) for i, r in enumerate(radii_um)], axis=2)
    rng = np.random.default_rng(seed)
    image = 100 + signal * (labels > 0) + rng.normal(0, noise, labels.shape)
    stack = Stack(image[None, None].astype(np.float32), ("DNA",), spacing, "balls")
    return stack, Segmentation(labels[None].astype(np.uint16), "nucleus", "balls' labels")


def notes(card, ranges, organoid, spacing=None, **kwargs):
    spacing = spacing or organoid.stack.spacing
    cells = cell_table(organoid.nuclei, spacing)
    return compare_with_card(cells, organoid.stack, BOTH, replace(card, ranges=ranges), **kwargs)


def test_data_within_the_ranges_raise_nothing(model_card, organoid):
    ranges = {
        "spacing_um": (0.1, 0.5),
        "axial_ratio": (1, 10),
        "cell_radius_um": (1, 20),
        "contrast": (1, 1000),
    }
    found = notes(model_card, ranges, organoid, segmentation=organoid.nuclei)
    assert found.notes == ()
    assert set(found.cell_notes) == {""}


def test_the_pixel_size_is_compared_in_y_and_x(model_card, organoid):
    found = notes(model_card, {"spacing_um": (0.5, 1.0)}, organoid)
    assert found.notes == (
        "The pixel size in y and x is 0.26 µm; untrained was trained on 0.5 to 1 µm.",
    )
    relative = Spacing(1.0, 1.0, 1.0, "isotropic")
    assert notes(model_card, {"spacing_um": (2, 3)}, organoid, relative).notes == ()


def test_the_distance_of_planes_is_compared_with_the_pixel_size(model_card, organoid):
    found = notes(model_card, {"axial_ratio": (1, 5)}, organoid)
    assert found.notes == (
        "The distance of planes in pixels is 7.69; untrained was trained on 1 to 5.",
    )


def test_cells_too_small_or_large_are_counted_and_noted_each(model_card):
    spacing = Spacing(0.5, 0.25, 0.25, "user")
    stack, labels = balls((2.0, 4.0, 6.0), spacing)
    cells = cell_table(labels, spacing)
    np.testing.assert_allclose(equivalent_radius(cells, is_2d=False), (2, 4, 6), rtol=0.03)
    card = replace(model_card, ranges={"cell_radius_um": (3.0, 5.0)})
    found = compare_with_card(cells, stack, BOTH, card)
    assert found.cell_notes[0].startswith(("radius 2", "radius 1.9"))
    assert found.cell_notes[0].endswith("µm, trained on 3 to 5 µm")
    assert found.cell_notes[1] == ""
    assert found.cell_notes[2].startswith(("radius 6", "radius 5.9"))
    (note,) = found.notes
    assert note.startswith("2 of 3 cells have a radius outside the 3 to 5 µm that untrained")


def test_a_disc_is_as_large_as_its_area(model_card):
    labels = np.zeros((1, 1, 80, 80), np.uint8)
    y, x = np.indices((80, 80))
    labels[0, 0][np.hypot(y - 40, x - 40) < 20] = 1
    spacing = Spacing(1.0, 0.5, 0.5, "user")
    cells = cell_table(Segmentation(labels, "nucleus", "disc"), spacing)
    np.testing.assert_allclose(equivalent_radius(cells, is_2d=True), 10, rtol=0.02)
    stack = Stack(np.zeros((1, 1, 1, 80, 80)), ("DNA",), spacing, "disc")
    card = replace(model_card, ranges={"cell_radius_um": (3.0, 5.0), "axial_ratio": (3, 4)})
    (note,) = compare_with_card(cells, stack, BOTH, card).notes
    assert note.startswith("1 of 1 cells have a radius")


def test_the_size_of_a_nucleus_inside_a_cell_is_not_guessed(model_card, organoid):
    cells = cell_table(organoid.cells, organoid.stack.spacing)
    assert np.isnan(equivalent_radius(cells, is_2d=False)).all()
    card = replace(model_card, ranges={"cell_radius_um": (0.1, 0.2)})
    assert compare_with_card(cells, organoid.stack, BOTH, card).notes == ()
    cells = cell_table(organoid.cells, organoid.stack.spacing, nuclei=organoid.nuclei)
    assert compare_with_card(cells, organoid.stack, BOTH, card).notes


@pytest.mark.parametrize(("noise", "expected"), [(5.0, 80), (20.0, 20), (100.0, 4)])
def test_contrast_is_signal_over_noise(noise, expected):
    spacing = Spacing(0.5, 0.25, 0.25, "user")
    stack, labels = balls((4.0, 4.0), spacing, noise=noise)
    contrast = dna_contrast(stack.volume(0, 0), labels.volume(0), cell_table(labels, spacing))
    # bright is the 98th percentile, so noise itself adds about 2
    np.testing.assert_allclose(contrast, expected + 2, rtol=0.12)


def test_contrast_without_noise_is_bounded_and_without_signal_zero():
    spacing = Spacing(0.5, 0.25, 0.25, "user")
    for signal, expected in ((400.0, 1000.0), (0.0, 0.0)):
        stack, labels = balls((4.0,), spacing, noise=0.0, signal=signal)
        contrast = dna_contrast(stack.volume(0, 0), labels.volume(0), cell_table(labels, spacing))
        assert contrast.tolist() == [expected]


def test_low_contrast_is_told_for_the_run_and_each_cell(classifier):
    spacing = Spacing(0.5, 0.25, 0.25, "user")
    stack, labels = balls((4.0, 4.0), spacing, noise=200.0)
    card = replace(classifier.card, ranges={"contrast": (10.0, 500.0)})
    result = classify(stack, labels, model=ProjectionClassifier(card, classifier.networks))
    assert any(
        note.startswith("The contrast of DNA to noise is") and "10 to 500" in note
        for note in result.notes
    )
    assert all(
        note.startswith("DNA contrast") and note.endswith("trained on 10 or more")
        for note in result.cell_notes
    )


def test_contrast_notes_say_which_end_was_passed(model_card):
    card = replace(model_card, ranges={"contrast": (10.0, 50.0)})
    assert contrast_notes(np.array([1.0, 20.0, 99.0]), card) == [
        "DNA contrast 1, trained on 10 or more",
        "",
        "DNA contrast 99, trained on 50 or less",
    ]
    assert contrast_notes(np.array([1.0]), replace(model_card, ranges={})) == [""]


def test_saturation_and_few_grey_levels_are_told(model_card):
    spacing = Spacing(0.5, 0.25, 0.25, "user")
    stack, labels = balls((4.0,), spacing, noise=40.0)
    cells = cell_table(labels, spacing)
    cut = np.clip(stack.data, 0, 520).astype(np.uint16)
    saturated = replace(stack, data=cut)
    (note,) = compare_with_card(
        cells, saturated, BOTH, replace(model_card, ranges={}), labels
    ).notes
    assert "% of the DNA voxels inside labels have the largest value of the image (520)" in note
    few = replace(stack, data=(stack.data // 60).astype(np.uint8))
    found = compare_with_card(cells, few, BOTH, replace(model_card, ranges={}), labels).notes
    assert any("grey levels: was the image converted" in note for note in found)


def test_grey_range_counts_inside_labels_only():
    dna = np.arange(1000, dtype=np.uint16).reshape(10, 10, 10)
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[-1] = 1
    grey = grey_range(dna, labels)
    assert (grey.levels, grey.saturated, grey.largest) == (100, 0.01, 999.0)
    assert grey_range(dna, np.zeros_like(labels)).levels == 0


def test_a_label_as_large_as_a_background_is_told(model_card):
    stack, labels = balls([3.0, 3.1, 3.2, 3.3], Spacing(0.5, 0.2, 0.2, "user"))
    numbered = replace(labels, data=labels.data + 1)
    told = [
        compare_with_card(cell_table(found, stack.spacing), stack, BOTH, model_card, found).notes
        for found in (labels, numbered)
    ]
    assert not any("background" in text for text in told[0])
    assert (
        "Label 1 of balls' labels covers 74 % of the image and is classified as a cell. If it is "
        "the background, set it to 0."
    ) in told[1]


def test_a_mask_whose_objects_touch_is_told(model_card):
    stack, labels = balls([3.0, 3.1], Spacing(0.5, 0.2, 0.2, "user"))

    def told(values):
        data = np.array([0, *values], np.uint16)[labels.data]
        given = replace(labels, data=data)
        table = cell_table(given, stack.spacing)
        found = compare_with_card(table, stack, BOTH, model_card, given).notes
        return [note for note in found if "as in a mask" in note]

    assert told((255, 255)) == [
        "The only label of balls' labels is 255, as in a mask, and is classified as one cell. If "
        "it holds several, give each a label of its own; touching ones must be parted."
    ]
    assert told((65535, 65535))
    assert not told((1, 1))  # one cell alone
    assert not told((254, 255))


def test_cells_without_any_dna_are_counted(classifier):
    stack, labels = balls((4.0, 4.0, 4.0), Spacing(0.5, 0.25, 0.25, "user"))
    card = replace(classifier.card, ranges={"contrast": (1.0, 500.0)})
    model = ProjectionClassifier(card, classifier.networks)
    told = "1 of 3 cells have no DNA above the background around them"
    assert not any("no DNA above" in note for note in classify(stack, labels, model=model).notes)
    stack.data[..., : stack.data.shape[-1] // 3] = 0
    assert any(note.startswith(told) for note in classify(stack, labels, model=model).notes)
