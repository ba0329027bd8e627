"""Telling others that something has changed, without knowing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Signal:
    """Functions to call when something has happened, in the order in which they came."""

    def __init__(self) -> None:
        self._heard_by: list[Callable[..., Any]] = []

    def connect(self, function: Callable[..., Any]) -> None:
        """Call a function from now on."""
        self._heard_by.append(function)

    def disconnect(self, function: Callable[..., Any]) -> None:
        """Call it no more."""
        if function in self._heard_by:
            self._heard_by.remove(function)

    def emit(self, *values: Any) -> None:
        """Call them all."""
        for function in tuple(self._heard_by):
            function(*values)
