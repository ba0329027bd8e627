"""Any sequence of actions, against a model that is slow and obvious."""

from __future__ import annotations

import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fields import N_CELLS, make_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_cellcycle.project import Project
from napari_cellcycle.review import Change, Filter, Queue, Review

ROWS = st.lists(st.integers(0, N_CELLS - 1), min_size=1, max_size=5, unique=True)
HOW = st.sampled_from(["at once", "in a thread", "not shown"])
SAY = st.tuples(
    st.just("say"), HOW, ROWS, st.sampled_from(["prophase", "mitotic", "non-mitotic"]),
    st.sampled_from(["", "=note"]),
)  # fmt: skip
DO = st.one_of(
    SAY,
    SAY,
    st.tuples(st.sampled_from(["exclude", "unsure", "clear", "accept"]), HOW, ROWS),
    st.tuples(st.sampled_from(["undo", "undo", "redo"]), HOW),
    st.tuples(st.just("seen"), ROWS),
    st.tuples(st.just("reload")),
    st.tuples(st.just("open"), st.sampled_from(["Ann", "Bob", "Cem"])),
)
NOTHING = ("none", "", "")


def gesture(review: Review, name: str, how: str, *values: Any, **more: Any) -> Change:
    """Make a gesture as a script does, or as the dock does with many cells, or die before the end.

    What was entered in the journal and never shown is there when everything is read again.
    """
    if how == "at once":
        found: Change = getattr(review, name)(*values, **more)
        return found
    with ThreadPoolExecutor(1) as pool:
        entered = pool.submit(getattr(review.scribe, name), *values, **more).result()
    if how == "in a thread":
        return review.take(entered)
    review.reload()
    return entered.change


class Naive:
    """Words in dictionaries, stacks in lists."""

    def __init__(self, predicted: list[str]) -> None:
        self.predicted = predicted
        self.words: dict[tuple[str, int], tuple[str, str, str]] = {}
        self.done: dict[str, list[Any]] = {}
        self.undone: dict[str, list[Any]] = {}

    def say(self, who: str, rows: list[int], word: Any) -> None:
        change = []
        for row in rows:
            old, new = self.words.get((who, row), NOTHING), word(row)
            if old != new:
                change.append((row, old, new))
                self.words[who, row] = new
        if change:
            self.done.setdefault(who, []).append(change)
            self.undone[who] = []

    def undo(self, who: str) -> list[int]:
        return self._move(who, self.done, self.undone, 1)

    def redo(self, who: str) -> list[int]:
        return self._move(who, self.undone, self.done, 2)

    def _move(self, who: str, source: Any, target: Any, which: int) -> list[int]:
        if not source.get(who):
            return []
        change = source[who].pop()
        target.setdefault(who, []).append(change)
        for item in change:
            self.words[who, item[0]] = item[which]
        return [item[0] for item in change]

    def decided(self, row: int) -> tuple[str, str]:
        said = Counter(
            word[:2] for (_, r), word in self.words.items() if r == row and word != NOTHING
        )
        if not said:
            return "predicted", self.predicted[row]
        most = [word for word, n in said.items() if n == max(said.values())]
        if len(most) > 1:
            return "conflict", ""
        kind, phase = most[0]
        if kind != "phase":
            return {"exclude": "excluded", "unsure": "unsure"}[kind], ""
        return ("accepted" if phase == self.predicted[row] else "corrected"), phase


@settings(
    max_examples=50, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(st.lists(DO, max_size=30))
def test_any_sequence_of_actions(actions: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        review = Review(project)
        naive = Naive(review.final_slugs())
        only = Filter(statuses=frozenset({"predicted", "conflict"}), seen=False)
        queue = Queue(review, "volume", only)
        seen: dict[str, set[int]] = {}
        for name, *values in actions:
            who = project.who
            if name == "say":
                how, rows, phase, note = values
                gesture(review, name, how, rows, phase, note=note)
                naive.say(who, rows, lambda row, w=("phase", phase, note): w)
            elif name == "accept":
                gesture(review, name, *values)
                naive.say(who, values[1], lambda row: ("phase", naive.predicted[row], ""))
            elif name in ("exclude", "unsure", "clear"):
                gesture(review, name, *values)
                word = ("none" if name == "clear" else name, "", "")
                naive.say(who, values[1], lambda row, w=word: w)
            elif name == "seen":
                review.mark_seen(values[0])
                seen.setdefault(who, set()).update(values[0])
            elif name == "reload":
                review.reload()
            elif name == "open":
                project.close()
                project = Project.open(project.folder, who=values[0])
                review = Review(project)
                queue = Queue(review, "volume", only)
            else:
                found = gesture(review, name, *values)
                assert found.rows.tolist() == getattr(naive, name)(who)
                assert found.skipped == 0
            expected = [naive.decided(row) for row in range(N_CELLS)]
            assert list(zip(review.statuses(), review.final_slugs(), strict=True)) == expected
            wanted = [
                status in ("predicted", "conflict") and row not in seen.get(project.who, set())
                for row, (status, _) in enumerate(expected)
            ]
            assert queue.match.tolist() == wanted
            assert queue.count == sum(wanted)
        for (who, row), word in naive.words.items():
            if who in review.people:
                found = review.word(row, who)
                assert (found.kind, found.phase, found.note) == word
        project.close()
