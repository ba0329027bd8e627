from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_cellcycle.classify import classify
from napari_cellcycle.classify.batching import Batcher, is_out_of_memory
from napari_cellcycle.errors import DeviceError

AXES = ("x", "y", "z")
ERRORS = [
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB)"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    MemoryError(),
]


def limit(classifier, most, error):
    """Let the y network fail with more than ``most`` cells."""
    network = classifier.networks["y"]
    real = network.forward

    def forward(views):
        if len(views) > most:
            raise error
        return real(views)

    network.forward = forward


@pytest.fixture
def images():
    return np.random.default_rng(0).random((21, 3, 2, 64, 64), dtype=np.float32)


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_batches_are_halved_until_they_fit(classifier, images, error):
    expected = classifier.predict(images, AXES)
    limit(classifier, 5, error)
    classifier.networks["y"].sizes.clear()
    batcher = Batcher(classifier, 16)
    level1, level2 = batcher.predict(images, AXES)
    np.testing.assert_allclose(level1, expected[0], atol=1e-6)
    np.testing.assert_allclose(level2, expected[1], atol=1e-6)
    assert batcher.size == 4
    assert classifier.networks["y"].sizes == [4, 4, 4, 4, 4, 1]
    assert batcher.notes == (
        "cpu ran out of memory with 16 cells a batch; 4 a batch were used instead. The results do "
        "not depend on it.",
    )


def test_enough_memory_is_not_talked_about(classifier, images):
    batcher = Batcher(classifier, 16)
    batcher.predict(images, AXES)
    assert batcher.notes == ()
    assert classifier.networks["x"].sizes == [16, 5]


def test_a_device_too_small_for_one_cell_is_an_error(classifier, images):
    limit(classifier, 0, ERRORS[0])
    with pytest.raises(DeviceError, match="too little free memory for one cell"):
        Batcher(classifier, 4).predict(images, AXES)


def test_other_errors_are_not_swallowed(classifier, images):
    limit(classifier, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        Batcher(classifier, 4).predict(images, AXES)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_note_reaches_the_result(organoid, classifier):
    limit(classifier, 3, ERRORS[0])
    result = classify(organoid.stack, organoid.nuclei, model=classifier, batch_size=8)
    (note,) = result.notes
    assert note.startswith("cpu ran out of memory with 8 cells a batch; 2 a batch")
