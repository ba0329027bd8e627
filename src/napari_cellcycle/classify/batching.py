"""Forward passes in batches that shrink when the device runs out of memory."""

from __future__ import annotations

import gc
import logging
import threading
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.models.classifier import ProjectionClassifier

    Levels = tuple[NDArray[np.float64], NDArray[np.float64]]

log = logging.getLogger(__name__)

_SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "failed to allocate")


class Batcher:
    """Predicts any number of cells, at most ``size`` at a time; threads may share it.

    Parameters
    ----------
    classifier : ProjectionClassifier
    size : int
        Cells a batch; halved for good whenever the device runs out of memory.
    """

    def __init__(self, classifier: ProjectionClassifier, size: int) -> None:
        self._classifier = classifier
        self._asked = size
        self.size = size
        self._lock = threading.Lock()

    def predict(
        self, images: NDArray[np.float32], axes: Sequence[str], *, exact: bool = True
    ) -> Levels:
        """Predict as :meth:`ProjectionClassifier.predict`, whatever the number of cells.

        Parameters
        ----------
        images : ndarray, ``(n, axes, channels, size, size)``, float32
            Views, in [0, 1].
        axes : sequence of {"x", "y", "z"}
            Axis along which each was projected.
        exact : bool
            As for :meth:`ProjectionClassifier.predict`.

        Raises
        ------
        DeviceError
            If not even one cell fits into the device's memory.
        """
        parts: list[Levels] = []
        start = 0
        while start < len(images):
            size = self.size
            part = self._try(images[start : start + size], axes, exact)
            if part is None:
                self._halve(size)
            else:
                parts.append(part)
                start += len(part[0])
        if not parts:
            return self._classifier.predict(images, axes, exact=exact)
        level1, level2 = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return level1, level2

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of what happened."""
        if self.size == self._asked:
            return ()
        return (
            f"{self._classifier.device} ran out of memory with {self._asked} cells a batch; "
            f"{self.size} a batch were used instead. The results do not depend on it.",
        )

    def _try(self, images: NDArray[np.float32], axes: Sequence[str], exact: bool) -> Levels | None:
        try:
            return self._classifier.predict(images, axes, exact=exact)
        except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
            if not is_out_of_memory(error):
                raise
        return None

    def _halve(self, tried: int) -> None:
        import torch

        device = self._classifier.device
        # outside of the except block: the error's traceback holds on to tensors
        gc.collect()
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif device == "mps":
            torch.mps.empty_cache()
        if tried == 1:
            raise DeviceError(
                f"{device} has too little free memory for one cell. Close other programs that use "
                "it, or choose the device cpu."
            )
        with self._lock:
            if self.size == tried:  # no other thread has
                self.size //= 2
                log.info("%s is out of memory: %d cells a batch from here on", device, self.size)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch means that memory ran out."""
    import torch

    if isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)):
        return True
    return any(sign in str(error).lower() for sign in _SIGNS)
