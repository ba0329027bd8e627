"""Review: what is true of every cell now, the order to look at them, and what people agree on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.review.agreement import confusion, measure_agreement
    from napari_cellcycle.review.answers import read_answers
    from napari_cellcycle.review.queue import ORDERS, Filter, Queue
    from napari_cellcycle.review.state import Change, Review
    from napari_cellcycle.review.transfer import revise
    from napari_cellcycle.review.union import unite

_HOME = {
    "Change": "state",
    "Filter": "queue",
    "ORDERS": "queue",
    "Queue": "queue",
    "Review": "state",
    "confusion": "agreement",
    "read_answers": "answers",
    "revise": "transfer",
    "measure_agreement": "agreement",
    "unite": "union",
}

__all__ = [
    "ORDERS",
    "Change",
    "Filter",
    "Queue",
    "Review",
    "confusion",
    "measure_agreement",
    "read_answers",
    "revise",
    "unite",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
