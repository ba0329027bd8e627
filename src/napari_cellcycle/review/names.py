"""Several names in one field of a table, and the same names again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS = re.compile(r";;|; |.", re.DOTALL)


def join_names(names: Iterable[str]) -> str:
    """Write ``Ann; Bea``; a semicolon in a name is doubled."""
    return "; ".join(name.replace(";", ";;") for name in names)


def split_names(text: str) -> list[str]:
    """Read :func:`join_names`."""
    names = [""]
    for part in _PARTS.findall(text):
        if part == "; ":
            names.append("")
        else:
            names[-1] += ";" if part == ";;" else part
    return [name for name in names if name]
