"""Work told step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.work import run_to_end, told_as

if TYPE_CHECKING:
    from collections.abc import Generator


def _count(n: int) -> Generator[int, None, str]:
    yield from range(n)
    return f"{n} steps"


@pytest.mark.parametrize("n", [0, 1, 3])
def test_each_step_in_other_words(n: int) -> None:
    heard: list[str] = []
    found = run_to_end(told_as(_count(n), lambda step: f"step {step}"), heard.append)
    assert heard == [f"step {step}" for step in range(n)]
    assert found == f"{n} steps"


def test_steps_are_made_as_they_are_asked_for() -> None:
    """Work that is given up after a step does not do the next."""
    done: list[int] = []

    def work() -> Generator[int, None, None]:
        for step in range(3):
            done.append(step)
            yield step

    told = told_as(work(), str)
    assert next(told) == "0"
    told.close()
    assert done == [0]


def test_errors_come_through() -> None:
    def work() -> Generator[int, None, None]:
        yield 0
        raise CellCycleError("no cells")

    told = told_as(work(), str)
    assert next(told) == "0"
    with pytest.raises(CellCycleError, match="no cells"):
        next(told)
