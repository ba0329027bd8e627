"""Real cells in 3D: who they are, and views of them however they lie."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.recipe import ViewRecipe
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.stacks import (
    PARTING,
    REST,
    StagedStack,
    read_embryos,
    read_organoid,
    stack_views,
)


@pytest.fixture(scope="module")
def organoid(data_dir: Path) -> list[StagedStack]:
    return list(read_organoid(data_dir))


def test_phases_are_those_that_the_person_gave(organoid: list[StagedStack]) -> None:
    by_name = {stack.name[-4:]: dict(stack.subjects()) for stack in organoid}
    assert set(by_name["t301"].values()) == {REST}
    assert by_name["t302"][(18,)] == "prophase"
    assert (20,) not in by_name["t302"], "a person doubted it"
    last = by_name["t303"]
    # one cell that segmentation split, and two daughters, which are also shown one by one
    assert last[(16, 20)] == "prometaphase-metaphase"
    assert (16,) not in last
    assert {last[key] for key in ((19, 11), (19,), (11,))} == {PARTING}
    assert {stack.group for stack in organoid} == {"organoid"}
    assert all(stack.cells is not None and stack.spacing.z == 2.0 for stack in organoid)


def test_embryos_are_groups(data_dir: Path) -> None:
    stacks = list(read_embryos(data_dir))
    assert len(stacks) == 22
    assert len({stack.group for stack in stacks}) == 15
    assert Counter(phase for s in stacks for _, phase in s.subjects()) == {
        "prometaphase-metaphase": 21,
        "early-prometaphase": 1,
    }


def test_views_show_the_cell_however_it_lies(data_dir: Path) -> None:
    stacks = list(read_embryos(data_dir))[:2]
    views = stack_views(stacks, ViewRecipe(), MITOSIS_STAGES.slugs, n=6, seed=3)
    assert views.images.shape == (12, 3, 2, 64, 64)
    assert views.mitotic.all()
    dna = views.images[:, :, 0].astype(float)
    assert (dna.max(axis=(2, 3)) > 200).all(), "each projection shows bright DNA"
    assert (dna.mean(axis=(2, 3)) > 5).all()
    flat = dna.reshape(12, -1)
    assert np.unique(flat, axis=0).shape == flat.shape, "no view twice"
    assert not views.images[:, :, 1].any(), "there is no membrane"
    again = stack_views(stacks, ViewRecipe(), MITOSIS_STAGES.slugs, n=6, seed=3)
    assert (again.images == views.images).all()
