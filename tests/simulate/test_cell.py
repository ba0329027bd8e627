import numpy as np
import pytest
from scipy import ndimage

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.simulate import simulate_cell
from napari_cellcycle.simulate.optics import Microscope

PHASES = MITOSIS_STAGES.slugs
ANAPHASE = "anaphase-telophase-cytokinesis"
SHARP = Microscope(
    pixel=0.06,
    plane=0.08,
    lateral=0.02,
    axial=0.04,
    skirt=0.0,
    haze=0.0,
    background=0.02,
    photons=2000.0,
    read=1.0,
    fade=0.0,
    look="raw",
    gamma=1.0,
    saturate=0.0,
    depth=65535,
    white=0.5,
)


@pytest.fixture(scope="module", params=PHASES)
def cells(request):
    return [simulate_cell(request.param, np.random.default_rng(seed)) for seed in range(8)]


def test_image_and_labels_share_one_grid(cells):
    for cell in cells:
        assert cell.image.dtype == np.uint16
        assert cell.image.shape[0] == 2
        assert cell.nuclei_labels.dtype == cell.cells_labels.dtype == np.uint16
        assert cell.image.shape[1:] == cell.nuclei_labels.shape == cell.cells_labels.shape
        assert min(cell.image.shape[1:]) >= 3


def test_the_subject_is_labelled_in_both_images_and_lies_in_its_cell(cells):
    for cell in cells:
        nucleus = cell.nuclei_labels == cell.label
        own = cell.cells_labels == cell.label
        assert nucleus.sum() >= 8
        assert (nucleus & own).sum() > 0.5 * nucleus.sum()


def test_the_subject_is_where_dna_is(cells):
    for cell in cells:
        dna = cell.image[0].astype(float)
        nucleus = cell.nuclei_labels == cell.label
        background = dna[cell.nuclei_labels == 0]
        if background.size > 100:
            assert dna[nucleus].mean() > np.median(background)


def test_spacing_is_physical_and_planes_are_one_to_ten_pixels_apart(cells):
    for cell in cells:
        assert cell.spacing.is_physical
        assert cell.spacing.y == cell.spacing.x
        assert 0.99 <= cell.spacing.z / cell.spacing.x <= 10.01


@pytest.mark.parametrize("phase", PHASES)
def test_the_seed_decides_everything(phase):
    first = simulate_cell(phase, np.random.default_rng(5))
    again = simulate_cell(phase, np.random.default_rng(5))
    other = simulate_cell(phase, np.random.default_rng(6))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.nuclei_labels, again.nuclei_labels)
    np.testing.assert_array_equal(first.cells_labels, again.cells_labels)
    assert first.spacing == again.spacing
    assert first.image.shape != other.image.shape or (first.image != other.image).any()


def test_an_unknown_phase_is_refused_by_name():
    with pytest.raises(CellCycleError, match=r"'metaphase'.*prometaphase-metaphase"):
        simulate_cell("metaphase", np.random.default_rng(0))


def test_an_absent_membrane_is_an_empty_channel():
    cell = simulate_cell("prophase", np.random.default_rng(1), membrane_kind="absent")
    assert cell.image[1].max() == 0
    assert cell.image[0].max() > 0


def test_shell_membranes_are_brighter_at_the_border_of_the_cell_than_inside():
    for seed in range(4):
        cell = simulate_cell(
            "prometaphase-metaphase",
            np.random.default_rng(seed),
            membrane_kind="shell",
            scope=SHARP,
            cut=0,
        )
        own = cell.cells_labels == cell.label
        inner = ndimage.binary_erosion(own, iterations=4, border_value=1)
        rim = own & ~ndimage.binary_erosion(own, iterations=2, border_value=1)
        assert inner.any()
        assert cell.image[1][rim].mean() > 1.5 * cell.image[1][inner].mean()


def test_both_daughters_share_one_label():
    pairs = 0
    for seed in range(10):
        cell = simulate_cell(ANAPHASE, np.random.default_rng(seed), alone=0, scope=SHARP, cut=0)
        assert not cell.kind.endswith("alone")
        sizes = np.bincount(ndimage.label(cell.nuclei_labels == cell.label)[0].ravel())[1:]
        large = np.sort(sizes)[::-1]
        pairs += len(large) > 1 and large[1] > 0.3 * large[0]
    assert pairs >= 6


def test_one_daughter_alone_leaves_her_sister_to_another_label_or_none():
    for seed in range(8):
        cell = simulate_cell(ANAPHASE, np.random.default_rng(seed), alone=3, scope=SHARP, cut=0)
        assert cell.kind.endswith("alone")
        own = ndimage.center_of_mass(cell.nuclei_labels == cell.label)
        middle = (np.array(cell.nuclei_labels.shape) - 1) / 2
        assert np.all(np.abs(np.array(own) - middle) < 0.2 * np.array(cell.nuclei_labels.shape))


def test_the_border_of_the_image_can_cut_the_subject():
    touching = 0
    for seed in range(8):
        cell = simulate_cell("non-mitotic", np.random.default_rng(seed), kind="interphase", cut=1)
        own = cell.nuclei_labels == cell.label
        faces = [own.take(i, axis).any() for axis in range(3) for i in (0, -1)]
        touching += any(faces)
    assert touching >= 6


def test_mitotic_cells_have_more_contrast_than_interphase_nuclei():
    def variation(phase, kind=None):
        found = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            cell = simulate_cell(phase, rng, kind=kind, scope=SHARP, cut=0)
            values = cell.image[0][cell.cells_labels == cell.label].astype(float)
            found.append(values.std() / values.mean())
        return np.median(found)

    condensed = variation("prometaphase-metaphase")
    assert condensed > 1.3 * variation("non-mitotic", "interphase")


def test_pixels_of_a_nucleus_cover_coarse_to_fine():
    widths, ratios = [], []
    for seed in range(36):
        cell = simulate_cell("non-mitotic", np.random.default_rng(seed), kind="interphase", cut=0)
        area = (cell.nuclei_labels == cell.label).sum(axis=(1, 2)).max()
        widths.append(2 * np.sqrt(area / np.pi))
        ratios.append(cell.spacing.z / cell.spacing.x)
    assert np.quantile(widths, 0.1) < 20
    assert np.quantile(widths, 0.9) > 40
    assert min(ratios) < 1.5
    assert max(ratios) > 6
