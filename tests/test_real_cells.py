"""Real 3D cells to learn from: what is read, and how their views are varied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from real_cells import NON_MITOTIC, RealCell, real_cells
from turned import turned_views, vary

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.phases import MITOSIS_STAGES

METAPHASE = "prometaphase-metaphase"


@pytest.fixture
def cell() -> RealCell:
    """A plate beside another nucleus, with a membrane."""
    rng = np.random.default_rng(0)
    labels = np.zeros((30, 40, 44), np.uint16)
    labels[8:22, 10:30, 14:20] = 3
    labels[8:22, 10:30, 23:36] = 5
    dna = rng.normal(100, 4, labels.shape) + 400 * (labels == 3) + 150 * (labels == 5)
    spacing = Spacing(0.5, 0.25, 0.25, "metadata")
    membrane = rng.normal(100, 4, labels.shape)
    return RealCell("a", "dish", METAPHASE, (dna, membrane), labels, 3, spacing)


def test_variations_keep_the_cell_and_its_neighbour_apart(cell: RealCell) -> None:
    rng = np.random.default_rng(1)
    made = [vary(cell, rng) for _ in range(40)]
    whole = int((cell.labels == 3).sum())
    spacings = set()
    for other in made:
        dna, membrane = other.channels
        assert dna is not None
        assert dna.shape == other.labels.shape
        inside, beside = (np.percentile(dna[other.labels == label], 85) for label in (3, 5))
        assert inside > 1.5 * beside
        thinner = len(cell.labels) / len(other.labels)
        assert 0.4 < (other.labels == 3).sum() * thinner / whole < 3
        assert membrane is None or membrane.shape == dna.shape
        spacings.add(round(other.spacing.zyx[0], 3))
        assert other.spacing.zyx[1:] == cell.spacing.zyx[1:]
    assert 0 < sum(other.channels[1] is None for other in made) < 40
    assert {0.5, 1.0, 1.5} < spacings
    assert len({other.labels.shape for other in made}) > 20
    np.testing.assert_array_equal(np.unique(cell.labels), [0, 3, 5])


def test_few_planes_are_not_left_out(cell: RealCell) -> None:
    shallow = replace(cell, labels=cell.labels[18:], channels=(cell.channels[0][18:], None))
    rng = np.random.default_rng(2)
    assert {len(vary(shallow, rng).labels) for _ in range(30)} == {12}


def test_views_of_what_divides_are_more_and_depend_on_the_seed(cell: RealCell) -> None:
    cells = [cell, replace(cell, label=5, phase=NON_MITOTIC, group="other")]
    first = turned_views(cells, ViewRecipe(), MITOSIS_STAGES, seed=1)
    assert first.images.shape[1:] == (3, 2, 64, 64)
    assert first.group.tolist() == ["dish"] * 40 + ["other"] * 8
    assert first.mitotic.tolist() == [1] * 40 + [0] * 8
    assert first.allowed[:40, MITOSIS_STAGES.slugs.index(METAPHASE)].all()
    again = turned_views(cells[:1], ViewRecipe(), MITOSIS_STAGES, seed=1)
    np.testing.assert_array_equal(first.images[:40], again.images)
    other = turned_views(cells[:1], ViewRecipe(), MITOSIS_STAGES, seed=2)
    np.testing.assert_array_equal(first.images[0], other.images[0])  # the cell as it is
    assert not np.array_equal(first.images[1:40], other.images[1:])


def test_neighbours_of_mitotic_cells_are_nuclei_of_their_own(data_dir: Path) -> None:
    cells = [cell for cell in real_cells(data_dir) if cell.group.startswith("embryo")]
    mitotic = [cell for cell in cells if cell.phase != NON_MITOTIC]
    assert len(mitotic) == 22
    assert len({cell.group for cell in mitotic}) == 15
    assert 100 < len(cells) - 22 < 200
    outlines = {cell.name.split()[0]: cell.labels > 0 for cell in mitotic}
    for cell in cells:
        if cell.phase == NON_MITOTIC:
            assert outlines[cell.name.split()[0]][cell.labels == cell.label].mean() <= 0.1
    # condensed to the eye
    assert not any(
        cell.labels[8, 28, 9] == cell.label for cell in cells if "28_139 beside" in cell.name
    )


def test_daughters_that_were_staged_as_one_are_one_cell(data_dir: Path) -> None:
    cells = [cell for cell in real_cells(data_dir) if cell.group == "organoid"]
    staged = {cell.name: cell.phase for cell in cells if cell.phase != NON_MITOTIC}
    assert len(staged) == 9
    late = [name for name, phase in staged.items() if phase.startswith("anaphase")]
    assert late == ["organoid_h2b_membrane_3d_t303 19"]
    assert "organoid_h2b_membrane_3d_t303 11" not in {cell.name for cell in cells}
