"""Opening a file without the readers' chatter, and without losing what it tells."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGGERS = (
    "aicsimageio",
    "bioio",
    "bioio_base",
    "bioio_czi",
    "bioio_lif",
    "bioio_nd2",
    "bioio_ome_tiff",
    "bioio_ome_zarr",
    "bioio_tifffile",
    "ome_types",
    "ome_zarr",
    "tifffile",
    "xmlschema",
)

_lock = threading.RLock()


class _Collector(logging.Handler):
    """Keeps messages instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Silence the log and the warnings of the reading libraries while a file is opened.

    Readers are tried in turn, and each failure is logged although a later one succeeds. Files are
    opened one at a time, because loggers and warning filters belong to the whole process.

    Yields
    ------
    list of str
        Grows by every message that was logged at level WARNING or above.
    """
    collector = _Collector()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = [logger.propagate for logger in loggers]
        for logger in loggers:
            logger.addHandler(collector)
            logger.propagate = False
        try:
            yield collector.messages
        finally:
            for logger, propagate in zip(loggers, before, strict=True):
                logger.removeHandler(collector)
                logger.propagate = propagate
