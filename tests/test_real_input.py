"""The shipped model on real images that it was not trained on, by the public calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from real_stacks import (
    NON_MITOTIC,
    Called,
    condensed_copies,
    interphase,
    mitotic_crops,
    organoid,
    share,
)

from napari_cellcycle import load_model, open_image, open_labels
from napari_cellcycle.classify import classify

if TYPE_CHECKING:
    from napari_cellcycle.models.classifier import ProjectionClassifier


@pytest.fixture(scope="module")
def model() -> ProjectionClassifier:
    return load_model("mitosis-3d")


@pytest.fixture(scope="module")
def still(data_dir: Path, model: ProjectionClassifier) -> list[Called]:
    """Cells of stacks in which hardly any cell divides."""
    return list(interphase(data_dir, model))


def fraction(cells: list[Called], *, mitotic: bool) -> float:
    right, n = share(cells, mitotic)
    assert n > 0
    return right / n


def test_dividing_cells_of_the_organoid(data_dir: Path, model: ProjectionClassifier) -> None:
    cells = list(organoid(data_dir, model))
    assert fraction(cells, mitotic=True) >= 2 / 3
    assert fraction(cells, mitotic=False) >= 0.95


def test_mitotic_cells_of_mouse_embryos(data_dir: Path, model: ProjectionClassifier) -> None:
    cells = list(mitotic_crops(data_dir, model))
    assert len(cells) == 22
    assert fraction(cells, mitotic=True) >= 0.8


def test_condensed_nucleus_however_it_lies(data_dir: Path, model: ProjectionClassifier) -> None:
    # the benchmark takes 200 copies
    cells = list(condensed_copies(data_dir, model, n=40))
    assert fraction(cells, mitotic=True) >= 0.95


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("crowded_nuclei_3d (nucleus labels)", 0.9),
        ("nuclei_cells_3d (nucleus labels)", 0.9),
        ("nuclei_cells_3d (cell labels)", 0.9),
        ("embryo16_nuclei_3d (nucleus labels)", 0.9),
        ("organoid_interphase_3d (nucleus labels)", 0.9),
        ("flat_cells_3d (nucleus labels)", 0.9),
    ],
)
def test_nuclei_in_interphase(still: list[Called], name: str, least: float) -> None:
    assert fraction([c for c in still if c.data == name], mitotic=False) >= least


def test_time_is_kept_apart(data_dir: Path, model: ProjectionClassifier) -> None:
    result = classify(
        open_image(data_dir / "embryo_timelapse_3d.ome.tif"),
        open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif"),
        model=model,
        isotropic=True,
        channels={"dna": 0},
    )
    table = result.to_frame()
    assert table.groupby("frame").size().to_dict() == {0: 8, 1: 8, 2: 8, 3: 8}
    assert not table.duplicated(["frame", "label"]).any()
    assert (table.predicted_phase == NON_MITOTIC).mean() >= 0.75


def test_two_dimensions_have_one_projection(data_dir: Path, model: ProjectionClassifier) -> None:
    result = classify(
        data_dir / "h2b_field_2d_t70.ome.tif",
        data_dir / "h2b_field_2d_t70_labels.ome.tif",
        model=model,
        channels={"dna": 0},
    )
    assert len(result.cells) == 7
    assert set(result.decision.deciding_axis) == {"z"}
    assert any("relative to each cell" in note for note in result.notes)
    table = result.to_frame()
    assert table.z_um.isna().all()
    assert table.y_px.notna().all()


def test_field_without_labels_is_segmented(data_dir: Path, model: ProjectionClassifier) -> None:
    result = classify(
        data_dir / "dapi_tubulin_p21_edu_field_2d.ome.tif", model=model, channels={"dna": "DAPI"}
    )
    assert 100 < len(result.cells) < 400
    assert any("segmented" in note for note in result.notes)
    probabilities = result.to_frame().filter(like="p_").to_numpy(dtype=float)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
