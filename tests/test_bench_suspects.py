"""The search that goes on after each twelfth knows nothing of cells that were not examined."""

from __future__ import annotations

import numpy as np
import pytest
from bench_suspects import orders, searched_anew
from simulated_population import Population

from napari_cellcycle.cells.measures.measures import NAMES
from napari_cellcycle.phases import MITOSIS_STAGES

LEAVES = np.array([leaf.slug for leaf in MITOSIS_STAGES.leaves])
ANEW = "suspects, searched anew after each twelfth"


@pytest.fixture(scope="module")
def population() -> Population:
    """Cells that divide or not, one in ten; the network takes one in eight for the other."""
    rng = np.random.default_rng(0)
    n = 1200
    divides = rng.random(n) < 0.1
    said = divides ^ (rng.random(n) < 0.12)
    p = np.where(said, rng.uniform(0.5, 1, n), rng.uniform(0, 0.5, n))
    values = np.full((n, len(NAMES)), np.nan)
    values[:, NAMES.index("condensation")] = rng.normal(0.4, 0.05, n) + 0.1 * divides
    values[:, NAMES.index("dna_volume")] = np.exp(rng.normal(5, 0.2, n) - 0.3 * divides)
    stage = np.array([0.04, 0.03, 0.9, 0.03])
    return Population(
        truth=LEAVES[np.where(divides, 3, 0)],
        kind=np.full(n, ""),
        border=np.zeros(n, bool),
        measures=values,
        level1=np.repeat(np.stack([1 - p, p], 1)[:, None], 3, axis=1),
        level2=np.tile(stage, (n, 3, 1)),
    )


def test_the_truth_of_cells_that_were_not_examined_changes_nothing(population: Population) -> None:
    budget = 96
    order = orders(population, 0, budget)[ANEW]
    assert sorted(order.tolist()) == list(range(1200))
    rest = np.delete(np.arange(1200), order[:budget])
    other = population.truth.copy()
    other[rest] = np.random.default_rng(1).permutation(other[rest])
    assert (other != population.truth).any()
    shuffled = Population(**{**_fields(population), "truth": other})
    np.testing.assert_array_equal(orders(shuffled, 0, budget)[ANEW], order)
    # that of the examined ones does
    first = population.truth.copy()
    first[order[:8]] = "prophase"
    changed = Population(**{**_fields(population), "truth": first})
    assert (orders(changed, 0, budget)[ANEW] != order).any()


def test_each_part_is_searched_with_the_truth_of_those_before_it_and_no_more() -> None:
    class Found:
        def __init__(self, known: np.ndarray) -> None:
            self.order = np.flatnonzero(known < 0)[::-1]

        def first(self, n: int) -> np.ndarray:
            return self.order[:n]

    given, truth = [], np.arange(100) % 3

    def search(known: np.ndarray) -> Found:
        given.append(known.copy())
        return Found(known)

    order = searched_anew(search, truth, 30)
    np.testing.assert_array_equal(order, np.arange(100)[::-1])
    sizes = [int((known >= 0).sum()) for known in given]
    assert sizes == [0, 2, 5, 8, 10, 12, 15, 18, 20, 22, 25, 28, 30]
    for known, size in zip(given, sizes, strict=True):
        np.testing.assert_array_equal(known[order[:size]], truth[order[:size]])


def _fields(population: Population) -> dict[str, np.ndarray]:
    return {name: getattr(population, name) for name in Population.__slots__}
