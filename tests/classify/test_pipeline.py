"""One stream over all frames: the same words of the same cells, however the work is cut."""

from __future__ import annotations

import math
import threading
import time
import weakref
from dataclasses import replace
from unittest import mock

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_cellcycle.classify import ClassifyRequest, iter_classify, pipeline
from napari_cellcycle.classify.groups import FEWEST, batch_sizes
from napari_cellcycle.classify.run import BORDER_ODDS, classify, run
from napari_cellcycle.errors import ModelError
from napari_cellcycle.image import Segmentation, Spacing, Stack
from napari_cellcycle.work import run_to_end

COUNTS = (3, 0, 14, 1, 9)
"""Cells of each frame of the movie."""


@pytest.fixture
def request_(classifier):
    """A movie of flat nuclei that differ."""
    rng = np.random.default_rng(3)
    labels = np.zeros((len(COUNTS), 6, 40, 40), np.int32)
    for frame, n in enumerate(COUNTS):
        for i in range(n):
            y, x = 10 * (i // 4), 10 * (i % 4)
            labels[frame, 1:5, y + 1 : y + 8, x + 1 : x + 9 - i % 3] = 5 * i + 1
    bright = 20 + rng.integers(50, 300, labels.max() + 1)[labels] * (labels > 0)
    stack = Stack(
        rng.poisson(bright[:, None].repeat(2, axis=1)).astype(np.uint16),
        ("dna", "membrane"),
        Spacing(0.5, 0.3, 0.3, "user"),
        "movie",
    )
    return ClassifyRequest(stack, Segmentation(labels, "nucleus", "labels"), classifier)


@pytest.fixture
def cores():
    """Say how many cores PyTorch may use."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def one_by_one(request_, cores):
    """What is said of each cell by itself."""
    cores(1)
    found = run(replace(request_, batch_size=1))
    assert len(set(found.decision.phase.tolist())) > 1
    return found


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    workers=st.integers(1, 5),
    batch=st.integers(1, 30),
    fewest=st.integers(1, 9),
    together=st.integers(1, 20),
    in_blocks=st.booleans(),
)
def test_nothing_depends_on_how_the_work_is_cut(
    request_, one_by_one, cores, workers, batch, fewest, together, in_blocks
):
    expected = one_by_one
    cores(workers)
    asked = replace(request_, batch_size=batch)
    if in_blocks:
        labels = request_.segmentation
        data = da.from_array(request_.stack.data, (1, 1, 6, 11, 13))
        asked = replace(
            asked,
            stack=replace(request_.stack, data=data),
            segmentation=replace(labels, data=da.from_array(labels.data, (1, 6, 17, 9))),
        )
    with (
        mock.patch("napari_cellcycle.classify.groups.FEWEST", fewest),
        mock.patch("napari_cellcycle.classify.groups.TOGETHER", together),
        mock.patch("napari_cellcycle.image.stack.WHOLE", 0),
        mock.patch("napari_cellcycle.image.window._LEAST", 1),
    ):
        rows = []
        found = run_to_end(iter_classify(asked), lambda step: rows.append(step.indices))
    assert max(map(len, rows)) <= batch
    frames = found.cells.frame[np.concatenate(rows)]
    assert (np.diff(frames) >= 0).all()
    assert sorted(np.concatenate(rows).tolist()) == list(range(sum(COUNTS)))
    if not in_blocks:
        assert np.concatenate(rows).tolist() == list(range(sum(COUNTS)))
    for column in ("frame", "label"):
        np.testing.assert_array_equal(getattr(found.cells, column), getattr(expected.cells, column))
    np.testing.assert_array_equal(found.decision.phase, expected.decision.phase)
    np.testing.assert_allclose(
        found.decision.probabilities, expected.decision.probabilities, atol=1e-6
    )
    assert found.cell_notes == expected.cell_notes


@given(n=st.integers(0, 2000), most=st.integers(1, 70), workers=st.integers(1, 20))
def test_batches_are_as_large_as_they_may_be_and_keep_all_workers_busy(n, most, workers):
    sizes = batch_sizes(n, most, workers)
    assert sum(sizes) == n
    assert all(1 <= size <= most for size in sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    rounds = math.ceil(math.ceil(n / most) / workers)
    assert math.ceil(len(sizes) / workers) == rounds
    if n >= FEWEST * rounds * workers:
        assert len(sizes) == rounds * workers


def test_batches_are_filled_from_several_frames(request_, classifier, cores):
    cores(2)
    run(request_)
    assert classifier.networks["z"].sizes[-2:] in ([14, 13], [13, 14])


def test_two_frames_are_in_memory_at_a_time(request_, cores):
    cores(4)
    labels = np.repeat(request_.segmentation.data[2:3], 8, axis=0)
    frames, most = [], []

    class Read(Stack):
        def window(self, frame, channel):
            volume = super().window(frame, channel).copy()
            frames.append((frame, weakref.ref(volume)))
            most.append(len({number for number, one in frames if one() is not None}))
            return volume

    stack = request_.stack
    data = np.repeat(stack.data[2:3], 8, axis=0)
    run(
        replace(
            request_,
            stack=Read(data, stack.channels, stack.spacing, stack.name),
            segmentation=Segmentation(labels, "nucleus", "labels"),
        )
    )
    assert [frame for frame, _ in frames[-16:]] == [t for t in range(8) for _ in range(2)]
    assert max(most[-16:]) == 2


def test_an_error_in_one_batch_ends_the_run_and_its_threads(request_, classifier, cores):
    cores(3)
    predict = classifier.predict
    seen = []

    def fails(images, axes, **_):
        seen.append(len(images))
        if len(seen) == 3:
            raise ModelError("no finite numbers")
        return predict(images, axes)

    classifier.predict = fails
    work = iter_classify(replace(request_, batch_size=2))
    with pytest.raises(ModelError, match="no finite numbers"):
        list(work)
    assert len(seen) < 14
    assert not [one for one in threading.enumerate() if one.name.startswith("classify")]


def test_who_closes_the_run_waits_for_what_has_begun_only(request_, classifier, cores):
    cores(2)
    begun, ended = [], []

    def slow(images, axes, **_):
        begun.append(len(images))
        if len(begun) > 3:
            time.sleep(0.3)
        ended.append(len(images))
        shape = len(images), len(axes)
        return np.full((*shape, 2), 0.5), np.full((*shape, 4), 0.25)

    classifier.predict = slow
    work = iter_classify(replace(request_, batch_size=1))
    next(work)
    assert next(work).done == 1
    work.close()
    assert len(ended) == len(begun)
    assert len(begun) < sum(COUNTS)  # of three an axis each
    assert not [one for one in threading.enumerate() if one.name.startswith("classify")]


def _as_if_rounded(monkeypatch, classifier, by):
    """Let answers that need not be exact differ by ``by`` in the first logit."""
    exact_answer = classifier.logits

    def logits(images, axis, *, exact=True):
        found = exact_answer(images, axis)
        found[:, 0] += 0 if exact else by
        return found

    monkeypatch.setattr(classifier, "logits", logits)
    monkeypatch.setattr(classifier, "get_ready", lambda axes, *, exact=True: exact)
    monkeypatch.setattr(pipeline, "MANY", 1)


def test_cells_that_rounding_could_change_are_exact(monkeypatch, request_, classifier):
    expected = run(request_).decision
    _as_if_rounded(monkeypatch, classifier, 0.004)
    whole = [
        (levels.shape, np.array_equal(levels, getattr(expected, name)))
        for name in ("level1", "level2")
        for levels in [getattr(run(request_).decision, name)]
    ]
    assert not whole[0][1], "all were exact: nothing was tried"
    monkeypatch.setattr(
        pipeline, "is_close", lambda level1, level2, vote: np.ones(level1.shape[:2], bool)
    )
    found = run(request_).decision
    np.testing.assert_array_equal(found.level1, expected.level1)
    np.testing.assert_array_equal(found.level2, expected.level2)


@pytest.mark.parametrize("again", [1, 5, 32])
@pytest.mark.parametrize("workers", [1, 3])
def test_only_axes_that_rounding_could_change_are_exact(
    monkeypatch, request_, classifier, cores, workers, again
):
    """Whatever batches these cells were in, and come in the second time."""
    cores(workers)
    request_ = replace(request_, batch_size=4)
    monkeypatch.setattr(pipeline, "AGAIN", again)
    exact = run(request_).decision
    _as_if_rounded(monkeypatch, classifier, 0.004)
    monkeypatch.setattr(pipeline, "is_close", lambda level1, *_: np.zeros(level1.shape[:2], bool))
    rounded = run(request_).decision
    close = np.random.default_rng(0).random(rounded.level1.shape[:2]) < 0.5

    def is_close(level1, level2, vote):
        apart = np.abs(level1[:, None] - rounded.level1).max(axis=(2, 3))
        assert (np.sort(apart, axis=1)[:, :2] < 1e-9).sum() == len(level1), "no two are the same"
        return close[apart.argmin(axis=1)]

    monkeypatch.setattr(pipeline, "is_close", is_close)
    rows = []
    found = run_to_end(iter_classify(request_), lambda step: rows.extend(step.indices)).decision
    assert sorted(rows) == list(range(sum(COUNTS))), "each cell once"
    for name in ("level1", "level2"):
        answers = [getattr(one, name) for one in (exact, rounded, found)]
        np.testing.assert_array_equal(answers[2], np.where(close[..., None], *answers[:2]))


@pytest.mark.parametrize("stop", ["an error", "closed"])
def test_a_run_ends_while_cells_are_looked_at_again(monkeypatch, request_, classifier, cores, stop):
    """Of four batches, the first four cells that are looked at again are of the first two."""
    cores(2)
    _as_if_rounded(monkeypatch, classifier, 0.004)
    monkeypatch.setattr(pipeline, "AGAIN", 4)
    odd = np.arange(7) % 2 == 1
    monkeypatch.setattr(
        pipeline, "is_close", lambda level1, *_: np.outer(odd[: len(level1)], np.ones(3, bool))
    )
    predict, again = classifier.predict, []

    def predicted(images, axes, *, exact=True):
        again.extend([len(images)] * exact)
        if stop == "an error" and len(again) == 2:
            raise ModelError("no finite numbers")
        return predict(images, axes, exact=exact)

    monkeypatch.setattr(classifier, "predict", predicted)
    work, done = iter_classify(replace(request_, batch_size=7)), []
    if stop == "an error":
        with pytest.raises(ModelError, match="no finite numbers"):
            done.extend(step.indices for step in work)
    else:
        while not again:
            done.append(next(work).indices)
        work.close()
    rows = np.concatenate(done).tolist()
    assert 4 <= len(rows) == len(set(rows)) < sum(COUNTS)
    assert not [one for one in threading.enumerate() if one.name.startswith("classify")]


def test_a_cell_at_the_border_is_close_by_the_odds_that_count_there(
    monkeypatch, request_, classifier, cores
):
    cores(1)  # one batch has all cells
    _as_if_rounded(monkeypatch, classifier, 0.004)
    labels = request_.segmentation.data.copy()
    labels[0, 0] = labels[0, 1]  # those of the first frame reach the top
    asked = []

    def is_close(level1, level2, vote):
        asked.append(level1)
        return np.zeros(level1.shape[:2], bool)

    monkeypatch.setattr(pipeline, "is_close", is_close)
    segmentation = replace(request_.segmentation, data=labels)
    found = run(replace(request_, segmentation=segmentation))
    at_border = found.cells.touches_border
    assert at_border.sum() == COUNTS[0]
    everywhere, there = asked
    plain, later = (p[..., 1] / p[..., 0] for p in (everywhere[at_border], there))
    np.testing.assert_allclose(plain / later, BORDER_ODDS)


def test_exact_is_exact(monkeypatch, request_, classifier):
    expected = run(request_).decision
    _as_if_rounded(monkeypatch, classifier, 0.5)
    found = run(replace(request_, exact=True)).decision
    np.testing.assert_array_equal(found.level1, expected.level1)


def test_few_cells_are_exact(monkeypatch, request_, classifier):
    expected = run(request_).decision
    _as_if_rounded(monkeypatch, classifier, 0.5)
    monkeypatch.setattr(pipeline, "MANY", sum(COUNTS) + 1)
    np.testing.assert_array_equal(run(request_).decision.level1, expected.level1)
    asked = run(replace(request_, exact=False)).decision
    assert not np.array_equal(asked.level1, expected.level1), "unless it is asked for"


def test_real_cells_get_the_same_phases_in_bfloat16(monkeypatch, organoid):
    """Where the processor has it; elsewhere both are float32."""
    monkeypatch.setattr(pipeline, "MANY", 1)
    exact, quick = (
        classify(organoid.stack, organoid.nuclei, device="cpu", exact=exact).decision
        for exact in (True, False)
    )
    assert len(exact) > 5
    np.testing.assert_array_equal(quick.phase, exact.phase)
    np.testing.assert_allclose(quick.probabilities, exact.probabilities, atol=0.01)
