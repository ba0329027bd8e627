"""Peaks of DNA content among cells whose contents are known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.cells.measures.dna_peaks import find_dna_peaks


def cycling(n: int, *, seed: int = 0, g2: float = 0.25, s: float = 0.2, cv: float = 0.08):
    """Contents of cells in G1 (3000), S, and G2 or mitosis."""
    rng = np.random.default_rng(seed)
    level = np.ones(n)
    level[: int(g2 * n)] = 2
    level[int(g2 * n) : int((g2 + s) * n)] = rng.uniform(1, 2, int((g2 + s) * n) - int(g2 * n))
    return 3000 * level * rng.normal(1, cv, n)


@pytest.mark.parametrize("n", [150, 1500, 60_000])
@pytest.mark.parametrize("seed", range(3))
def test_two_peaks_a_factor_of_two_apart(n: int, seed: int) -> None:
    content = cycling(n, seed=seed)
    content[:3] = [0.0, -5.0, np.nan]
    content[3:5] = [1e-3, 1e9]
    peaks = find_dna_peaks(content)
    assert peaks.found, peaks.problem
    assert peaks.g1 == pytest.approx(3000, rel=0.08)
    assert peaks.ratio == pytest.approx(2, rel=0.12)


def test_debris_and_doublets_do_not_take_their_place() -> None:
    rng = np.random.default_rng(1)
    debris, doublets = rng.normal(700, 60, 150), rng.normal(12_000, 700, 60)
    peaks = find_dna_peaks(np.concatenate([cycling(1500), debris, doublets]))
    assert (len(peaks.all), peaks.g1) == (4, pytest.approx(3000, rel=0.05))


@pytest.mark.parametrize("seed", range(8))
def test_one_population_has_no_second_peak(seed: int) -> None:
    """Not even one that chance makes in the tail of a few cells."""
    for n in (40, 200, 5000):
        peaks = find_dna_peaks(np.random.default_rng(seed).lognormal(8, 0.4, n))
        assert not peaks.found, (n, peaks)
        assert "cannot be told" in peaks.problem or "about twice" in peaks.problem


def test_bumps_that_chance_makes_of_few_cells_are_no_peaks() -> None:
    """As likely everywhere over three octaves; bumps a factor of two apart are in most of them."""
    flat = [2 ** np.random.default_rng(seed).uniform(9, 12, 100) for seed in range(30)]
    assert sum(find_dna_peaks(content).found for content in flat) <= 1


def test_what_is_wrong_is_said() -> None:
    assert find_dna_peaks(np.full(12, 3.0)).problem.startswith("12 cells have DNA")
    rng = np.random.default_rng(0)
    apart = np.concatenate([rng.normal(100, 6, 300), rng.normal(300, 18, 300)])
    assert find_dna_peaks(apart).problem == "Peaks at 1.0 : 3.0; none is about twice another."
