"""Keys in the mosaic: arrows and their kin, select all of a phase, zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_cellcycle._qt.review.gallery.mosaic import Mosaic

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier


def press_key(mosaic: Mosaic, event: QKeyEvent) -> bool:
    """Do what a key asks for; whether it asks for anything.

    Arrows, Page up and down, Home and End go to a cell, with Shift they select up to it. ``Ctrl+A``
    selects the bin of the current cell, Escape nothing, Enter activates, ``+`` and ``-`` zoom. What
    is left, such as digits, is for others.
    """
    if event.type() != QEvent.Type.KeyPress:
        return False
    key, modifiers, selection = event.key(), event.modifiers(), mosaic.source.selection
    if key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal):
        mosaic.zoom_by(-1 if key == Qt.Key.Key_Minus else 1)
    elif key == Qt.Key.Key_Escape and selection.mask.any():
        selection.clear()
    elif key == Qt.Key.Key_A and modifiers == _CTRL:
        number, _ = mosaic.bins.find(selection.current)
        if number >= 0:
            mosaic.picker.add(mosaic.bins.members(number), keep=False)
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and selection.current >= 0:
        mosaic.activated.emit(selection.current)
    else:
        target = _target_of(mosaic, key)
        if target < 0:
            return False
        extend = bool(modifiers & _SHIFT)
        mosaic.picker.pick(target, toggle=extend and bool(modifiers & _CTRL), extend=extend)
    return True


def _target_of(mosaic: Mosaic, key: int) -> int:
    """Cell that a key leads to, -1 where it leads nowhere."""
    rows = max(mosaic.view.height() // mosaic.page.pitch - 1, 1)
    up: dict[int, int] = {
        Qt.Key.Key_Up: 1,
        Qt.Key.Key_Down: -1,
        Qt.Key.Key_PageUp: rows,
        Qt.Key.Key_PageDown: -rows,
    }
    across: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
    ends: dict[int, int] = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(mosaic) - 1}
    if not len(mosaic) or not (key in up or key in across or key in ends):
        return -1
    current = mosaic.source.selection.current
    rank = mosaic.rank(current)
    if rank < 0 or key in ends:
        return mosaic.at(ends.get(key, 0))
    if key in across:
        return mosaic.at(min(max(rank + across[key], 0), len(mosaic) - 1))
    number, place = mosaic.bins.find(current)
    section = mosaic.page.section(number)
    assert section is not None
    section, place = mosaic.page.above(section, place, up[key])
    return int(mosaic.bins.members(section.number)[place])
