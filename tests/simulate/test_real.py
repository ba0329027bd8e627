"""Simulated nuclei vary at least as widely as the real ones that we can measure."""

import numpy as np
import pytest

from napari_cellcycle.simulate import simulate_cell


def variation(dna, labels, label):
    """Coefficient of variation of DNA inside one label, background taken off."""
    own = labels == label
    around = dna[labels == 0]
    background = np.percentile(around, 25) if around.size > 64 else dna.min()
    values = dna[own].astype(float) - background
    return values.std() / max(values.mean(), 1e-6)


def simulated(phase, n):
    found = []
    for seed in range(n):
        cell = simulate_cell(phase, np.random.default_rng(seed))
        found.append(variation(cell.image[0], cell.nuclei_labels, cell.label))
    return np.array(found)


def real(folder, names, channel=None):
    import tifffile

    found = []
    for name, suffix in names:
        image = tifffile.imread(folder / f"{name}.ome.tif")
        dna = image if image.ndim == 3 else image[channel or 0]
        labels = tifffile.imread(folder / f"{name}{suffix}.ome.tif")
        for label in np.unique(labels)[1:]:
            if (labels == label).sum() > 30:
                found.append(variation(dna, labels, label))
    return np.array(found)


def test_interphase_nuclei_cover_the_contrast_of_real_ones(data_dir):
    measured = real(
        data_dir,
        [
            ("crowded_nuclei_3d", "_labels"),
            ("nuclei_cells_3d", "_nuclei_labels"),
            ("embryo16_nuclei_3d", "_labels"),
            ("organoid_interphase_3d", "_nuclei_labels"),
        ],
    )
    made = simulated("non-mitotic", 60)
    low, high = np.quantile(made, [0.02, 0.98])
    assert np.mean((measured > low) & (measured < high)) > 0.9


def test_plates_and_masses_cover_the_contrast_of_real_ones(data_dir):
    crops = sorted((data_dir / "mitotic_crops_3d").glob("*_labels.ome.tif"))
    if not crops:
        pytest.skip(f"no crops of mitotic cells in {data_dir}")
    names = [
        (f"mitotic_crops_3d/{p.name.removesuffix('_labels.ome.tif')}", "_labels") for p in crops
    ]
    measured = real(data_dir, names)
    made = simulated("prometaphase-metaphase", 60)
    assert np.mean(measured > made.min()) > 0.8
    assert measured.max() < made.max()
