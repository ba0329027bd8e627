"""What a data set has, counted as a recipe calls it, and what is said of it."""

from __future__ import annotations

import numpy as np

from napari_cellcycle.train.data.census import THIN, Census, unjudged_note
from napari_cellcycle.train.data.cropset import CropSet


def crops(status: str | None = None, doubt: float | None = None) -> CropSet:
    phase = np.array(["Interphase"] * 30 + ["Large"] * 4 + ["Metaphase"] * (THIN - 1) + ["Hole"])
    n = len(phase)
    group = np.array([f"plate {i % 2}" for i in range(n)])
    columns = {"region": np.arange(n) % 3}
    if status is not None:
        columns["status"] = np.full(n, status)
    if doubt is not None:
        columns["doubt"] = np.where(np.arange(n) % 2, doubt, np.nan)
    images = np.zeros((n, 1, 4, 4), np.uint8)
    images[:, :, 1] = 9
    return CropSet(images, ("dna",), phase, group, "x.npz", columns=columns)


LABELS = {"Interphase": "non-mitotic", "Large": "non-mitotic", "Hole": ""}


def test_cells_are_counted_as_the_recipe_and_then_the_person_call_them() -> None:
    found = Census.of(crops()).meaning(LABELS, {"Metaphase": "metaphase"})
    groups, phases, counts = found.table()
    assert (groups, phases) == (["plate 0", "plate 1"], ["metaphase", "non-mitotic"])
    assert counts.sum(axis=0).tolist() == [THIN - 1, 34]
    assert counts.sum(axis=1).tolist() == [22, 21]
    several = Census.of(crops()).meaning({"Large": ("a", "b")})
    assert "a or b" in several.table()[1]


def test_thin_phases_and_corrections_alone_are_told() -> None:
    (told,) = Census.of(crops("accepted")).meaning(LABELS).warnings()
    assert f"Metaphase ({THIN - 1})" in told
    assert "non-mitotic" not in told
    _, also = Census.of(crops("corrected")).meaning(LABELS).warnings()
    assert "All cells of x.npz are corrections" in also


def test_phases_that_nobody_gave_are_told_of() -> None:
    some = crops()
    some.columns["status"] = np.where(np.arange(len(some)) < 7, "predicted", "accepted")
    _, told = Census.of(some).meaning(LABELS).warnings()
    assert told == unjudged_note(some.select(some.phase != "Hole"))
    assert told.startswith("7 of 43 cells of x.npz have the phase that a model predicted, and nob")
    assert unjudged_note(crops("accepted")) == unjudged_note(crops()) == ""


def test_cells_that_were_chosen_by_uncertainty_are_told_of() -> None:
    _, told = Census.of(crops(doubt=0.83)).meaning(LABELS).warnings()
    assert "chosen by uncertainty" in told
    assert "83 % of its image" in told
    assert len(list(Census.of(crops(doubt=0.6)).warnings())) == 1
    few = crops(doubt=0.9).select(np.arange(30))
    assert len(list(Census.of(few).warnings())) == 0


def test_crops_that_show_nothing_are_told_of() -> None:
    one = crops()
    one.images[[0, 1, -1]] = 7  # the last is a hole, which is dropped
    (told,) = [note for note in Census.of(one).meaning(LABELS).warnings() if "nothing" in note]
    assert told.startswith("2 of 43 crops of x.npz show nothing, only one grey value: non-mitotic")
    two = CropSet(np.repeat(one.images, 2, 1), ("dna", "tubulin"), one.phase, one.group, "x.npz")
    two.images[0, 1, 0, 0] = 1
    assert np.flatnonzero(two.flat()).tolist() == [1, 43]
    assert np.flatnonzero(two.flat(("dna",))).tolist() == [0, 1, 43]
    assert np.flatnonzero(two.flat(("membrane",))).tolist() == [1, 43]


def test_another_column_may_group_the_cells() -> None:
    found = Census.of(crops())
    assert not found.can_be_split
    assert set(found.groupings) == {"region"}
    finer = found.grouped("region").meaning(LABELS)
    assert finer.can_be_split
    assert set(finer.group.tolist()) == {"0", "1", "2"}
    assert set(found.grouped("group").group.tolist()) == {"plate 0", "plate 1"}
