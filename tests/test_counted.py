from __future__ import annotations

import pytest

from napari_cellcycle.counted import counted


@pytest.mark.parametrize(
    ("n", "told"), [(0, "0 cells"), (1, "1 cell"), (2, "2 cells"), (1234, "1,234 cells")]
)
def test_one_or_many(n: int, told: str) -> None:
    assert counted(n, "cell") == told


def test_what_is_said_of_many_is_not_always_an_s_more() -> None:
    told = [counted(n, "cell has no phase", "cells have no phase") for n in (1, 5)]
    assert told == ["1 cell has no phase", "5 cells have no phase"]
