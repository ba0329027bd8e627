import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.stack import check_match
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.simulate import simulate_field


@pytest.fixture(scope="module")
def field():
    return simulate_field(n_cells=24, seed=3, shape=(26, 150, 150), spacing=(1.0, 0.35, 0.35))


def test_image_and_segmentations_share_a_grid_and_a_spacing(field):
    check_match(field.stack, field.nuclei)
    check_match(field.stack, field.cells)
    assert field.stack.grid == (1, 26, 150, 150)
    assert field.stack.channels == ("DNA", "membrane")
    assert field.stack.spacing.zyx == (1.0, 0.35, 0.35)
    assert field.stack.spacing.is_physical
    assert field.nuclei.labels_are == "nucleus"
    assert field.cells.labels_are == "cell"


def test_every_cell_has_one_label_in_both_images_and_a_known_phase(field):
    expected = set(range(1, 25))
    assert set(field.truth) == expected
    assert set(np.unique(field.nuclei.data)) - {0} == expected
    assert set(np.unique(field.cells.data)) - {0} == expected
    assert set(field.truth.values()) <= set(MITOSIS_STAGES.slugs)


def test_nuclei_lie_in_their_cells(field):
    nuclei, cells = np.asarray(field.nuclei.data), np.asarray(field.cells.data)
    np.testing.assert_array_equal(cells[nuclei > 0], nuclei[nuclei > 0])


def test_every_phase_is_shown_and_most_cells_do_not_divide(field):
    phases = list(field.truth.values())
    assert set(phases) == set(MITOSIS_STAGES.slugs)
    assert 0.55 <= phases.count("non-mitotic") / len(phases) <= 0.85


def test_nuclei_are_bright_in_dna_and_borders_in_membrane(field):
    dna, membrane = field.stack.data[0, 0].astype(float), field.stack.data[0, 1].astype(float)
    nuclei, cells = field.nuclei.volume(0), field.cells.volume(0)
    assert dna[nuclei > 0].mean() > 4 * dna[nuclei == 0].mean()
    edge = (np.diff(cells.astype(int), axis=2) != 0)[:, :, :]
    inner = (cells[:, :, 1:] > 0) & ~edge
    assert membrane[:, :, 1:][edge].mean() > 1.5 * membrane[:, :, 1:][inner].mean()


def test_the_seed_decides_the_field():
    options = {"n_cells": 4, "shape": (16, 64, 64), "spacing": (1.2, 0.5, 0.5)}
    first, again = simulate_field(seed=1, **options), simulate_field(seed=1, **options)
    other = simulate_field(seed=2, **options)
    np.testing.assert_array_equal(first.stack.data, again.stack.data)
    np.testing.assert_array_equal(first.nuclei.data, again.nuclei.data)
    assert first.truth == again.truth
    assert (first.stack.data != other.stack.data).any()


@pytest.mark.parametrize("options", [{"n_cells": 0}, {"n_cells": 4000}])
def test_a_field_that_cannot_hold_its_cells_is_refused(options):
    with pytest.raises(CellCycleError, match="cell"):
        simulate_field(shape=(16, 64, 64), **options)


@pytest.mark.parametrize("n_cells", [1, 7, 60])
def test_few_and_many_cells_all_get_their_label(n_cells):
    field = simulate_field(n_cells=n_cells, seed=4, shape=(20, 96, 96), spacing=(1.2, 0.5, 0.5))
    for segmentation in (field.nuclei, field.cells):
        assert set(np.unique(segmentation.data)) - {0} == set(range(1, n_cells + 1))
