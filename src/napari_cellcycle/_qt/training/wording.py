"""Messages as somebody at the dock can use them."""

from __future__ import annotations

import re

_FIELDS = (
    (
        re.compile(r".* was made with other data, another start, other options.*"),
        "The data, the start or the recipe have changed since this training was interrupted, so "
        "that it cannot go on. Bring back what it began with, or train anew.",
    ),
    (re.compile(r"Delete it, or begin anew \(--replace instead of --resume\)"), "Train anew"),
    (re.compile(r", or take another seed \(--seed\)"), ""),
    (re.compile(r" Test on the others only \(--held-out\); if"), " If"),
    (re.compile(r"\(--(map|merge)\b[^()]*\)"), "(Rename)"),
    (re.compile(r"such as --map .*\.$"), "in the field Rename."),
    (re.compile(r"\(--group-key\)"), "(Split by)"),
    (re.compile(r"\(--from\)"), "(Start)"),
    (re.compile(r" \(--with\)"), ""),
)
"""Options of the command line, and what they are in the dock."""


def for_dock(message: str) -> str:
    """Name fields of the dock where a message names options of the command line."""
    for option, field in _FIELDS:
        message = option.sub(field, message)
    return message
