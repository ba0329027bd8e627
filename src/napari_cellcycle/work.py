"""Work that goes on in steps, for a caller who waits for its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Step = TypeVar("Step")
Told = TypeVar("Told")
Found = TypeVar("Found")


def run_to_end(
    work: Generator[Step, None, Found], each: Callable[[Step], object] | None = None
) -> Found:
    """Run a generator to its end.

    Parameters
    ----------
    work : generator
        Yields after each step, and returns what it found.
    each : callable of a step, optional
        Called with what it yields.

    Returns
    -------
    object
        What the generator returns.
    """
    steps = _Steps(work)
    for step in steps:
        if each is not None:
            each(step)
    return steps.found


def told_as(
    work: Generator[Step, None, Found], tell: Callable[[Step], Told]
) -> Generator[Told, None, Found]:
    """Go through a generator step by step, and put each step into other words.

    Parameters
    ----------
    work : generator
        Yields after each step, and returns what it found.
    tell : callable of a step
        Gives what is yielded instead.

    Yields
    ------
    object
        What ``tell`` gives.

    Returns
    -------
    object
        What the generator returns.
    """
    steps = _Steps(work)
    for step in steps:
        yield tell(step)
    return steps.found


class _Steps(Generic[Step, Found]):
    """The steps of work; what it found is known after the last."""

    found: Found

    def __init__(self, work: Generator[Step, None, Found]) -> None:
        self._work = work

    def __iter__(self) -> Generator[Step, None, None]:
        self.found = yield from self._work
