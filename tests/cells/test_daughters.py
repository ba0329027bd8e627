"""Pairs of daughters: drawn plates, a simulated field, and the one of a real organoid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells import cell_table
from napari_cellcycle.cells.daughters.daughters import PairOptions, Pairs, find_daughters
from napari_cellcycle.cells.daughters.pair_score import FEATURES, best_score, pair_score
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.simulate import simulate_field

SHAPE = (24, 48, 64)
LATE = "anaphase-telophase-cytokinesis"


def plates(*boxes: tuple[slice, ...]) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    for i, box in enumerate(boxes, start=1):
        labels[box] = i
    return labels


def plate(x: int, y: int = 24, *, flat: str = "x", half: int = 8) -> tuple[slice, ...]:
    """A plate of 16 x 16 x 4 voxels whose flat side looks along an axis."""
    sides = {axis: slice(c - half, c + half) for axis, c in (("z", 12), ("y", y), ("x", x))}
    centre = {"z": 12, "y": y, "x": x}[flat]
    sides[flat] = slice(centre - 2, centre + 2)
    return sides["z"], sides["y"], sides["x"]


def found(
    labels: np.ndarray,
    membrane: np.ndarray | None = None,
    candidates: list[int] | None = None,
    **options: float,
) -> Pairs:
    segmentation = Segmentation(labels[None], "nucleus", "plates")
    cells = cell_table(segmentation, Spacing(1, 1, 1, "user"))
    dna = np.where(labels > 0, 900, 100)
    return find_daughters(
        *(dna, labels, cells),
        candidates=candidates,
        membrane=membrane,
        options=PairOptions(**options),
    )


def walls(at: slice | None = None) -> np.ndarray:
    """Membrane around everything, and across the spindle if asked."""
    membrane = np.full(SHAPE, 100.0)
    for axis in range(3):
        ends = [slice(None)] * 3
        for side in (slice(0, 2), slice(-2, None)):
            ends[axis] = side
            membrane[tuple(ends)] = 1000
    if at is not None:
        membrane[:, :, at] = 1000
    return membrane


def test_plates_that_face_each_other_are_a_pair() -> None:
    facing = found(plates(plate(22), plate(38)))
    assert np.isnan(facing["volume"]).all()  # two cells do not tell what is typical
    assert facing.rows.tolist() == [[0, 1]]
    assert facing.chosen.tolist() == [True]
    assert facing["facing"] > 0.5
    assert facing["size"] == facing["content"] == 1
    assert np.isnan(facing["wall"]).all()
    beside = found(plates(plate(22, flat="y"), plate(42, flat="y")), listed=0)
    assert beside["facing"] < 0.05
    assert beside.score < 0.2
    assert facing.score > 0.9
    askew = found(plates(plate(22), plate(38, flat="z")), listed=0)
    assert max(beside.score, askew.score) < 0.01
    unequal = found(plates(plate(22), plate(38, half=6)))
    assert unequal["size"] == 0.5625
    assert 0 < unequal.score < facing.score


def test_sisters_have_the_same_dna_unless_one_is_cut() -> None:
    fragment = plates(plate(22), plate(38, half=4))
    assert len(found(fragment)) == 0
    assert found(fragment, listed=0).score == 0
    cut = fragment[:, :, :40]
    assert cut[:, :, -1].any()
    assert found(cut).score > 0.2


@pytest.mark.parametrize("height", [0.5, 3.0])
def test_how_far_apart_planes_are_said_to_be_decides_nothing(height: float) -> None:
    balls = [(z, y, x) for z in (14, 42) for y in (14, 42, 70) for x in (14, 42)]
    grid = np.indices((56, 84, 84))
    labels = np.zeros(grid.shape[1:], np.uint16)
    for i, at in enumerate(balls, start=1):
        labels[sum((g - c) ** 2 for g, c in zip(grid, at, strict=True)) < 100] = i
    labels[20:36, 34:50, 62:66] = 13
    labels[20:36, 34:50, 76:80] = 14
    segmentation = Segmentation(labels[None], "nucleus", "balls and plates")
    dna = np.where(labels > 0, 900, 100)
    right, wrong = (
        find_daughters(dna, labels, cell_table(segmentation, Spacing(z, 1, 1, "user")))
        for z in (1.0, height)
    )
    assert right.rows[right.chosen].tolist() == wrong.rows[wrong.chosen].tolist() == [[12, 13]]
    np.testing.assert_allclose(wrong.features, right.features, atol=1e-6)


def test_a_wall_between_them_speaks_against() -> None:
    labels = plates(plate(22), plate(38))
    opened, closed = found(labels, walls()), found(labels, walls(slice(29, 31)))
    assert opened["wall"] < 0.1
    assert closed["wall"] > 0.8
    assert closed.score < opened.score


def test_another_cell_between_them_speaks_against() -> None:
    labels = plates(plate(20), plate(44), (slice(4, 20), slice(16, 32), slice(28, 36)))
    pair = found(labels, reach=4)
    between = pair["blocked"][(pair.rows == [0, 1]).all(axis=1)]
    assert 0.2 < between.item() < 0.6
    assert not pair.chosen[(pair.rows == [0, 1]).all(axis=1)].any()


def test_each_cell_is_in_one_pair_and_the_best_come_first() -> None:
    labels = plates(plate(10), plate(24), plate(44), plate(58))
    pairs = found(labels, at_least=0.0, reach=9)
    assert len(pairs) == 6
    assert (np.diff(pairs.score) <= 0).all()
    assert sorted(pairs.rows[pairs.chosen].ravel().tolist()) == [0, 1, 2, 3]
    assert {tuple(row) for row in pairs.rows[pairs.chosen].tolist()} == {(0, 1), (2, 3)}
    assert len(found(labels, reach=0.5)) == 0
    assert not found(labels, at_least=1.0).chosen.any()


def test_daughters_are_small_beside_the_others_of_the_frame() -> None:
    small = [plate(x, y, half=4) for x, y in ((6, 8), (14, 8))]
    large = [plate(x, y) for x in (8, 24, 40, 56) for y in (24, 40)]
    labels = plates(*small, *large)
    pairs = found(labels)
    sizes = np.bincount(labels.ravel())[1:]
    assert pairs.rows[0].tolist() == [0, 1]
    assert pairs["volume"][0] == pytest.approx(sizes[0] / sizes[2])
    as_large = pairs.features.copy()
    as_large[:, FEATURES.index("volume")] = 1
    assert pair_score(as_large)[0] < 0.1 < 0.85 < pairs.score[0]
    # candidates alone do not say what is typical: the frame does
    alone = found(labels, candidates=[0, 1])
    np.testing.assert_array_equal(alone.features, pairs.features[:1])


def test_pairs_that_are_left_out_could_not_have_been_chosen(field) -> None:
    cells = cell_table(field.nuclei, field.stack.spacing)
    dna, membrane = field.stack.data[0]

    def look(**options: float) -> Pairs:
        return find_daughters(
            *(dna, field.nuclei.volume(0), cells),
            membrane=membrane,
            options=PairOptions(**options),
        )

    every, listed = look(listed=0.0, partners=len(cells)), look()
    assert len(listed) < len(every)
    scores = {
        tuple(row): score for row, score in zip(every.rows.tolist(), every.score, strict=True)
    }
    for row, score in zip(listed.rows.tolist(), listed.score.tolist(), strict=True):
        assert scores.pop(tuple(row)) == score
    assert max(scores.values()) < PairOptions().at_least
    assert (best_score(every.features) >= every.score).all()


def test_flat_images_have_pairs_too() -> None:
    labels = plates(plate(22), plate(38))[12:13]
    membrane = walls()[12:13]
    membrane[:] = np.where(membrane == 100, 100, 1000)
    pair = found(labels, membrane)
    assert pair.chosen.tolist() == [True]
    assert pair["facing"] > 0.5


def test_the_score_without_a_membrane_is_that_of_the_dna() -> None:
    row = dict.fromkeys(FEATURES, 0.5) | {"distance": 1.2, "blocked": 0.0, "wall": np.nan}
    features = np.array([list(row.values()), list((row | {"wall": 0.0}).values())])
    unseen, open_ = pair_score(features)
    assert 0 < unseen < open_ < 1


@pytest.fixture(scope="module")
def field():
    shares = {LATE: 0.35, "prometaphase-metaphase": 0.1}
    return simulate_field(
        n_cells=16, seed=5, shape=(26, 130, 130), shares=shares, daughters="apart"
    )


def test_daughters_of_a_simulated_field_have_labels_of_their_own(field) -> None:
    nuclei, cells = field.nuclei.volume(0), field.cells.volume(0)
    assert 4 <= len(field.pairs) <= 6
    assert set(np.unique(nuclei)) - {0} == set(field.truth)
    for first, second in field.pairs:
        assert field.truth[first] == field.truth[second] == LATE
        assert set(np.unique(cells[(nuclei == first) | (nuclei == second)])) == {first, second}
    together = simulate_field(
        n_cells=16, seed=5, shape=(26, 130, 130), shares={LATE: 0.35, "prometaphase-metaphase": 0.1}
    )
    assert together.pairs == ()
    np.testing.assert_array_equal(together.stack.data, field.stack.data)
    joined = nuclei.copy()
    for first, second in field.pairs:
        joined[joined == second] = first
    np.testing.assert_array_equal(joined, together.nuclei.volume(0))


@pytest.mark.parametrize("kind", ["nuclei", "cells"])
def test_pairs_of_a_crowded_field_are_found(field, kind: str) -> None:
    segmentation = getattr(field, kind)
    cells = cell_table(segmentation, field.stack.spacing)
    late = np.array([field.truth[label] == LATE for label in cells.label.tolist()])
    dna, membrane = field.stack.data[0]
    pairs = find_daughters(dna, segmentation.volume(0), cells, candidates=late, membrane=membrane)
    labels = {tuple(sorted(row)) for row in cells.label[pairs.rows[pairs.chosen]].tolist()}
    assert labels <= set(field.pairs)
    assert len(labels) >= len(field.pairs) - 1


@pytest.mark.parametrize("kind", ["nuclei", "cells"])
def test_the_anaphase_of_an_organoid_is_the_best_pair_of_all(data_dir: Path, kind: str) -> None:
    name = data_dir / "organoid_h2b_membrane_3d_t303"
    stack = open_image(f"{name}.ome.tif")
    segmentation = open_labels(f"{name}_{kind}_labels.ome.tif")
    segmentation = replace(segmentation, labels_are="cell" if kind == "cells" else "nucleus")
    assert stack.spacing is not None
    cells = cell_table(segmentation, stack.spacing)
    pairs = find_daughters(
        stack.volume(0, 0), segmentation.volume(0), cells, membrane=stack.volume(0, 1)
    )
    best = [set(row) for row in cells.label[pairs.rows].tolist()]
    assert best[0] == {11, 19}
    assert pairs["wall"][0] < 0.2
    if kind == "nuclei":  # among cells these two have one label
        assert best[1] == {16, 20}


@pytest.mark.parametrize("height", [1, 3, 8])
def test_a_telophase_on_glass_is_found_whatever_spacing_is_assumed(
    data_dir: Path, height: float
) -> None:
    stack = open_image(data_dir / "flat_cells_3d.ome.tif")
    labels = open_labels(data_dir / "flat_cells_3d_labels.ome.tif")
    cells = cell_table(labels, Spacing(height, 1, 1, "user"))
    pairs = find_daughters(stack.volume(0, 0), labels.volume(0), cells)
    assert cells.label[pairs.rows[pairs.chosen]].tolist() == [[5, 7]]
