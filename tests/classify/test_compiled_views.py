"""Phases do not depend on whether numba is there."""

import numpy as np
import pytest

from napari_cellcycle.cells.views import compiled
from napari_cellcycle.classify import classify
from napari_cellcycle.simulate import simulate_field

pytest.importorskip("numba")


def test_a_run_with_kernels_gives_the_same_probabilities():
    field = simulate_field(n_cells=30, seed=3)
    compiled.unload()
    plain = classify(field.stack, field.nuclei, device="cpu")
    try:
        assert compiled.load(field.stack.data.dtype)
        quick = classify(field.stack, field.nuclei, device="cpu")
    finally:
        compiled.unload()
    np.testing.assert_array_equal(quick.decision.probabilities, plain.decision.probabilities)
    assert quick.cell_notes == plain.cell_notes
    assert len(np.unique(plain.decision.phase)) > 2
