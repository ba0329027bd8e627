"""How long phases last, as a small table in rich text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from napari_cellcycle.figures.timing import duration_rows

if TYPE_CHECKING:
    from napari_cellcycle.cells.timing import Timing


def times_html(timing: Timing) -> str:
    """Median of each duration, how many it is of, and the number of divisions."""
    head, *rows = duration_rows(timing)
    n = len(timing.divisions)
    body = "".join(_row(row, "td") for row in rows)
    divided = f"{n:,} division{'s' if n != 1 else ''}"
    return (
        f"<table cellspacing='0' cellpadding='3' width='100%'>{_row(head, 'th')}{body}</table>"
        f"<p>{divided}. Medians of final phases, with 95 % limits; what was not seen to end counts "
        "as lasting longer.</p>"
    )


def _row(texts: tuple[str, ...], tag: str) -> str:
    first, *others = texts
    wrap = "" if tag == "th" else " style='white-space: nowrap'"
    cells = "".join(f"<{tag} align='right'{wrap}>{escape(text)}</{tag}>" for text in others)
    return f"<tr><{tag} align='left'>{escape(first)}</{tag}>{cells}</tr>"
