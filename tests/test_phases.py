from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.phases import (
    MITOSIS_2D,
    MITOSIS_STAGES,
    UNCLASSIFIED,
    VOCABULARIES,
    Phase,
    PhaseSet,
    own_vocabulary,
    vocabulary,
)

# Viénot, Brettel & Mollon (1999), on linear RGB.
DEFICIENCIES = {
    "protan": [[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.0040, -0.0040, 1.0]],
    "deutan": [[0.2928, 0.7072, 0.0], [0.2928, 0.7072, 0.0], [-0.0223, 0.0223, 1.0]],
}


def lab(color: str, matrix: list[list[float]] | None = None) -> np.ndarray:
    """CIE Lab of ``#RRGGBB``, as seen through ``matrix``."""
    from skimage.color import rgb2lab

    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    if matrix is not None:
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        linear = np.clip(np.array(matrix) @ linear, 0, 1)
        srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(srgb[None, None])[0, 0]


def test_vocabularies_are_those_of_the_design() -> None:
    assert {name: phases.slugs for name, phases in VOCABULARIES.items()} == {
        "mitosis-stages": (
            "non-mitotic",
            "prophase",
            "early-prometaphase",
            "prometaphase-metaphase",
            "anaphase-telophase-cytokinesis",
        ),
        "mitosis-2d": ("non-mitotic", "prometaphase", "metaphase", "anaphase", "apoptosis"),
        "g1-s-g2-m": ("g1", "s", "g2", "m"),
        "exposure": ("0", "0.1", "1"),
    }


@pytest.mark.parametrize("phases", VOCABULARIES.values(), ids=lambda p: p.name)
def test_slugs_are_fit_for_columns_and_command_lines(phases: PhaseSet) -> None:
    assert all(re.fullmatch(r"[a-z0-9.][a-z0-9.-]*", phase.slug) for phase in phases)


@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
@pytest.mark.parametrize("phases", VOCABULARIES.values(), ids=lambda p: p.name)
def test_colours_of_a_vocabulary_differ_to_every_eye(
    phases: PhaseSet, deficiency: str | None
) -> None:
    matrix = DEFICIENCIES[deficiency] if deficiency else None
    colors = [UNCLASSIFIED, *(phase.color for phase in phases.leaves)]
    seen = [lab(color, matrix) for color in colors]
    closest = min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))
    assert closest > 15


def test_lookup_by_name_and_by_slug() -> None:
    assert vocabulary("mitosis-2d") is MITOSIS_2D
    assert MITOSIS_STAGES["prophase"].parent == "mitotic"
    assert MITOSIS_STAGES.top("prophase").slug == "mitotic"
    assert [phase.slug for phase in MITOSIS_2D.children("mitotic")] == [
        "prometaphase",
        "metaphase",
        "anaphase",
    ]


@pytest.mark.parametrize("name", ["mitosis", "", "G1-S-G2-M"])
def test_an_unknown_vocabulary_lists_the_known_ones(name: str) -> None:
    with pytest.raises(CellCycleError, match="known are mitosis-stages"):
        vocabulary(name)


def test_an_unknown_phase_lists_the_known_ones() -> None:
    with pytest.raises(CellCycleError, match=r"'metaphase' is no phase .*non-mitotic, mitotic"):
        MITOSIS_STAGES["metaphase"]


def test_a_vocabulary_refuses_duplicates_and_orphans() -> None:
    with pytest.raises(CellCycleError, match="twice"):
        PhaseSet("mine", (Phase("a", "a", "#000000"), Phase("a", "A", "#FFFFFF")))
    with pytest.raises(CellCycleError, match="no parent phase"):
        PhaseSet("mine", (Phase("a", "a", "#000000", "b"),))


def test_branches_and_no_phase_at_all_are_no_leaves() -> None:
    assert [phase.slug for phase in MITOSIS_STAGES][:2] == ["non-mitotic", "mitotic"]
    assert MITOSIS_STAGES.leaf_codes().tolist() == [0, -1, 1, 2, 3, 4, -1]
    assert MITOSIS_STAGES.leaf_codes(-2)[[1, -1, 2]].tolist() == [-2, -2, 1]


def test_a_vocabulary_of_ones_own_is_called_by_its_phases() -> None:
    assert own_vocabulary(["young", "old"]).name == "young-old"
    phases = [f"phenotype-{i}" for i in range(16)]
    names = [own_vocabulary(slugs).name for slugs in (phases, phases[:-1], phases[:5])]
    assert len(set(names)) == 3
    assert all(len(name) <= 60 for name in names)
    assert names[0].startswith("phenotype-0-phenotype-1-")


def test_coarsen_adds_up_to_the_top_level() -> None:
    probabilities = np.array([[0.5, 0.1, 0.2, 0.15, 0.05], [0.0, 0.25, 0.25, 0.25, 0.25]])
    names, coarse = MITOSIS_STAGES.coarsen(probabilities)
    assert names == ("non-mitotic", "mitotic")
    np.testing.assert_allclose(coarse, [[0.5, 0.5], [0.0, 1.0]])


def test_coarsen_by_groups_may_drop_phases_and_reorder() -> None:
    probabilities = np.array([[0.4, 0.1, 0.2, 0.05, 0.25]])
    groups = {"dying": ["apoptosis"], "dividing": ["anaphase", "metaphase"]}
    names, coarse = MITOSIS_2D.coarsen(probabilities, groups)
    assert names == ("dying", "dividing")
    np.testing.assert_allclose(coarse, [[0.25, 0.25]])


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"a": ["mitotic"]}, "Cannot merge 'mitotic' into 'a': leaves are non-mitotic"),
        ({"a": ["anaphase"], "b": ["anaphase"]}, "'anaphase' is merged twice"),
    ],
)
def test_coarsen_refuses_groups_that_make_no_sense(
    groups: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(CellCycleError, match=message):
        MITOSIS_2D.coarsen(np.full((1, 5), 0.2), groups)
