import numpy as np
import pytest

from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei, threshold_nuclei
from napari_cellcycle.errors import (
    ChannelError,
    SegmentationError,
    SegmentationMismatchError,
)
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Stack


def stack(volume, spacing=None, name="field.tif"):
    """A still image, ``(z, y, x)`` or ``(y, x)``, with one channel."""
    volume = volume[None] if volume.ndim == 2 else volume
    return Stack(volume[None, None], ("DAPI",), spacing, name)


def balls(shape, centres, radius, step=(1.0, 1.0, 1.0), seed=0):
    """Noisy balls of DNA with soft edges, and their labels."""
    grid = [g * s for g, s in zip(np.indices(shape), step, strict=True)]
    dna = np.zeros(shape)
    labels = np.zeros(shape, np.uint16)
    for i, centre in enumerate(centres, start=1):
        distance = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)))
        dna = np.maximum(dna, 500 / (1 + np.exp((distance - radius) / 0.5)))
        labels[distance <= radius] = i
    noise = np.random.default_rng(seed).normal(100, 20, shape)
    return (dna + noise).clip(0).astype(np.uint16), labels


def f1(truth, found, threshold=0.5):
    """F1 of objects matched one to one at an intersection over union above ``threshold``."""
    n_truth, n_found = len(np.unique(truth[truth > 0])), len(np.unique(found[found > 0]))
    matched = 0
    for label in np.unique(truth[truth > 0]):
        own = truth == label
        partners, overlap = np.unique(found[own], return_counts=True)
        for partner, both in zip(partners, overlap, strict=True):
            union = own.sum() + (found == partner).sum() - both
            matched += bool(partner) and both / union > threshold
    return 2 * matched / (n_truth + n_found)


@pytest.mark.parametrize("method", ["local", "otsu"])
def test_touching_balls_with_deep_voxels_are_split(method):
    step = (2.0, 0.5, 0.5)
    centres = [(16, 10, 10), (16, 10, 19), (20, 24, 12), (10, 24, 25)]
    dna, truth = balls((18, 70, 70), centres, 5.0, step)
    found = segment_nuclei(stack(dna, Spacing(*step, "metadata")), "dapi", method=method)
    assert found.labels_are == "nucleus"
    assert found.data.dtype == np.uint16
    assert found.grid == (1, 18, 70, 70)
    assert np.unique(found.data).tolist() == [0, 1, 2, 3, 4]
    assert f1(truth, found.data[0], 0.6) == 1


def test_a_balls_split_follows_the_spacing():
    # two balls above each other: 5 deep planes apart
    step = (2.0, 0.5, 0.5)
    dna, truth = balls((18, 50, 50), [(12, 12, 12), (22, 12, 12)], 5.5, step)
    found = segment_nuclei(stack(dna), 0, Spacing(*step, "user"))
    assert f1(truth, found.data[0], 0.6) == 1
    assert found.spacing == Spacing(*step, "user")


def test_nucleoli_do_not_make_holes():
    dna, truth = balls((1, 60, 60), [(0, 20, 20), (0, 40, 42)], 9.0)
    dna[0, 18:22, 18:22] = 100
    found = segment_nuclei(stack(dna), 0).data[0]
    assert found[0, 20, 20] > 0
    assert f1(truth, found, 0.8) == 1


def test_smaller_objects_are_dropped():
    dna, _ = balls((1, 80, 80), [(0, 20, 20), (0, 20, 60), (0, 60, 20)], 10.0)
    speck, _ = balls((1, 80, 80), [(0, 60, 60)], 4.0, seed=1)
    both = np.maximum(dna, speck)
    assert segment_nuclei(stack(both), 0).data.max() == 3
    assert segment_nuclei(stack(both), 0, min_diameter=5).data.max() == 4
    spacing = Spacing(1.0, 0.5, 0.5, "user")
    # 8 µm are 16 pixels
    assert segment_nuclei(stack(both, spacing), 0, min_diameter=8).data.max() == 3


def test_frames_are_segmented_apart_and_progress_is_told():
    first, _ = balls((1, 60, 60), [(0, 20, 20)], 8.0)
    second, _ = balls((1, 60, 60), [(0, 20, 20), (0, 40, 40)], 8.0)
    movie = Stack(np.stack([first, second, first])[:, None], ("DAPI",), None, "movie.tif")
    calls = []
    found = segment_nuclei(movie, 0, progress=lambda *done: calls.append(done))
    assert found.data.max(axis=(1, 2, 3)).tolist() == [1, 2, 1]
    assert calls == [(1, 3), (2, 3), (3, 3)]
    some = segment_nuclei(movie, 0, frames=[1])
    assert some.data.max(axis=(1, 2, 3)).tolist() == [0, 2, 0]
    np.testing.assert_array_equal(some.data[1], found.data[1])


