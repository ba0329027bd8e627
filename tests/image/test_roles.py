from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.errors import ChannelError
from napari_cellcycle.image import Stack, guess_roles, open_image, parse_channels
from napari_cellcycle.image.roles import parse_roles


@pytest.mark.parametrize(
    ("names", "dna", "membrane"),
    [
        (("H2B", "membrane"), 0, 1),
        (("nuclei", "cytoplasm"), 0, 1),
        (("DAPI", "tubulin", "p21", "EdU"), 0, None),
        (("tubulin", "H2B"), 1, None),
        (("CellMask Deep Red", "Hoechst 33342"), 1, 0),
        (("E-cadherin-GFP", "H2B-mCherry"), 1, 0),
        (("Ecad", "DRAQ5"), 1, 0),
        (("mem", "DNA"), 1, 0),
        (("SiR-DNA", "myr-GFP"), 0, 1),
        (("histoneH2B", "lifeact"), 0, 1),
        (("nuclei", "cells"), 0, 1),
        (("cell nuclei", "actin"), 0, 1),
        (("H2BGFP", "x"), 0, None),
        (("DAPI", "H2B"), None, None),
        (("DAPI", "nuclear envelope"), 0, None),
        (("nuclear membrane", "Hoechst"), 1, None),
        (("DAPI", "plasma membrane", "WGA"), 0, None),
        (("DAPI", "membrane", "actin"), 0, 1),
        (("channel 0", "channel 1"), None, None),
        (("picture", "spindle"), None, None),
        (("channel 0",), 0, None),
        (("embryo_01",), 0, None),
        (("cells",), 0, None),
        (("organoid_h2b_membrane_3d_t301",), 0, None),
        (("membrane",), None, 0),
        (("cytoplasm",), None, 0),
        (("lamin B1",), None, None),
        (("tubulin",), None, None),
        ((), None, None),
    ],
)
def test_names_decide(names, dna, membrane):
    assert guess_roles(names) == {"dna": dna, "membrane": membrane}


def test_other_roles():
    names = ("DAPI", "tubulin", "p21", "EdU")
    roles = ("dna", "tubulin", "edu")
    assert guess_roles(names, roles) == {"dna": 0, "tubulin": 1, "edu": 3}


@pytest.mark.parametrize(
    ("name", "dna", "membrane"),
    [
        ("organoid_h2b_membrane_3d_t301", 0, 1),
        ("nuclei_cells_3d", 0, 1),
        ("dapi_tubulin_p21_edu_field_2d", 0, None),
        ("tubulin_h2b_field_2d", 1, None),
        ("hipsc_nucleus_condensed_3d", 0, None),
        ("organoid_interphase_3d", None, None),
    ],
)
def test_real_files(data_dir, name, dna, membrane):
    stack = open_image(data_dir / f"{name}.ome.tif")
    assert guess_roles(stack.channels) == {"dna": dna, "membrane": membrane}


@pytest.fixture
def stack():
    return Stack(np.zeros((1, 3, 2, 4, 4), np.uint8), ("H2B", "CellMask", "GFP"), None, "a.tif")


def test_a_person_gives_index_name_or_none(stack):
    assert parse_channels(["dna=0", "membrane=cellmask"], stack) == {"dna": 0, "membrane": 1}
    assert parse_channels(["DNA = 2", "membrane=none"], stack) == {"dna": 2, "membrane": None}
    assert parse_channels([], stack) == {}
    assert parse_roles(["DNA = 2", "membrane=none"]) == {"dna": "2", "membrane": None}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["dna"], "not understood"),
        (["=0"], "not understood"),
        (["dna=5"], r"a.tif has no channel '5'; it has 0=H2B, 1=CellMask, 2=GFP"),
        (["dna=DAPI"], "no channel 'DAPI'"),
        (["dna=0", "dna=1"], "given twice"),
        (["dna=0", "membrane=H2B"], r"both given channel 0 \(H2B\)"),
    ],
)
def test_what_is_not_understood_is_named(stack, texts, message):
    with pytest.raises(ChannelError, match=message):
        parse_channels(texts, stack)
