"""Nuclei in a plane: of very different brightness, grainy, in haze, touching."""

import numpy as np
import pytest
from scipy import ndimage

from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
from napari_cellcycle.cells.nuclei.sharpest import sharpest_objects
from napari_cellcycle.cells.nuclei.touching import part, solidity
from napari_cellcycle.image.stack import Stack
from napari_cellcycle.simulate import simulate_field

PIXEL = np.array([1.0, 1.0])
INSIDE = ((False, False), (False, False))


def segmented(image):
    """Labels that are found in one plane."""
    stack = Stack(np.asarray(image)[None, None, None], ("DNA",), None, "field.tif")
    return segment_nuclei(stack, 0).data[0, 0]


def read(data_dir, name):
    import tifffile

    return tifffile.imread(data_dir / f"{name}.ome.tif")


def f1(truth, found, threshold=0.5):
    """F1 of objects matched one to one at an intersection over union above ``threshold``."""
    both = np.zeros((truth.max() + 1, found.max() + 1), int)
    np.add.at(both, (truth, found), 1)
    union = both.sum(1, keepdims=True) + both.sum(0) - both
    matched = (both / np.maximum(union, 1))[1:, 1:] > threshold
    return 2 * matched.sum() / (both.any(1)[1:].sum() + both.any(0)[1:].sum())


def ellipses(shape, nuclei):
    """Labels of ellipses given as ``(y, x, height, width)``; later ones lie on top."""
    y, x = np.indices(shape)
    labels = np.zeros(shape, np.int32)
    for i, (cy, cx, h, w) in enumerate(nuclei, start=1):
        labels[((y - cy) / h) ** 2 + ((x - cx) / w) ** 2 <= 1] = i
    return labels


