"""Colours that are hard to tell apart are found, for everybody and for the colour-blind."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.colors import differences, look_alike
from napari_cellcycle.phases import G1_S_G2_M, VOCABULARIES, flat_vocabulary


@pytest.mark.parametrize("name", VOCABULARIES)
def test_our_own_colours_can_be_told_apart(name):
    assert look_alike(VOCABULARIES[name].phases) == []
    assert look_alike(flat_vocabulary("seven", list("abcdefg")).leaves) == []


@pytest.mark.parametrize(
    ("g1", "s", "sight"),
    [
        ("#112233", "#112234", "for anybody"),
        ("#C00000", "#7A6A00", "deuteranopia"),
        ("#00A0A0", "#00B050", "tritanopia"),
    ],
)
def test_pairs_are_named_with_those_who_mistake_them(g1, s, sight):
    phases = G1_S_G2_M.recolored({"g1": g1, "s": s})
    (first, second, whom) = look_alike(phases.leaves)[0]
    assert (first.slug, second.slug) == ("g1", "s")
    assert sight in whom


def test_black_and_white_are_a_hundred_apart():
    np.testing.assert_allclose(differences(["#000000", "#FFFFFF"])[0, 1], 100, atol=0.1)
