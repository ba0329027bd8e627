"""Free text in CSV files: safe in a spreadsheet, and the same again when it is read back."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutralise(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Carriage returns, which would end the row in some readers, become spaces.
    """
    safe = f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text
    return safe.replace("\r", " ")


def restore(text: str) -> str:
    """Undo :func:`neutralise`."""
    escaped = text.startswith("'") and text.lstrip("'").startswith(_FORMULA)
    return text[1:] if escaped else text
