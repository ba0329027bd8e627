"""Names: several in one field of a table, and long ones made short."""

from __future__ import annotations

import re
from os.path import commonprefix
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONG = 12
_TIFF = re.compile(r"(\.ome)?(\.tiff?)?$", re.IGNORECASE)
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


def shortened(names: Sequence[str]) -> list[str]:
    """Names without a long beginning that all of them share: what differs is read first."""
    common = commonprefix(list(names)) if len(names) > 1 else ""  # noqa: RUF071
    cut = max(common.rfind(mark) for mark in "_- ") + 1
    return [f"…{name[cut:]}" for name in names] if cut > _LONG else list(names)


def stem(name: str) -> str:
    """Name of an image or layer without the ending of a TIFF, as a caption has it."""
    return _TIFF.sub("", name)