def photograph(labels, brightness, seed=0, blur=1.5, grain=0.25):
    """Grainy nuclei, blurred, over a noisy background of 10."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(0, 1, labels.shape), 3)
    texture = np.clip(1 + grain * texture / texture.std(), 0.2, None)
    light = np.append(0, brightness)[labels] * texture
    return ndimage.gaussian_filter(light, blur) + 10 + rng.normal(0, 2, labels.shape)


GRID = [(y, x, 14 + (y + x) % 5, 18 - x % 4) for y in (30, 90, 150) for x in (30, 90, 150, 210)]


def test_grainy_nuclei_may_differ_tenfold_in_brightness():
    truth = ellipses((180, 240), GRID)
    image = photograph(truth, np.geomspace(20, 200, len(GRID)))
    found = segmented(image)
    assert found.max() == len(GRID)
    assert f1(truth, found, 0.75) == 1


def test_labels_run_down_the_image():
    truth = ellipses((180, 240), GRID)
    found = segmented(photograph(truth, np.full(len(GRID), 100.0)))
    rows = [np.unique(found[row])[1:].tolist() for row in (30, 90, 150)]
    assert rows == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10, 11, 12],
    ]


def test_anaphase_plates_in_their_halo_stay_two_and_leave_their_neighbour():
    nuclei = [*GRID[:4], (100, 60, 5, 16), (122, 60, 5, 16), (110, 100, 16, 18)]
    truth = ellipses((180, 240), nuclei)
    image = photograph(truth, [60, 60, 60, 60, 400, 400, 40])
    halo = ndimage.gaussian_filter(400.0 * np.isin(truth, (5, 6)), 9)
    found = segmented(image + 0.5 * halo)
    assert found.max() == len(nuclei)
    assert f1(truth, found) == 1


@pytest.mark.parametrize("factor", [1.0, 0.35])
def test_touching_nuclei_are_parted_whatever_their_brightness(factor):
    nuclei = [*GRID[:4], (110, 60, 17, 17), (110, 91, 17, 17)]
    truth = ellipses((180, 240), nuclei)
    brightness = np.array([80, 80, 80, 80, 100, 100 * factor])
    found = segmented(photograph(truth, brightness))
    assert found.max() == len(nuclei)
    assert f1(truth, found, 0.7) == 1


def test_a_long_nucleus_and_a_bent_one_stay_one():
    y, x = np.indices((120, 120))
    ring = np.hypot(y - 60, x - 60)
    bent = (ring > 18) & (ring < 44) & (y < 52)
    for mask in (ellipses((60, 120), [(30, 60, 12, 40)]) > 0, bent):
        assert part(mask, mask.astype(np.float32), 18.0, PIXEL, INSIDE).max() == 1


def test_parts_keep_together_by_neck_and_by_brightness():
    pair = ellipses((50, 80), [(25, 25, 17, 17), (25, 50, 17, 17)])
    mask = pair > 0
    even = mask.astype(np.float32)
    assert solidity(mask) < 0.93
    assert len(np.unique(part(mask, even, 17.0, PIXEL, INSIDE))) == 3
    wide = ellipses((50, 80), [(25, 30, 17, 17), (25, 42, 17, 17), (25, 36, 15, 8)])
    wide[8:18, 35:37] = 0  # a notch: not convex, and yet one
    assert solidity(wide > 0) < 0.96
    alike = part(wide > 0, (wide > 0).astype(np.float32), 17.0, PIXEL, INSIDE)
    assert len(np.unique(alike)) == 2


def test_a_nucleus_cut_by_the_border_is_parted_from_its_neighbour():
    whole = ellipses((80, 120), [(40, 40, 16, 16), (40, 70, 16, 16), (10, 100, 6, 6)])
    mask = whole[:, :72] > 0  # little more than half of the second
    parts = part(mask, mask.astype(np.float32), 16.0, PIXEL, ((False, False), (False, True)))
    assert parts[40, 40] != parts[40, 70]
    assert len(np.unique(parts)) == 3


def test_pixels_need_not_be_square():
    pair = ellipses((50, 80), [(25, 25, 17, 17), (25, 55, 17, 17)])
    flat = pair[::2]
    parts = part(flat > 0, (flat > 0).astype(np.float32), 8.5, np.array([1.0, 0.5]), INSIDE)
    assert f1(flat, parts, 0.8) == 1


def test_objects_are_sharpest_at_thresholds_of_their_own():
    y, x = np.indices((80, 120))
    nucleus = ellipses((80, 120), [(40, 30, 10, 10), (40, 58, 10, 10)])
    haze = 0.6 * np.exp(-((y - 40) ** 2 + (x - 44) ** 2) / 900)
    dim = 0.3 * (ellipses((80, 120), [(40, 100, 10, 10)]) > 0)
    image = ndimage.gaussian_filter(np.maximum(nucleus > 0, dim) + haze, 1).astype(np.float32)
    found = sharpest_objects(image, 0.05, 50)
    assert found.max() == 3
    assert f1(nucleus + 3 * (dim > 0), found, 0.8) == 1
    assert not sharpest_objects(np.zeros((20, 20), np.float32), 0.1, 5).any()


def test_haze_alone_is_no_object_beside_nuclei():
    y, x = np.indices((80, 120))
    image = ndimage.gaussian_filter((ellipses((80, 120), [(40, 30, 10, 10)]) > 0) * 1.0, 1)
    haze = 0.5 * np.exp(-((y - 40) ** 2 + (x - 90) ** 2) / 300)
    assert sharpest_objects((image + haze).astype(np.float32), 0.05, 50).max() == 1


def test_nuclei_of_a_simulated_monolayer():
    field = simulate_field(n_cells=30, seed=31, shape=(14, 300, 300), shares={}, daughters="apart")
    dna, labels = field.stack.volume(0, 0).astype(float), field.nuclei.volume(0)
    top = np.where(labels > 0, dna + 1, 0).argmax(0)[None]
    truth = np.take_along_axis(labels, top, 0)[0]
    assert f1(truth, segmented(dna.max(0))) >= 0.95


# H2B nuclei of one corner of a field, seen by eye: y, x
BRIGHT = [(41, 1119), (72, 1130)]  # the daughters of an anaphase
DIM = [(308, 1266), (314, 1320), (76, 1226), (140, 1204), (372, 1221), (456, 1211)]
OTHERS = [(70, 1070), (117, 1319), (180, 1304), (182, 1088), (218, 1137), (211, 1212), (248, 1286)]


def test_a_real_field_of_grainy_nuclei_tenfold_in_brightness(data_dir):
    image = read(data_dir, "tubulin_h2b_field_2d")[1]
    found = segmented(image)
    names = [int(found[at]) for at in BRIGHT + DIM + OTHERS]
    assert 0 not in names
    assert len(set(names)) == len(names)
    sizes = np.bincount(found.reshape(-1))[1:]
    assert (sizes < 0.25 * np.median(sizes)).sum() <= 4  # and no pieces
    assert 155 <= found.max() <= 175


def test_real_adherent_cells_in_projection(data_dir):
    image, labels = read(data_dir, "flat_cells_3d"), read(data_dir, "flat_cells_3d_labels")
    top = np.where(labels > 0, image.astype(int) + 1, 0).argmax(0)[None]
    truth = np.take_along_axis(labels, top, 0)[0]
    assert f1(truth, segmented(image.max(0))) >= 0.9


def test_a_field_without_nuclei_is_not_cut_up(data_dir):
    # dirt and noise between cells
    image = read(data_dir, "flat_cells_3d").max(0)[:100, 250:500]
    assert segmented(image).max() <= 5