@pytest.mark.parametrize(
    "volume",
    [
        np.zeros((1, 40, 40), np.uint8),
        np.full((5, 20, 20), 700, np.uint16),
        np.random.default_rng(0).normal(100, 10, (1, 64, 64)).astype(np.float32),
        np.random.default_rng(0).poisson(50, (6, 64, 64)).astype(np.uint16),
    ],
    ids=["black", "flat", "noise-2d", "noise-3d"],
)
@pytest.mark.parametrize("method", ["local", "otsu"])
def test_nothing_found_says_what_was_tried(volume, method):
    match = rf"No nuclei .* DAPI of field\.tif \(1 frame.*{method}.*smoothing 1 pixel"
    with pytest.raises(SegmentationError, match=match):
        segment_nuclei(stack(volume), 0, method=method)


def test_wrong_requests_are_refused():
    dna, _ = balls((1, 40, 40), [(0, 20, 20)], 8.0)
    with pytest.raises(SegmentationError, match=r"'watershed'.*local, otsu"):
        segment_nuclei(stack(dna), 0, method="watershed")
    with pytest.raises(SegmentationError, match=r"field\.tif has no frame 1"):
        segment_nuclei(stack(dna), 0, frames=[1])
    with pytest.raises(ChannelError, match="0=DAPI"):
        segment_nuclei(stack(dna), "GFP")


def test_nuclei_are_thresholded_inside_each_cell_by_its_own_brightness():
    labels = np.zeros((1, 20, 40), np.uint32)
    labels[0, :, :20] = 4_000_000_000
    labels[0, :, 20:38] = 3
    rng = np.random.default_rng(0)
    dna = rng.normal(100, 3, labels.shape)
    dna[0, 5:15, 5:15] += 1000
    dna[0, 5:15, 25:30] += 60  # dim, below half of the first
    nuclei = threshold_nuclei(dna, labels)
    expected = np.zeros_like(labels)
    expected[0, 5:15, 5:15] = 4_000_000_000
    expected[0, 5:15, 25:30] = 3
    assert nuclei.dtype == labels.dtype
    # Otsu's threshold lies at the edge of the gap and may take a voxel of noise with it
    assert (nuclei != expected).sum() <= 3
    assert (nuclei == expected)[expected > 0].all()
    assert not threshold_nuclei(np.ones(labels.shape), labels).any()
    assert not threshold_nuclei(dna, np.zeros_like(labels)).any()
    with pytest.raises(SegmentationMismatchError, match=r"\(1, 20, 40\).*\(1, 20, 39\)"):
        threshold_nuclei(dna[:, :, 1:], labels)


def read(data_dir, name, channel=None):
    import tifffile

    image = tifffile.imread(data_dir / f"{name}.ome.tif")
    return image if channel is None else image[channel]


@pytest.mark.parametrize(
    ("name", "labels", "channel", "step", "least"),
    [
        ("h2b_field_2d_t1", "h2b_field_2d_t1_labels", None, None, 0.9),
        ("embryo16_nuclei_3d", "embryo16_nuclei_3d_labels", None, None, 0.9),
        (
            "organoid_h2b_membrane_3d_t301",
            "organoid_h2b_membrane_3d_t301_nuclei_labels",
            0,
            (2.0, 0.26, 0.26),
            0.75,
        ),
        (
            "organoid_interphase_3d",
            "organoid_interphase_3d_nuclei_labels",
            0,
            (2.0, 0.26, 0.26),
            0.9,
        ),
    ],
)
def test_real_nuclei_are_found(data_dir, name, labels, channel, step, least):
    truth = read(data_dir, labels)
    spacing = Spacing(*step, "metadata") if step else None
    found = segment_nuclei(stack(read(data_dir, name, channel), spacing), 0).data[0]
    assert f1(truth if truth.ndim == 3 else truth[None], found) >= least


def test_real_mitotic_clusters_are_covered(data_dir):
    # these labels join whole clusters of lobed nuclei, which a watershed may part again
    truth = read(data_dir, "h2b_field_2d_t70_labels") > 0
    found = segment_nuclei(stack(read(data_dir, "h2b_field_2d_t70")), 0).data[0, 0]
    assert 6 <= found.max() <= 10
    assert 2 * (truth & (found > 0)).sum() / (truth.sum() + (found > 0).sum()) > 0.75
    assert (truth & (found > 0)).sum() > 0.95 * (found > 0).sum()


def test_a_real_field_of_adherent_cells(data_dir):
    found = segment_nuclei(stack(read(data_dir, "dapi_tubulin_p21_edu_field_2d", 0)), 0)
    assert 180 <= found.data.max() <= 250
    sizes = np.bincount(found.data.reshape(-1))[1:]
    assert sizes.max() < 10 * np.median(sizes)


def test_real_crowded_nuclei_with_haze_are_partly_found(data_dir):
    truth = read(data_dir, "crowded_nuclei_3d_labels")
    image = stack(read(data_dir, "crowded_nuclei_3d"))
    assert f1(truth, segment_nuclei(image, 0).data[0]) > f1(
        truth, segment_nuclei(image, 0, method="otsu").data[0]
    )


def test_voxels_that_are_no_number_are_told():
    dna, _ = balls((1, 60, 60), [(0, 30, 30)], 8)
    dna = dna.astype(np.float32)
    dna[0, 0, 0] = np.nan
    with pytest.raises(SegmentationError, match=r"^field\.tif has voxels in frame 0 that are no"):
        segment_nuclei(stack(dna), 0)
