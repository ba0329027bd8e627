"""The keys of Review and Daughters: one table, from which they are bound, shown and changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QKeySequence

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet

REVIEW, DAUGHTERS = "Review cells", "Daughters"
"""Dock widgets that have keys; a key may be in both, since only one has the focus."""
_PHASE = "phase:"
_PAIR = "pair:"
AS_MADE: Mapping[str, str] = MappingProxyType({})
"""No key was changed."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    Parameters
    ----------
    action : str
        Name of the action.
    keys : str
        As Qt writes them, such as ``Ctrl+Z``; empty for none.
    words : str
        What it does, for a person.
    where : {"Review cells", "Daughters"}
        Dock widget in which it works.
    """

    action: str
    keys: str
    words: str
    where: str = REVIEW

    @property
    def title(self) -> str:
        """What it does, and where."""
        return self.words if self.where == REVIEW else f"{self.where}: {self.words}"

    @property
    def gesture(self) -> str:
        """Name of the action in its dock widget."""
        return self.action.removeprefix(_PAIR)

    @property
    def slug(self) -> str:
        """The phase that it says; empty where it does something else."""
        return self.action.removeprefix(_PHASE) if self.action.startswith(_PHASE) else ""


KEYS = (
    Key("next", "D", "next cell of the queue"),
    Key("previous", "A", "previous cell"),
    Key("next-image", "Shift+D", "next image of the project"),
    Key("accept", "Return", "accept the prediction"),
    Key("accept-all", "Shift+Return", "accept all above 0.99 of the cell's predicted phase"),
    Key("exclude", "X", "exclude: debris, out of focus, badly segmented"),
    Key("exclude-why", "Shift+X", "exclude, and pick why: then D, F or S"),
    Key("unsure", "U", "unsure, with the note in the field"),
    Key("note", "N", "write a note"),
    Key("clear", "Backspace", "back to predicted"),
    Key("undo", "Ctrl+Z", "undo, and go to the cell"),
    Key("redo", "Ctrl+Shift+Z", "redo"),
    Key("centre", "C", "centre and zoom to the cell"),
    Key("isolate", "I", "show only this cell, or all again"),
    Key("outline", "O", "outline uncertain cells, or no more"),
    Key("names", "T", "write the phases on the cells, or no more"),
    Key("update", "R", "take edited labels over, and classify stale cells again"),
)
"""Keys of the actions of Review; those of the phases are made from the vocabulary."""

PAIR_KEYS = tuple(
    Key(f"{_PAIR}{gesture}", keys, words, DAUGHTERS)
    for gesture, keys, words in (
        ("previous", "A", "previous pair"),
        ("next", "D", "next pair"),
        ("accept", "Return", "accept: the two labels are one cell"),
        ("reject", "X", "reject: they are not one cell, and not proposed any more"),
        ("undo", "Ctrl+Z", "undo"),
        ("redo", "Ctrl+Shift+Z", "redo"),
        ("merge", "M", "merge the cells that are selected in Review cells"),
        ("split", "S", "split the merged cell at hand into its labels"),
    )
)

_ELSEWHERE = {
    REVIEW: {
        **dict.fromkeys(
            ("Left", "Right", "Up", "Down", "PgUp", "PgDown", "Home", "End"),
            "go from cell to cell in the gallery and the table",
        ),
        **dict.fromkeys(("+", "-", "="), "change the size of the pictures in the gallery"),
        "Ctrl+A": "select a phase in the gallery",
        "Esc": "select nothing in the gallery",
    },
    DAUGHTERS: {},
}
_EVERYWHERE = dict.fromkeys(("Tab", "Backtab"), "go from field to field")


def keys_of(phases: PhaseSet, changes: Mapping[str, str] = AS_MADE) -> tuple[Key, ...]:
    """All keys, with a vocabulary's: 1 to 9 for its leaves, 0 for the first branch, if not changed.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    changes : mapping of str to str
        Keys that a person chose, by action; empty for none. An action whose key somebody else
        was given has none.
    """
    return _chosen(_as_made(phases), changes)


def pair_keys(changes: Mapping[str, str] = AS_MADE) -> tuple[Key, ...]:
    """Make the keys of Daughters, which need no vocabulary; see :func:`keys_of`."""
    return _chosen(PAIR_KEYS, changes)


def _chosen(usual: tuple[Key, ...], changes: Mapping[str, str]) -> tuple[Key, ...]:
    taken: dict[tuple[str, str], str] = {}
    for key in usual:
        if changes.get(key.action):
            taken.setdefault((key.where, changes[key.action]), key.action)
    found = []
    for key in usual:
        wanted = changes.get(key.action, key.keys)
        is_free = taken.get((key.where, wanted), key.action) == key.action
        found.append(replace(key, keys=wanted if is_free else ""))
    return tuple(found)


def change_key(
    phases: PhaseSet, changes: Mapping[str, str], action: str, keys: str
) -> dict[str, str]:
    """Give an action another key, or none.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    changes : mapping of str to str
        As in :func:`keys_of`.
    action : str
        Its name.
    keys : str
        As Qt writes them; empty for none.

    Returns
    -------
    dict of str to str
        The new changes.

    Raises
    ------
    CellCycleError
        If the key does something else, or the canvas does not know it.
    """
    keys = as_written(keys)
    if keys:
        _check_free(keys_of(phases, changes), action, keys)
    new = {**changes, action: keys}
    if keys == _key_of(_as_made(phases), action).keys:
        del new[action]
    return new


def reset_key(phases: PhaseSet, changes: Mapping[str, str], action: str) -> dict[str, str]:
    """Give an action its first key again.

    Raises
    ------
    CellCycleError
        If that key does something else now.
    """
    return change_key(phases, changes, action, _key_of(_as_made(phases), action).keys)


def as_written(keys: str) -> str:
    """One spelling for a key: the first of a sequence, and Return for both keys Enter."""
    sequence = QKeySequence(keys)
    if not sequence.count():
        return ""
    text = QKeySequence(sequence[0]).toString(QKeySequence.SequenceFormat.PortableText)
    return text.replace("Num+", "").replace("Enter", "Return")


def for_canvas(keys: str) -> Any:
    """The key as napari binds it, None where it has no such key."""
    from app_model.backends.qt import qkeysequence2modelkeybinding

    binding = qkeysequence2modelkeybinding(QKeySequence(keys))
    return binding if str(binding) else None


def with_key(text: str, keys: str) -> str:
    """A text with the key behind it, if there is one."""
    return f"{text} ({keys})" if keys else text


def _as_made(phases: PhaseSet) -> tuple[Key, ...]:
    digits = [*"123456789"]
    found = [
        Key(f"{_PHASE}{leaf.slug}", digits[place] if place < len(digits) else "", leaf.name)
        for place, leaf in enumerate(phases.leaves)
    ]
    branches = [phase for phase in phases if phases.children(phase.slug)]
    found += [
        Key(f"{_PHASE}{branch.slug}", "" if place else "0", f"{branch.name}, stage unknown")
        for place, branch in enumerate(branches)
    ]
    return (*KEYS[:4], *found, *KEYS[4:], *PAIR_KEYS)


def _key_of(keys: tuple[Key, ...], action: str) -> Key:
    return next(key for key in keys if key.action == action)


def _check_free(keys: tuple[Key, ...], action: str, wanted: str) -> None:
    mine = _key_of(keys, action)
    for key in keys:
        if (key.where, key.keys) == (mine.where, wanted) and key is not mine:
            raise CellCycleError(
                f"{wanted} is the key of “{key.words}” and cannot be that of “{mine.words}” too. "
                "Choose another, or clear the first."
            )
    plain = wanted.removeprefix("Shift+")
    elsewhere = _EVERYWHERE | _ELSEWHERE[mine.where]
    does = elsewhere.get(wanted) or elsewhere.get(plain)
    if does is not None:
        raise CellCycleError(
            f"{wanted} is there to {does} and cannot be the key of “{mine.words}” too. Choose "
            "another."
        )
    if for_canvas(wanted) is None:
        raise CellCycleError(
            f"napari's canvas knows no key {wanted}, so it cannot be that of “{mine.words}”. "
            "Choose a letter, a digit or a function key."
        )
