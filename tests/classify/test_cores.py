from __future__ import annotations

import threading
import weakref

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from napari_cellcycle.classify.cores import cores, in_order, one_core_each


def test_results_come_in_the_order_of_items():
    gate = threading.Event()

    def work(item):
        if item == 0:
            gate.wait(10)
        if item == 3:
            gate.set()
        return item

    with one_core_each(2) as pool:
        assert list(in_order(pool, work, [range(7), [], range(7, 20)])) == list(range(20))


def test_items_are_taken_only_as_results_are():
    taken = []
    gate = threading.Event()

    def items():
        for item in range(100):
            taken.append(item)
            if len(taken) == 5:
                gate.set()
            yield item

    def work(item):
        assert gate.wait(10)
        return item

    with one_core_each(2) as pool:
        results = in_order(pool, work, [items()])
        assert next(results) == 0
        assert len(taken) == 5
        results.close()
        assert len(taken) == 5


def test_a_result_is_not_held_back_for_more_items():
    first = threading.Event()
    taken = []

    def items():
        for item in range(100):
            if item == 1:
                assert first.wait(10)
            taken.append(item)
            yield item

    def work(item):
        first.set()
        return item

    with one_core_each(8) as pool:
        results = in_order(pool, work, [items()])
        next(results)
        assert len(taken) <= 3


def test_two_groups_are_open_at_a_time():
    class Frame:
        pass

    frames, most = [], []

    def group(number):
        frame = Frame()
        frames.append(weakref.ref(frame))
        most.append(sum(one() is not None for one in frames))
        for item in range(3):
            yield number, item, frame

    with one_core_each(8) as pool:
        done = list(in_order(pool, lambda item: item[:2], map(group, range(12))))
    assert done == [(number, item) for number in range(12) for item in range(3)]
    assert max(most) == 2


def test_each_thread_has_one_core_and_the_caller_keeps_his():
    cores = torch.get_num_threads()
    with one_core_each(2) as pool:
        said = list(in_order(pool, lambda _: torch.get_num_threads(), [range(6)]))
    assert said == [1] * 6
    assert torch.get_num_threads() == cores
    other = []
    later = threading.Thread(target=lambda: other.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert other == [cores]


def test_products_of_matrices_keep_to_one_core_while_any_run_lasts():
    def threads():
        return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

    with threadpool_limits(2, "blas"):
        if threads() != {2}:
            pytest.skip("one core, or no library whose threads can be told")
        first, second = one_core_each(1), one_core_each(1)
        first.__enter__()
        second.__enter__()
        assert threads() == {1}
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == {2}


def test_an_error_ends_it():
    done = []

    def work(item):
        if item == 1:
            raise ValueError("no such cell")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="no such cell"), one_core_each(2) as pool:
        list(in_order(pool, work, [range(1000)]))
    assert len(done) < 20


def test_a_new_thread_knows_all_cores_while_a_pool_is_open():
    """A thread that first asks PyTorch meanwhile is told 1."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        told = []

        def other():
            told.append(cores())
            with one_core_each() as pool:
                told.append(pool.workers)

        with one_core_each(1) as pool:
            list(in_order(pool, abs, [range(2)]))
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        assert told == [3, 3]
        thread = threading.Thread(target=lambda: told.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert told[-1] == torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
