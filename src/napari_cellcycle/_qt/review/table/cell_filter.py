"""What a person types to find cells: words, numbers and comparisons, all of which must hold."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.review.look import phase_name, status_name
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.source import CellSource

    Mask = NDArray[np.bool_]

HELP = (
    "Words that must all hold: a phase, a status or a note (metaphase, corrected, debris), "
    "a label (17), seen, unseen, or a comparison (confidence<0.8, entropy>0.3, frame=2, "
    "predicted=anaphase). A - before a word turns it round."
)
_COMPARE = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_COMPARISON = re.compile(r"([a-z]+)(<=|>=|<|>|=)(.+)")
_PREDICTED = ("predicted", "confidence", "entropy", "axis")
_PLACES = {"z": 0, "y": 1, "x": 2}


def matching(source: CellSource, text: str) -> Mask:
    """Find the cells that a text asks for.

    Parameters
    ----------
    source : CellSource
        Its columns as they are now.
    text : str
        As :data:`HELP` says; nothing asks for all cells.

    Returns
    -------
    ndarray, ``(n,)``, bool

    Raises
    ------
    CellCycleError
        If a comparison names no column, or no number follows.
    """
    found = np.ones(len(source), bool)
    for quoted, word in re.findall(r'(-?"[^"]*")|(\S+)', text.casefold()):
        term = (quoted or word).replace('"', "")
        if len(term) > 1 and term.startswith("-"):
            found &= ~_term(source, term[1:])
        elif term:
            found &= _term(source, term)
    return found


def _term(source: CellSource, term: str) -> Mask:
    comparison = _COMPARISON.fullmatch(term)
    if comparison is not None:
        return _compare(source, *comparison.groups())
    if term.isdecimal():
        return np.asarray(source.label == int(term))
    if term in ("seen", "unseen"):
        return np.asarray(source.seen == (term == "seen"))
    found = _has_phase(source, source.phase, term) | _has_status(source, term)
    noted = np.flatnonzero(source.notes != "")
    told = source.notes[noted].tolist()
    found[noted] |= np.array([term in note.casefold() for note in told], bool)
    return found


def _compare(source: CellSource, name: str, sign: str, value: str) -> Mask:
    if source.blind and name in _PREDICTED:
        raise CellCycleError(f"Predictions are hidden in blind mode: {name} cannot be looked for.")
    if sign == "=":
        if name in ("phase", "predicted"):
            return _has_phase(source, getattr(source, name), value)
        if name == "status":
            return _has_status(source, value)
        if name == "axis":
            return np.asarray(source.deciding_axis == value)
    numbers = _numbers(source, name)
    try:
        limit = float(value)
    except ValueError:
        raise CellCycleError(f"{value!r} in {name}{sign}{value} is no number.") from None
    return np.asarray(_COMPARE[sign](numbers, limit))


def _numbers(source: CellSource, name: str) -> Any:
    if name in ("label", "frame", "confidence", "entropy"):
        return getattr(source, name)
    if name in _PLACES:
        return source.position[:, _PLACES[name]]
    raise CellCycleError(
        f"There is no column {name!r} to compare. There are label, frame, confidence, entropy, z, "
        "y, x; and phase, predicted, status, axis with =."
    )


def _has_phase(source: CellSource, codes: NDArray[np.integer[Any]], part: str) -> Mask:
    """Whether a phase is called so, or holds it in its name or slug if none is called so."""
    phases = source.phases
    names = [(phase_name(phases, i), phase.slug) for i, phase in enumerate(phases)]
    # the last place is that of cells without a phase, code -1
    wanted = _wanted([*names, (phase_name(phases, -1),)], part)
    return np.asarray(wanted[codes])


def _has_status(source: CellSource, part: str) -> Mask:
    return np.asarray(_wanted([(status_name(status),) for status in STATUSES], part)[source.status])


def _wanted(names: Sequence[tuple[str, ...]], part: str) -> Mask:
    exact = [part in (name.casefold() for name in all_names) for all_names in names]
    if not any(exact):
        exact = [any(part in name.casefold() for name in all_names) for all_names in names]
    return np.array(exact)
