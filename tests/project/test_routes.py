"""Ways of cells through many versions, against one table that is copied for each step."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_cellcycle.project import routes
from napari_cellcycle.project.routes import Route, Transfer

steps = st.dictionaries(
    st.tuples(st.integers(0, 1), st.integers(1, 6)),
    st.tuples(st.integers(0, 6), st.booleans()),
    max_size=8,
)


def transfer(rows: dict[tuple[int, int], tuple[int, bool]]) -> Transfer:
    table = [(frame, old, new, same) for (frame, old), (new, same) in rows.items()]
    frame, old, new, same = np.array(table, np.int64).reshape(-1, 4).T
    return Transfer(frame, old, new, same.astype(bool))


@given(st.lists(st.tuples(steps, st.booleans()), max_size=6), st.sampled_from([0, 3, 1000]))
def test_a_way_of_many_steps_is_one_step_after_the_other(
    way: list[tuple[Any, bool]], small: int
) -> None:
    cells = [(frame, label) for frame in (0, 1) for label in range(1, 8)]
    expected = {cell: (cell[1], True) for cell in cells}
    route, small_before = Route(), routes._SMALL
    routes._SMALL = small
    try:
        for rows, merged in way:
            before = dict(expected)
            for (frame, old), (new, same) in rows.items():
                later, still = before[frame, new] if new and not merged else (0, False)
                expected[frame, old] = later, same and still
            route = route.past(rows) if merged else route.before(transfer(rows))
    finally:
        routes._SMALL = small_before
    frame, label = np.array(cells, np.int64).T
    for repeated in (1, 3):  # fewer cells than steps, and more
        found, same = route.follow(np.tile(frame, repeated), np.tile(label, repeated))
        told = list(zip(found.tolist(), same.tolist(), strict=True))
        assert told == [expected[cell] for cell in cells] * repeated


def test_edits_before_a_renumbering_do_not_copy_it() -> None:
    old = np.arange(1, 5001)
    whole = Transfer(np.zeros(5000, np.int64), old, old + 5000, np.ones(5000, bool))
    tracemalloc.start()
    ways = [Route().before(whole)]
    renumbering = tracemalloc.get_traced_memory()[0]
    for label in range(1, 101):
        ways.append(ways[-1].before(transfer({(0, label): (label, False)})))
    edits = tracemalloc.get_traced_memory()[0] - renumbering
    tracemalloc.stop()
    assert edits < 2 * renumbering
    found, same = ways[-1].follow(whole.frame, old)
    assert found.tolist() == (old + 5000).tolist()
    assert same.tolist() == [False] * 100 + [True] * 4900
