"""A program that dies at every point of its work: run by ``test_killed.py``.

``kill_points.py FOLDER STEP`` makes a project, then goes through the same work in a fork of its own
for every ``STEP``th point at which something reaches the disk. There the fork kills itself with
SIGKILL. What is in the project afterwards is compared with what was there before and after
the step that was interrupted. Prints one JSON object.

``kill_points.py FOLDER create`` does so while a project is made.

``kill_points.py FOLDER random N`` corrects cells without end in a fork, N times, and kills it at a
random moment.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fields import field_labels, layer_field, make_project, predict

from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.project.schema import check
from napari_cellcycle.review import Merging, Review, hand_over, revise, unite

WHO = "Ann"


def snapshot(folder: Path) -> Any:
    """Everything that a person would miss."""
    with Project.open(folder, who=WHO) as project:
        assert not project.read_only, project.reason
        review = Review(project)
        for given in project.predictions.sets(1):
            assert len(given.columns["level1"]) == given.n_cells
        labels = project.images.labels(1)
        return [
            review.final_slugs(),
            review.statuses(),
            [review.word(row).note for row in range(len(review))],
            len(project.predictions.sets(1)),
            int((labels.data > 0).sum()),
            project.parameter("place"),
            review.seen.tolist(),
            review.to_undo and review.to_undo.about,
            review.to_redo and review.to_redo.about,
            sorted(review.people),
            (tracking := project.tracked.get(1)) and tracking.tracks.track.tolist(),
            sorted(project.joins.said(1).items()),
            (undo := Merging(project, 1).to_undo) and undo.about,
        ]


def steps(project: Project) -> list[Callable[[], Any]]:
    """The work of a session, one call a step."""
    review = Review(project)

    def edit() -> None:
        old = project.images.labels(1)
        data = np.array(old.data)
        data[data == 4] = 3
        revise(project, 1, old, Segmentation(data, "nucleus", "edited"))
        review.reload()

    def replace_labels() -> None:
        data = field_labels()
        data[data == 9] = 0
        data[data == 11] = 111
        hand_over(project, 1, Segmentation(data, "nucleus", "others"))

    def complete() -> None:
        first = project.predictions.sets(1)[0]
        predict(
            project,
            rows=review.stale_rows,
            completes=first.id,
            model=first.model,
            model_sha256=first.model_sha256,
        )
        review.reload()

    return [
        lambda: review.say(0, "prophase"),
        lambda: review.say([1, 2, 3], "mitotic", note="stage unknown"),
        lambda: review.accept(range(len(review))),
        review.undo,
        review.undo,
        review.redo,
        lambda: project.set_parameter("place", 7),
        lambda: review.mark_seen([1, 5]),
        lambda: project.tracked.put(1, Tracks(np.arange(len(review)), {})),
        lambda: predict(project, seed=1),
        edit,
        complete,
        lambda: review.exclude(5, "debris"),
        lambda: unite(project, project.folder.parent / "hers" / "field.cellcycle"),
        Merging(project, 1).undo,
        replace_labels,
        project.close,
    ]


def count_points(project: Project | None, reached: Callable[[], None]) -> None:
    """Call a function before every statement of SQL and every operation on files."""
    if project is not None:
        project.store.database._connection.set_trace_callback(lambda _: reached())
    for name in ("replace", "fsync", "open", "unlink", "mkdir", "rename", "chmod"):
        real = getattr(os, name)

        def counted(*args: Any, real: Any = real, **more: Any) -> Any:
            reached()
            return real(*args, **more)

        setattr(os, name, counted)


def run(folder: Path, report: Callable[[int], None], kill_at: int | None) -> int:
    """Do the work; returns how many points there were."""
    points = 0

    def reached() -> None:
        nonlocal points
        points += 1
        if points == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    project = Project.open(folder, who=WHO)
    work = steps(project)
    count_points(project, reached)
    for number, step in enumerate(work):
        step()
        report(number + 1)
    return points


def in_fork(work: Callable[[int], None]) -> tuple[bytes, int]:
    """Run in a fork that may die; returns what it wrote, and its status."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        status = 1
        try:
            work(write)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    told = b""
    while part := os.read(read, 4096):
        told += part
    os.close(read)
    return told, os.waitpid(child, 0)[1]


