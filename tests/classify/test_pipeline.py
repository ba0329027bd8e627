from __future__ import annotations

import threading

import pytest
import torch

from napari_cellcycle.classify.pipeline import in_order


def test_results_come_in_the_order_of_items():
    gate = threading.Event()

    def work(item):
        if item == 0:
            gate.wait(10)
        if item == 3:
            gate.set()
        return item

    assert list(in_order(work, range(20), 2)) == list(range(20))


def test_items_are_taken_only_as_results_are():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items(), 2)
    assert next(results) == 0
    assert len(taken) == 5
    results.close()
    assert len(taken) == 5


def test_each_thread_has_one_core_and_the_caller_keeps_his():
    cores = torch.get_num_threads()
    said = list(in_order(lambda _: torch.get_num_threads(), range(6), 2))
    assert said == [1] * 6
    assert torch.get_num_threads() == cores
    other = []
    later = threading.Thread(target=lambda: other.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert other == [cores]


def test_an_error_ends_it():
    done = []

    def work(item):
        if item == 1:
            raise ValueError("no such cell")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="no such cell"):
        list(in_order(work, range(1000), 2))
    assert len(done) < 20
