"""What can be undone and redone, told from the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellcycle.project.words import Action


class History:
    """One person's actions that stand, and those that were undone since the last new one.

    Parameters
    ----------
    actions : iterable of Action
        As the journal has them, oldest first.
    """

    def __init__(self, actions: Iterable[Action] = ()) -> None:
        self._known: dict[bytes, Action] = {}
        self._done: list[bytes] = []
        self._undone: list[bytes] = []
        for action in actions:
            self.add(action)

    def add(self, action: Action) -> None:
        """Take note of one more action."""
        if action.kind == "undo" and _take(self._done, action.undoes):
            self._undone.append(action.undoes or b"")
        elif action.kind == "redo" and _take(self._undone, action.undoes):
            self._done.append(action.undoes or b"")
        elif action.kind in ("say", "join", "import"):
            self._known[action.id] = action
            self._done.append(action.id)
            self._undone.clear()

    @property
    def to_undo(self) -> Action | None:
        """What :meth:`~napari_cellcycle.review.state.Review.undo` would take back."""
        return self._known[self._done[-1]] if self._done else None

    @property
    def to_redo(self) -> Action | None:
        """What :meth:`~napari_cellcycle.review.state.Review.redo` would bring back."""
        return self._known[self._undone[-1]] if self._undone else None

    def __len__(self) -> int:
        return len(self._done)


def _take(stack: list[bytes], action: bytes | None) -> bool:
    """Take an action off a stack, where it nearly always lies on top."""
    if stack and stack[-1] == action:
        stack.pop()
        return True
    if action in stack:
        stack.remove(action)
        return True
    return False
