"""Work on cells in a thread, and what becomes of it when nobody waits for it any more."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from napari_cellcycle._qt.review.worker import Worker

FORGOTTEN = """
import gc, threading
from qtpy.QtCore import QCoreApplication
from napari_cellcycle._qt.review.worker import Worker

app = QCoreApplication([])
begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

def make(indices):
    begun.set()
    go_on.wait(0.2)
    done.set()

worker = Worker(make, 1)
worker.want([1])
begun.wait()
del worker
gc.collect()
assert done.wait(10)
print("alive")
"""


def test_one_that_is_forgotten_at_work_stops_nobody():
    """The collector runs with Python's lock held, and the thread needs that lock to end."""
    done = subprocess.run(
        [sys.executable, "-c", FORGOTTEN], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "alive", done.stderr


def test_once_closed_it_takes_no_wish(qtbot):
    seen = []
    worker = Worker(seen.append, 1)
    with qtbot.waitSignal(worker.made):
        worker.want([1])
    worker.close()
    worker.want([2])
    worker.restart()
    worker.close()
    assert seen == [[1]]


def test_the_newest_wish_comes_first_and_the_former_is_dropped(qtbot):
    begun, go_on = threading.Event(), threading.Event()
    seen = []

    def make(indices):
        seen.append(indices)
        begun.set()
        assert go_on.wait(10)

    worker = Worker(make, 2)
    worker.want([1, 2, 3, 4])
    assert begun.wait(10)
    worker.want([7, 2, 8])
    with qtbot.waitSignals([worker.made, worker.made]):
        go_on.set()
    assert seen == [[1, 2], [7, 8]]
    worker.close()


def test_an_error_is_handed_over(qtbot):
    def make(indices):
        raise ValueError("no such cell")

    worker = Worker(make, 1)
    with qtbot.waitSignal(worker.broke) as broke:
        worker.want([5])
    indices, error = broke.args
    assert indices == [5]
    with pytest.raises(ValueError, match="no such cell"):
        raise error
    worker.close()
