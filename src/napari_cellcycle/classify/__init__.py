"""From images and labels to phases: devices, batches, checks against the card, tables."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.classify.channels import resolve_channels
    from napari_cellcycle.classify.checks import Findings, compare_with_card
    from napari_cellcycle.classify.crop import classify_crop
    from napari_cellcycle.classify.device import available_devices, choose_device
    from napari_cellcycle.classify.request import ClassifyRequest, Prepared, prepare
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.classify.run import Batch, classify, iter_classify

_HOME = {
    "Batch": "run",
    "Classification": "result",
    "ClassifyRequest": "request",
    "Findings": "checks",
    "Prepared": "request",
    "available_devices": "device",
    "choose_device": "device",
    "classify": "run",
    "classify_crop": "crop",
    "compare_with_card": "checks",
    "iter_classify": "run",
    "prepare": "request",
    "resolve_channels": "channels",
}

__all__ = [
    "Batch",
    "Classification",
    "ClassifyRequest",
    "Findings",
    "Prepared",
    "available_devices",
    "choose_device",
    "classify",
    "classify_crop",
    "compare_with_card",
    "iter_classify",
    "prepare",
    "resolve_channels",
]

__getattr__, __dir__ = lazily(__name__, _HOME)


class _Room(ModuleType):
    """A package that can be called: ``napari_cellcycle.classify`` is also the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Classification:
        """Call :func:`napari_cellcycle.classify.run.classify`."""
        from napari_cellcycle.classify.run import classify

        return classify(*args, **kwargs)


# Importing any module of this room makes the room an attribute of napari_cellcycle, where a script
# looks for the function of the same name.
sys.modules[__name__].__class__ = _Room
