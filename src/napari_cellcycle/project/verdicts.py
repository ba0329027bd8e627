"""What people said of labels that may be one cell, and what of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from napari_cellcycle.cells.merge import Group

Verdict = Literal["none", "one", "apart"]
"""Nothing is said, or it was taken back; the labels are one cell; they are not."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A person's verdict on some labels of one frame.

    Parameters
    ----------
    id : bytes
        UUID.
    group : (frame, labels)
        Labels as they are without merged cells.
    verdict : {"none", "one", "apart"}
        ``"none"`` takes back what anybody said of the labels, as a split does.
    who : str
    """

    id: bytes
    group: Group
    verdict: Verdict
    who: str


def standing(statements: Iterable[Statement]) -> dict[Group, Statement]:
    """Find what holds of each group of labels: what was said last and not taken back.

    Of merged cells that share a label the newest holds, and labels that were said to be apart since
    are no part of one. So the same statements give the same cells in every project.

    Parameters
    ----------
    statements : iterable of Statement
        Oldest first, without those of gestures that were undone.
    """
    last: dict[Group, Statement] = {}
    for statement in statements:
        last.pop(statement.group, None)
        if statement.verdict != "none":
            last[statement.group] = statement
    held: dict[Group, Statement] = {}
    near: dict[tuple[int, int], dict[Group, Statement]] = {}
    for statement in reversed(last.values()):
        frame, labels = statement.group
        around = [near.setdefault((frame, label), {}) for label in labels]
        if statement.verdict == "one" and any(rival_of(statement, newer) for newer in around):
            continue
        held[statement.group] = statement
        for newer in around:
            newer[statement.group] = statement
    return held


def rival_of(statement: Statement, held: Mapping[Group, Statement]) -> Statement | None:
    """Find what contradicts a statement.

    Parameters
    ----------
    statement : Statement
        That labels are one cell, or that they are not.
    held : mapping of Group to Statement
        What holds.
    """
    return next((other for other in held.values() if _contradict(statement, other)), None)


def _contradict(first: Statement, second: Statement) -> bool:
    (frame, labels), (other_frame, other_labels) = first.group, second.group
    mine, theirs = set(labels), set(other_labels)
    if frame != other_frame or mine.isdisjoint(theirs):
        return False
    match first.verdict, second.verdict:
        case "one", "one":
            return mine != theirs
        case "one", "apart":
            return theirs <= mine
        case "apart", "one":
            return mine <= theirs
    return False


def merged_after(
    merged: Collection[Group],
    before: Iterable[Statement],
    now: Iterable[Statement],
    spoken: Collection[Group],
) -> set[Group]:
    """Find what is one cell after something more was said.

    Parameters
    ----------
    merged : collection of Group
        What is one cell so far. Not all of what was said: an earlier segmentation that is shown
        again has no merged cells, and a new one has none yet.
    before, now : iterable of Statement
        All of what was said, oldest first, without and with what is new.
    spoken : collection of Group
        Of what something new was said.
    """
    was, holds = _merged_in(before), _merged_in(now)
    added = {group for group in holds if group not in was or group in spoken}
    taken = {(frame, label) for frame, labels in added for label in labels}
    left = {
        group
        for group in merged
        if (group in holds or (group not in was and group not in spoken))
        and taken.isdisjoint((group[0], label) for label in group[1])
    }
    return left | added


def _merged_in(statements: Iterable[Statement]) -> set[Group]:
    return {group for group, said in standing(statements).items() if said.verdict == "one"}
