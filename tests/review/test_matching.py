"""Cells of two segmentations matched by overlap, against what is known of how they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import SegmentationMismatchError
from napari_cellcycle.image import open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.review.relabelling.matching import Match, _assigned, match_labels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ONE = Spacing(1, 1, 1, "isotropic")
SHAPES = st.sampled_from([(1, 1, 24, 30), (1, 6, 14, 16), (3, 1, 16, 18), (2, 4, 12, 12)])


def match(old: NDArray[Any], new: NDArray[Any], **more: float) -> Match:
    before, after = (Segmentation(data, "nucleus", name) for data, name in ((old, "a"), (new, "b")))
    return match_labels(before, after, cell_table(before, ONE), cell_table(after, ONE), **more)


def heirs(found: Match) -> dict[tuple[int, int], tuple[int, bool]]:
    there = found.there
    columns = (there.frame, there.old, there.new, there.same)
    return {
        (frame, old): (new, same)
        for frame, old, new, same in zip(*(c.tolist() for c in columns), strict=True)
    }


def keys(data: NDArray[Any], rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    cells = cell_table(Segmentation(data, "nucleus", "x"), ONE)
    return list(zip(cells.frame[rows].tolist(), cells.label[rows].tolist(), strict=True))


@st.composite
def tilings(draw: Any) -> NDArray[np.int32]:
    """Cells that touch each other: what is nearest to each of some points, and background."""
    shape, seed = draw(SHAPES), draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape[1:]), indexing="ij"), axis=-1)
    labels = np.zeros(shape, np.int32)
    for frame in labels:
        points = rng.random((draw(st.integers(2, 9)), 3)) * shape[1:]
        far = np.linalg.norm(grid[..., None, :] - points, axis=-1)
        frame[:] = np.where(far.min(axis=-1) < 5, far.argmin(axis=-1) + 1, 0)
    return labels


@settings(max_examples=40, deadline=None)
@given(tilings(), st.integers(0, 2**16))
def test_other_numbers_move_everything(old: NDArray[np.int32], seed: int) -> None:
    numbers = np.random.default_rng(seed).choice(10_000, old.max() + 1, replace=False) + 1
    numbers[0] = 0
    new = numbers[old]
    found = match(old, new)
    n = len(cell_table(Segmentation(old, "nucleus", "a"), ONE))
    assert [len(rows) for rows in (found.moved, found.ambiguous, found.lost, found.new)] == [
        n, 0, 0, 0
    ]  # fmt: skip
    for (_, label), (heir, same) in heirs(found).items():
        assert (heir, same) == (numbers[label], True)
    assert len(found.there.doubtful) == 0


@settings(max_examples=40, deadline=None)
@given(tilings(), st.randoms(use_true_random=False))
def test_what_becomes_of_one_cell_is_told_of_it_alone(old: NDArray[np.int32], chance: Any) -> None:
    frame = chance.randrange(len(old))
    labels = np.unique(old[frame])
    labels = labels[labels > 0].tolist()
    if len(labels) < 2:
        return
    one, two = chance.sample(labels, 2)
    sizes = [int((old[frame] == label).sum()) for label in (one, two)]

    merged = old.copy()
    merged[frame][old[frame] == two] = one
    found = match(old, merged)
    small = (frame, two if sizes[1] <= sizes[0] else one)
    assert small in keys(old, found.ambiguous)
    both = min(sizes) >= 0.2 * sum(sizes)
    assert len(found.ambiguous) == 1 + both
    assert {(frame, one)} == {(f, new) for f, _, new in found.there.doubtful.tolist()}
    assert (len(found.lost), len(found.new)) == (0, 0)
    assert len(keys(merged, match(merged, old).ambiguous)) == int(both)

    erased = old.copy()
    erased[frame][old[frame] == two] = 0
    found = match(old, erased)
    assert keys(old, found.lost) == [(frame, two)]
    assert len(found.ambiguous) == 0
    assert heirs(found) == {(frame, two): (0, False)}
    assert keys(old, match(erased, old).new) == [(frame, two)]


@settings(max_examples=30, deadline=None)
@given(tilings(), tilings())
def test_every_cell_is_told_once_and_the_way_back_is_the_way_there(
    old: NDArray[np.int32], new: NDArray[np.int32]
) -> None:
    if old.shape != new.shape:
        with pytest.raises(SegmentationMismatchError, match=r"b is .* the same image"):
            match(old, new)
        return
    there, back = match(old, new), match(new, old)
    n = len(cell_table(Segmentation(old, "nucleus", "a"), ONE))
    told = np.concatenate([there.moved, there.ambiguous, there.lost])
    assert sorted(told.tolist()) == list(range(n))
    for name in ("frame", "old", "new", "same"):
        assert (getattr(there.back, name) == getattr(back.there, name)).all()
    new_heirs = [(f, b) for (f, _), (b, _) in heirs(there).items() if b]
    assert len(set(new_heirs)) == len(new_heirs)


def test_speckles_do_not_make_a_cell_ambiguous() -> None:
    old = np.zeros((1, 1, 20, 20), np.int32)
    old[0, 0, 2:12, 2:12] = 1
    new = old.copy()
    new[0, 0, 2, 2:5] = 9
    found = match(old, new)
    assert heirs(found) == {(0, 1): (1, False)}
    assert keys(new, found.new) == [(0, 9)]
    assert len(match(old, new, at_least=0.99).ambiguous) == 1


def test_a_cell_of_which_a_larger_one_took_a_part_is_ambiguous() -> None:
    old = np.zeros((1, 1, 10, 30), np.int32)
    old[0, 0, :, 5:15] = 1
    new = np.zeros_like(old)
    new[0, 0, :, 5:11], new[0, 0, :, 11:27] = 1, 2
    for frm, to in ((old, new), (new, old)):
        found = match(frm, to)
        assert len(found.moved) == 0
        assert keys(frm, found.ambiguous) == [(0, 1)]
    assert match(old, new).there.doubtful.tolist() == [[0, 1, 1]]
    new[0, 0, :, 11:14] = 1  # a tenth is left in the larger one
    assert heirs(match(old, new)) == {(0, 1): (1, False)}


def test_nuclei_found_again_by_another_threshold(data_dir: Path) -> None:
    """Real nuclei in three dimensions, eroded by a voxel: each finds itself, however small."""
    from scipy.ndimage import grey_erosion

    labels = open_labels(data_dir / "organoid_h2b_membrane_3d_t301_nuclei_labels.ome.tif")
    old = np.array(labels.data[..., :110, :110])
    new = np.stack([grey_erosion(volume, size=(1, 3, 3)) for volume in old])
    found = match(old, new)
    gone = np.setdiff1d(np.unique(old), np.unique(new))
    assert [label for _, label in keys(old, found.lost)] == gone.tolist()
    assert len(found.moved) >= 0.9 * len(np.unique(old)[1:])
    assert all(new in (0, old) for (_, old), (new, _) in heirs(found).items())


def test_pairs_are_chosen_together_and_not_the_best_one_first() -> None:
    # three chains of cells: the largest overlap is in no best choice of the first and the last
    old = np.array([0, 0, 1, 5, 7, 7, 8, 8])
    new = np.array([0, 1, 0, 5, 7, 8, 7, 8])
    overlap = np.array([0.60, 0.55, 0.55, 0.1, 0.9, 0.5, 0.5, 0.05])
    chosen = _assigned(old, new, overlap)
    assert chosen.tolist() == [False, True, True, True, False, True, True, False]
