"""Measures of cells against bodies whose size, surface and content are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter
from skimage.measure import regionprops

from napari_cellcycle.cells import cell_table
from napari_cellcycle.cells.measures.measurements import Measurements, iter_measure, measure_cells
from napari_cellcycle.cells.measures.measures import MEASURES, NAMES, gini
from napari_cellcycle.errors import CellCycleError, SegmentationMismatchError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import LabelsAre, Segmentation, Stack
from napari_cellcycle.work import run_to_end

ISOTROPIC = Spacing(1, 1, 1, "user")


def ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float, step=(1, 1, 1)):
    grid = np.ogrid[tuple(slice(n) for n in shape)]
    square = sum(((g - c) * s) ** 2 for g, c, s in zip(grid, centre, step, strict=True))
    return square < radius**2


def measured(
    dna: np.ndarray | None,
    labels: np.ndarray,
    spacing: Spacing = ISOTROPIC,
    labels_are: LabelsAre = "nucleus",
) -> Measurements:
    """Measure one frame, ``(z, y, x)``."""
    grey = np.zeros(labels.shape, np.uint16) if dna is None else dna
    stack = Stack(grey[None, None], ("dna",), spacing, "field")
    segmentation = Segmentation(labels[None].astype(np.int32), labels_are, "field labels")
    cells = cell_table(segmentation, spacing, image="field")
    return measure_cells(stack, segmentation, cells, dna=None if dna is None else 0)


@pytest.mark.parametrize(
    ("radius", "step"), [(10, (1, 1, 1)), (20, (1, 1, 1)), (5, (1, 0.3, 0.3)), (9, (1.5, 0.5, 0.5))]
)
def test_a_ball_has_its_volume_and_surface(radius: float, step: tuple[float, ...]) -> None:
    shape = tuple(int(2 * radius / s) + 8 for s in step)
    centre = tuple(n / 2 + shift for n, shift in zip(shape, (0.2, -0.4, 0.1), strict=True))
    found = measured(None, ball(shape, centre, radius, step), Spacing(*step, "user"))
    assert_allclose(found["volume"], 4 / 3 * np.pi * radius**3, rtol=0.03)
    assert_allclose(found["surface"], 4 * np.pi * radius**2, rtol=0.05)
    assert_allclose(found["sphericity"], 1, atol=0.06)
    assert_allclose(found["elongation"], 1, atol=0.03)


def test_a_body_cut_by_the_image_keeps_a_closed_surface() -> None:
    labels = np.zeros((12, 12, 12), int)
    labels[:6] = 1
    found = measured(None, labels)
    assert found["volume"] == 864
    assert_allclose(found["surface"], 2 * 144 + 4 * 72, rtol=0.1)


def test_a_disc_has_its_area_and_perimeter() -> None:
    found = measured(None, ball((1, 60, 60), (0, 29.6, 30.3), 22), Spacing(1, 0.5, 0.5, "user"))
    assert_allclose(found["volume"], np.pi * 11**2, rtol=0.02)
    assert_allclose(found["surface"], 2 * np.pi * 11, rtol=0.02)
    assert_allclose(found["sphericity"], 1, atol=0.04)
    assert found.title("volume") == "nucleus area (µm²)"
    assert found.title("surface") == "nucleus perimeter (µm)"
    assert "area" not in found.title("elongation")
    assert {"volume_um2", "surface_um"} <= set(found.to_table().columns)


def test_axes_are_those_of_regionprops() -> None:
    labels = np.zeros((9, 30, 40), int)
    labels[2:7, 5:20, 3:37] = 1
    step = (2.0, 0.5, 0.5)
    (props,) = regionprops(labels, spacing=step)
    found = measured(None, labels, Spacing(*step, "user"))
    assert_allclose(found["volume"], props.area)
    # regionprops takes voxels for points
    ratio = props.axis_major_length / props.axis_minor_length
    assert_allclose(found["elongation"], ratio, rtol=0.05)


def test_dna_content_adds_up_what_is_above_background() -> None:
    labels = ball((20, 40, 40), (10, 20, 20), 7)
    dna = np.where(ball((20, 40, 40), (10, 20, 20), 6), 700, 200).astype(np.uint16)
    step = Spacing(0.5, 0.5, 0.5, "user")
    found = measured(dna, labels, step)
    inside = int(ball((20, 40, 40), (10, 20, 20), 6).sum())
    assert_allclose(found["dna_content"], 500 * inside / 8)
    assert_allclose(found["dna_volume"], inside / 8)
    assert_allclose(found["dna_brightness"], 500)
    assert_allclose(found["dna_variation"], 0, atol=1e-9)
    twice = measured(2 * dna + np.uint16(50), labels, step)
    assert_allclose(twice["dna_content"], 2 * found["dna_content"])
    for name in ("dna_volume", "condensation", "dna_grain", "dna_parts", "volume"):
        assert_allclose(twice[name], found[name])


def test_condensed_dna_is_told_from_spread_dna() -> None:
    cell = ball((24, 40, 40), (12, 20, 20), 11)
    spread = np.where(cell, 100, 0)
    plate = np.where(cell & (np.abs(np.arange(24) - 12) < 2)[:, None, None], 600, 0)
    two = ball((24, 40, 40), (6, 20, 20), 3) | ball((24, 40, 40), (18, 20, 20), 3)
    values = {
        name: measured(dna.astype(np.uint16), cell, labels_are="cell")
        for name, dna in (("spread", spread), ("plate", plate), ("two", np.where(two, 600, 0)))
    }
    assert values["plate"]["condensation"] > values["spread"]["condensation"] + 0.5
    assert values["plate"]["dna_flatness"] > 3 > values["spread"]["dna_flatness"]
    assert [values[name]["dna_parts"].item() for name in values] == [1, 1, 2]
    assert values["two"]["dna_elongation"] > 2


def test_dna_that_is_the_same_everywhere_is_spread_evenly() -> None:
    nucleus = ball((24, 44, 44), (12, 22, 22), 8)
    cell = ball((24, 44, 44), (12, 22, 22), 11)
    found = measured(np.where(nucleus, 500, 0).astype(np.uint16), cell, labels_are="cell")
    assert_allclose(found["dna_share"], nucleus.sum() / cell.sum())
    for name, value in (("dna_quartile", 1), ("dna_maximum", 1), ("dna_middle", 1)):
        assert_allclose(found[name], value, atol=0.02)
    assert_allclose(found["dna_offset"], 0, atol=0.01)
    # the body reaches a little into the blur around the nucleus
    assert 0.75 < found["dna_rim"].item() < 1.05


def test_halves_of_dna_and_its_place_in_the_cell_are_where_they_were_put() -> None:
    shape, step = (24, 64, 64), Spacing(2, 1, 1, "user")
    cell = ball(shape, (12, 32, 32), 22, step.zyx)
    one = ball(shape, (12, 32, 22), 5, step.zyx)
    two = one | ball(shape, (12, 32, 42), 5, step.zyx)
    dividing = measured(np.where(two, 900, 0).astype(np.uint16), cell, step, "cell")
    radius = np.sqrt(5 / 3 * (3 / 5 * 5**2 + 10**2))  # of gyration, as a ball's
    assert_allclose(dividing["dna_halves"], 20 / radius, rtol=0.02)
    assert_allclose(dividing["dna_half_elongation"], 1, atol=0.08)
    assert_allclose(dividing["dna_middle"], 0, atol=1e-6)
    assert_allclose(dividing["dna_offset"], 0, atol=0.01)
    aside = measured(np.where(one, 900, 0).astype(np.uint16), cell, step, "cell")
    assert_allclose(aside["dna_offset"], 10 / 22, rtol=0.02)
    away = np.abs(np.arange(64) - 32)
    rod = ball(shape, (12, 32, 32), 10, (2, 1, 0))  # along x
    flat = rod & ((away > 9) & (away < 13))[None, None]
    anaphase = measured(np.where(flat, 900, 0).astype(np.uint16), cell, step, "cell")
    assert_allclose(anaphase["dna_halves"], 22 / np.sqrt(5 / 3 * (10**2 / 2 + 11**2)), rtol=0.05)
    assert anaphase["dna_half_elongation"].item() > 4


@pytest.mark.parametrize("planes", [1, 20])
def test_threads_and_rims_are_told_from_even_dna(planes: int) -> None:
    shape, centre = (planes, 48, 48), ((planes - 1) / 2, 24, 24)
    nucleus = ball(shape, centre, 15, (1.6, 1, 1))
    x = np.arange(48)
    dna = {
        "even": np.where(nucleus, 400, 0),
        "threads": np.where(nucleus, np.where(x % 6 < 2, 900, 200), 0),
        "rim": np.where(nucleus, np.where(ball(shape, centre, 10, (1.6, 1, 1)), 150, 600), 0),
        "spot": np.where(nucleus, np.where(ball(shape, centre, 5, (1.6, 1, 1)), 700, 300), 0),
    }
    step = Spacing(1.6, 1, 1, "user")
    found = {
        name: measured(values.astype(np.uint16), nucleus, step) for name, values in dna.items()
    }
    assert found["threads"]["dna_quartile"].item() > 1.2 * found["even"]["dna_quartile"].item()
    cell = ball(shape, centre, 21, (1.6, 1, 1))
    sharp, soft = (
        measured(
            gaussian_filter(dna["even"], (0, sigma, sigma)).astype(np.uint16), cell, step, "cell"
        )
        for sigma in (0, 2)
    )
    assert sharp["dna_sharpness"].item() > 1.3 * soft["dna_sharpness"].item()
    assert found["rim"]["dna_rim"].item() > 1.2 * found["even"]["dna_rim"].item()
    assert found["rim"]["dna_middle"].item() < 0.4
    for name in ("dna_skewness", "dna_maximum"):
        assert found["spot"][name].item() > found["even"][name].item() + 0.5
    brighter = measured((3 * dna["threads"] + 70).astype(np.uint16), nucleus, step)
    for name in NAMES[NAMES.index("dna_quartile") :]:
        assert_allclose(brighter[name], found["threads"][name], rtol=1e-3, atol=1e-4)
        assert np.isfinite(found["even"][name]).all()


@pytest.mark.parametrize("numbers", [[3.0, 0.0, 5.0, 9.0], [1.0] * 7, [0, 0, 0, 4.0], [0.0, 0.0]])
def test_gini_is_half_the_mean_difference_over_the_mean(numbers: list[float]) -> None:
    values = np.array(numbers)
    difference = np.abs(values[:, None] - values[None]).mean()
    expected = difference / (2 * values.mean()) if values.any() else 0
    assert_allclose(gini(values), expected)


def test_neighbours_are_labels_that_are_near() -> None:
    labels = np.zeros((1, 60, 60), int)
    for i, (y, x) in enumerate([(20, 20), (20, 31), (31, 20), (50, 50)], start=1):
        labels |= i * ball((1, 60, 60), (0, y, x), 5)
    assert measured(None, labels)["neighbours"].tolist() == [2, 1, 1, 0]
    touching = np.repeat(np.arange(1, 4), 10)[None, None] * np.ones((1, 20, 1), int)
    found = measured(None, touching, labels_are="cell")
    assert found["neighbours"].tolist() == [1, 2, 1]


def test_a_nucleus_inside_a_cell_is_measured_where_it_is_labelled() -> None:
    cell = ball((20, 30, 30), (10, 15, 15), 9)
    nucleus = ball((20, 30, 30), (10, 15, 15), 4)
    step = Spacing(2, 1, 1, "user")
    stack = Stack(np.zeros((1, 1, 20, 30, 30), np.uint8), ("dna",), step, "field")
    cells = Segmentation(cell[None].astype(np.uint8), "cell", "cells")
    nuclei = Segmentation(nucleus[None].astype(np.uint8), "nucleus", "nuclei")
    table = cell_table(cells, step, nuclei=nuclei)
    assert measure_cells(stack, cells, table, dna=None)["nucleus_volume"] == 2 * nucleus.sum()


def test_the_table_has_the_key_and_says_units() -> None:
    labels = np.zeros((1, 30, 30), int)
    labels[0, 5:15, 5:15], labels[0, 18:28, 0:10] = 3, 8
    found = measured(None, labels, Spacing(1, 1, 1, "isotropic"))
    table = found.to_table()
    assert table[["image", "frame", "label"]].to_numpy().tolist() == [
        ["field", 0, 3],
        ["field", 0, 8],
    ]
    assert table["touches_border"].tolist() == [False, True]
    assert {"volume_px", "surface_px", "sphericity"} <= set(table.columns)
    assert not [name for name in table.columns if "dna" in name or "nucleus" in name]
    assert found.title("volume") == "nucleus area (px²)"
    assert len(found.select(np.array([False, True]))) == 1
    with pytest.raises(CellCycleError, match=r"'girth' is measured; there are volume, surface"):
        found["girth"]


def test_work_goes_on_cell_by_cell_and_frame_by_frame() -> None:
    labels = np.zeros((2, 1, 40, 400), np.int32)
    for frame in range(2):
        for i in range(40):
            labels[frame, 0, 5 : 11 + frame, 10 * i + 1 : 10 * i + 8] = i + 1
    dna = np.ones((2, 1, 1, 40, 400), np.uint8)
    stack = Stack(dna, ("dna",), None, "film")
    segmentation = Segmentation(labels, "nucleus", "film labels")
    cells = cell_table(segmentation, Spacing(1, 1, 1, "isotropic"))
    work = iter_measure(stack, segmentation, cells, dna=0)
    assert [next(work).n_known, next(work).n_known] == [0, 32]
    some = next(work)
    work.close()
    assert (some.n_known, len(some)) == (64, 80)
    some["surface"][:] = 7  # a view of the values
    whole = run_to_end(iter_measure(stack, segmentation, cells, dna=0, known=some))
    assert (whole["surface"][:64] == 7).all()
    assert (whole["surface"][64:] > 20).all()
    steps = []
    found = measure_cells(
        stack, segmentation, cells, dna=0, progress=lambda *step: steps.append(step)
    )
    assert steps[-1] == (80, 80)
    assert found["volume"].tolist() == [42.0] * 40 + [49.0] * 40
    some = measure_cells(stack, segmentation, cells.select(np.array([3, 77])), dna=0)
    assert_allclose(some.values, found.values[[3, 77]])
    assert found.values.shape == (80, len(NAMES))
    other = Segmentation(labels[:, :, 1:], "nucleus", "smaller")
    with pytest.raises(SegmentationMismatchError, match="smaller does not lie on film"):
        measure_cells(stack, other, cells, dna=0)


def test_dividing_nuclei_of_an_organoid_have_the_coarsest_dna(data_dir: Path) -> None:
    """Seven of its 21 labels were staged by eye as dividing; one of them is a fragment (20)."""
    name = data_dir / "organoid_h2b_membrane_3d_t303"
    stack = open_image(f"{name}.ome.tif")
    labels = open_labels(f"{name}_nuclei_labels.ome.tif")
    assert stack.spacing is not None
    cells = cell_table(labels, stack.spacing)
    found = measure_cells(stack, labels, cells, dna=0)
    assert found.measures == tuple(m for m in MEASURES if m.name != "nucleus_volume")
    order = cells.label[np.argsort(-found["dna_grain"])]
    assert set(order[:6].tolist()) == {1, 11, 16, 18, 19, 21}
