"""Messages as a visitor of the page can use them: their names of the files, our fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.serve.order import Order

_FIELDS = (
    (re.compile(r"\(--spacing [^()]*\)"), "(the fields of the spacing)"),
    (re.compile(r"\(--isotropic\)"), "(the box below the spacing)"),
    (re.compile(r"\(--channel [^()]*\)"), "(the fields of the channels, numbers from 0)"),
    (re.compile(r"\(--model ([\w-]+)[^()]*\)"), r"(model \1)"),
)
"""An option of the command line, in brackets, and what it is on the page."""


def for_page(message: str) -> str:
    """Name fields of the page where a message names options of the command line."""
    for option, field in _FIELDS:
        message = option.sub(field, message)
    return message


def without_paths(message: str, order: Order, folder: Path) -> str:
    """Put the sender's names for our files into a message, and take our folder out."""
    for upload in (order.image, order.labels):
        if upload is not None:
            ours = f"({re.escape(str(upload.path))})|({re.escape(upload.path.name)})"
            theirs = upload.name.replace("\\", r"\\")
            message = re.sub(ours, theirs, message)
    return message.replace(str(folder), "")
