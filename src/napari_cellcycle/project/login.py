"""Under which name the person who works has logged in."""

from __future__ import annotations

import getpass


def login() -> str:
    """Name of the login; empty where the computer knows none, as in some containers."""
    try:
        return getpass.getuser()
    except (
        KeyError,
        OSError,
        ImportError,
    ):  # before Python 3.13 each system has an error of its own
        return ""
