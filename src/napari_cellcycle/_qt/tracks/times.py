"""How long phases last, as a small table in rich text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_cellcycle.counted import counted
from napari_cellcycle.figures.timing import duration_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.timing import Timing

    Ints = NDArray[np.integer[Any]]


class Times(QLabel):
    """Shows what was measured, and whether it is of the phases that there are now."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._timing: Timing | None = None
        self._final: Ints = np.zeros(0, np.int64)

    def show_timing(self, timing: Timing, final: Ints) -> None:
        """Show durations.

        Parameters
        ----------
        timing : Timing
            As measured.
        final : ndarray, ``(n,)``, int
            Code of the final phase of each cell that they were measured of.
        """
        self._timing, self._final = timing, final
        self.follow(final)

    def follow(self, final: Ints) -> None:
        """Say so where these are the final phases now, and others were measured."""
        if self._timing is not None:
            is_new = np.array_equal(final, self._final)
            self.setText(times_html(self._timing, is_new=is_new))

    def forget(self) -> None:
        """Show nothing."""
        self._timing = None
        self.clear()


def times_html(timing: Timing, *, is_new: bool = True) -> str:
    """Median of each duration, how many it is of, and the number of divisions.

    Parameters
    ----------
    timing : Timing
        As measured.
    is_new : bool
        Whether it is of the phases that there are now; else it says so.
    """
    head, *rows = duration_rows(timing)
    body = "".join(_row(row, "td") for row in rows)
    divided = counted(len(timing.divisions), "division")
    since = "" if is_new else "<p>Phases have changed since: measure again.</p>"
    return (
        f"{since}<table cellspacing='0' cellpadding='3' width='100%'>{_row(head, 'th')}{body}"
        f"</table><p>{divided}. Medians of final phases, with 95 % limits; what was not seen to "
        "end counts as lasting longer.</p>"
    )


def _row(texts: tuple[str, ...], tag: str) -> str:
    first, *others = texts
    wrap = "" if tag == "th" else " style='white-space: nowrap'"
    cells = "".join(f"<{tag} align='right'{wrap}>{escape(text)}</{tag}>" for text in others)
    return f"<tr><{tag} align='left'>{escape(first)}</{tag}>{cells}</tr>"
