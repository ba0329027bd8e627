"""Numbers of things in words."""

from __future__ import annotations


def counted(n: int, one: str, many: str = "") -> str:
    """Say how many there are: "1 cell", "1,234 cells".

    Parameters
    ----------
    n : int
        How many.
    one : str
        What is said of one.
    many : str, optional
        What is said of none or several; by default ``one`` with an "s".
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
