from __future__ import annotations

import pytest

from napari_cellcycle.classify.device import available_devices, choose_device
from napari_cellcycle.errors import DeviceError


@pytest.fixture
def machine(monkeypatch):
    """Pretend that a machine has these devices."""

    def machine(*, cuda=False, mps=False, cards=1):
        monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
        monkeypatch.setattr("torch.cuda.device_count", lambda: cards)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)

    return machine


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [
        (True, True, "cuda"),
        (True, False, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(machine, cuda, mps, expected):
    machine(cuda=cuda, mps=mps)
    assert choose_device("auto") == expected
    assert choose_device("cpu") == "cpu"
    assert choose_device(expected) == expected


@pytest.mark.parametrize("wanted", ["cuda", "mps", "cuda:0"])
def test_a_device_that_is_not_there_is_never_replaced(machine, wanted):
    machine()
    with pytest.raises(DeviceError, match=f"has no {wanted} .*; it has cpu"):
        choose_device(wanted)


def test_one_of_several_cards_can_be_named(machine):
    machine(cuda=True, cards=2)
    assert choose_device("cuda:1") == "cuda:1"
    with pytest.raises(DeviceError, match=r"no cuda:2: PyTorch sees 2"):
        choose_device("cuda:2")


@pytest.mark.parametrize("wanted", ["gpu", "", "cpu:1", "cuda:", "cuda:x"])
def test_a_device_that_never_was_is_refused_with_the_choice(wanted):
    with pytest.raises(DeviceError, match="choose one of auto, cuda, mps, cpu"):
        choose_device(wanted)


def test_the_cpu_is_always_there_and_comes_last(machine):
    machine(cuda=True, mps=True)
    assert available_devices() == ("cuda", "mps", "cpu")
