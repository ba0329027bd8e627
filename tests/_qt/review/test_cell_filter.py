from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle._qt.review.table.cell_filter import matching
from napari_cellcycle.errors import CellCycleError


@pytest.fixture
def cells(plain):
    plain.assign([0, 8], "mitotic")
    plain.set_status([3], "unsure")
    plain.seen[[0, 1]] = True
    plain.deciding_axis = np.array(["x", "z"] * 6)
    return plain


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", range(12)),
        ("prophase", [5, 6]),
        ("early prometaphase", [7]),
        ('"stage unknown"', [0, 8]),
        ("anaphase", [10]),
        ("corrected", [0, 8]),
        ("UNSURE", [3]),
        ("no phase", [3, 11]),
        ('"no phase"', [3, 11]),
        ("4", [3]),
        ("seen", [0, 1]),
        ("unseen -predicted", [3, 8, 11]),
        ("confidence<0.5 non-mitotic", [1]),
        ("confidence>=0.9 -corrected", [7, 9]),
        ("predicted=prometa status=corrected", [8]),
        ("axis=x label<=3", [0, 2]),
        ("frame=1", []),
        ("nothing-like-this", []),
    ],
)
def test_all_words_must_hold(cells, text, found):
    assert np.flatnonzero(matching(cells, text)).tolist() == list(found)


def test_a_whole_name_is_not_taken_for_a_part_of_another(nuclei):
    found = matching(nuclei, "metaphase")
    assert set(np.array(nuclei.phases.phases, object)[nuclei.phase[found]]) == {
        nuclei.phases["metaphase"]
    }
    assert matching(nuclei, "metaph").sum() > found.sum()


def test_an_unknown_column_is_named_with_those_there_are(cells):
    with pytest.raises(CellCycleError, match=r"no column 'size'.*label, frame, confidence"):
        matching(cells, "size>3")


def test_a_comparison_without_a_number_is_refused(cells):
    with pytest.raises(CellCycleError, match="'high' in entropy>high is no number"):
        matching(cells, "entropy>high")