def every_point(folder: Path, step: int) -> dict[str, Any]:
    with make_project(folder) as project:
        template = project.folder
    (folder / "hers").mkdir()
    with make_project(folder / "hers", "Bea") as other:
        Review(other).say([6, 7], "prophase")
        Review(other).say(8, "mitotic", note="sure")
        Merging(other, 1).merge(0, [9, 10])
        Merging(other, 1).reject(0, [5, 6])
    # what is there after each step
    expected = [snapshot(template)]
    states: list[Any] = []
    for stop in range(1, 17):
        place = folder / "dry.cellcycle"
        shutil.copytree(template, place)

        def dry(write: int, place: Path = place, stop: int = stop) -> None:
            project = Project.open(place, who=WHO)
            for work in steps(project)[:stop]:
                work()

        assert in_fork(dry)[1] == 0
        states.append(snapshot(place))
        shutil.rmtree(place)
    expected += states
    place = folder / "all.cellcycle"
    shutil.copytree(template, place)
    told, status = in_fork(
        lambda write: os.write(write, str(run(place, lambda _: None, None)).encode()) and None
    )
    assert status == 0
    total = int(told)
    tried, old, new, lost = 0, 0, 0, []
    for point in range(1, total + 1, step):
        place = folder / f"killed{point}.cellcycle"
        shutil.copytree(template, place)

        def work(write: int, place: Path = place, point: int = point) -> None:
            run(place, lambda number: os.write(write, bytes([number])) and None, point)

        told, status = in_fork(work)
        assert os.WIFSIGNALED(status), status
        done = told[-1] if told else 0
        found = snapshot(place)
        tried += 1
        if found == expected[done]:
            old += 1
        elif done + 1 < len(expected) and found == expected[done + 1]:
            new += 1
        else:
            lost.append([point, done])
        shutil.rmtree(place)
    distinct = len({json.dumps(state) for state in expected})
    return {
        "points": total, "tried": tried, "old": old, "new": new, "lost": lost, "states": distinct,
    }  # fmt: skip


def creation(folder: Path) -> dict[str, Any]:
    """A project that was being made is whole, or not there."""
    tried, there = 0, 0
    while True:
        place = folder / f"new{tried}.cellcycle"

        def work(write: int, place: Path = place, kill_at: int = tried + 1) -> None:
            points = 0

            def reached() -> None:
                nonlocal points
                points += 1
                if points == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

            count_points(None, reached)
            Project.create(place, who=WHO).close()

        _, status = in_fork(work)
        if place.exists():
            there += 1
            Project.open(place, who=WHO).close()
        if not os.WIFSIGNALED(status):
            assert status == 0
            return {"tried": tried, "there": there}
        tried += 1


def random_moments(folder: Path, times: int) -> dict[str, Any]:
    """Every correction that was acknowledged is there, and at most one more."""
    with make_project(folder) as project:
        place = project.folder
    chosen = random.Random(0)
    lost, acknowledged = [], 0
    for number in range(times):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                project = Project.open(place, who=WHO)
                review = Review(project)
                start = 0
                while True:
                    review.say(
                        start % 12, ("prophase", "mitotic")[start // 12 % 2], note=str(start)
                    )
                    start += 1
                    os.write(write, b".")
            finally:
                os._exit(1)
        os.close(write)
        told = os.read(read, 1)
        time.sleep(chosen.random() * 0.05)
        os.kill(child, signal.SIGKILL)
        while part := os.read(read, 4096):
            told += part
        os.close(read)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        check(place / "journal.sqlite", read_only=False)
        with Project.open(place, who=WHO) as project:
            notes = [Review(project).word(row).note for row in range(12)]
        n = len(told)
        acknowledged += n
        allowed = [
            [
                str(max(i for i in range(m) if i % 12 == row)) if row < m else None
                for row in range(12)
            ]
            for m in (n, n + 1)
        ]
        # cells that this round did not reach keep the words of the round before
        if not any(
            all(want is None or want == note for want, note in zip(state, notes, strict=True))
            for state in allowed
        ):
            lost.append([number, n])
    return {"kills": times, "acknowledged": acknowledged, "lost": lost}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    layer_field()
    if sys.argv[2] == "create":
        print(json.dumps(creation(target)))
    elif sys.argv[2] == "random":
        print(json.dumps(random_moments(target, int(sys.argv[3]))))
    else:
        print(json.dumps(every_point(target, int(sys.argv[2]))))
