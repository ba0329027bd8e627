"""Work beside the viewer."""

from __future__ import annotations

import time

from review_hands import LONG

from napari_cellcycle._qt.job import Job


def test_a_job_that_begins_when_another_has_just_returned_goes_to_its_end(qapp, qtbot):
    def work(number):
        yield number
        time.sleep(0.05)
        return number

    job, results, cancelled = Job(), [], []
    job.succeeded.connect(results.append)
    job.cancelled.connect(lambda: cancelled.append(1))

    def again():
        if len(results) < 3:
            job.start("again", work, len(results))

    job.ended.connect(again)
    job.start("first", work, 0)
    qtbot.waitUntil(lambda: len(results) == 3 or bool(cancelled), timeout=LONG)
    assert results == [0, 1, 2]
    assert not cancelled
