"""Orders worked off one after the other, away from the server's own thread."""

from __future__ import annotations

import logging
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.serve.answer import work_off
from napari_cellcycle.serve.wording import for_page, without_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from napari_cellcycle.serve.answer import Answer
    from napari_cellcycle.serve.order import Order

log = logging.getLogger(__name__)

MOST_WAITING = 4
MOST_KEPT = 8
_OURS = "An error of the program, not of your image; the terminal of the server shows it."


class FullError(CellCycleError):
    """Nobody more can wait."""

    def __init__(self) -> None:
        super().__init__("Too many images wait already; try again later.")


class Run:
    """One order and what has become of it.

    Parameters
    ----------
    order : Order
    folder : TemporaryDirectory
        Holds the files of the order; removed as soon as they are not needed.
    """

    def __init__(self, order: Order, folder: TemporaryDirectory[str]) -> None:
        self.id = secrets.token_urlsafe(16)
        """Known to the sender alone."""
        self.order = order
        self.folder = folder
        self.state = "waiting"
        """Then ``running``, and ``done``, ``failed`` or ``cancelled``."""
        self.done = 0
        self.total = 0
        self.error = ""
        self.answer: Answer | None = None
        self.cancelled = threading.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")

    def to_dict(self) -> dict[str, Any]:
        """What the page is told while it waits, and in the end."""
        known: dict[str, Any] = {"state": self.state, "done": self.done, "total": self.total}
        if self.error:
            known["error"] = self.error
        if self.answer is not None:
            known["answer"] = self.answer.summary
        return known


class Runs:
    """All runs of a server: one is worked on, a few wait, the last ones are kept.

    Parameters
    ----------
    device : str
        Where to compute.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._runs: dict[str, Run] = {}
        self._coming = 0
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="classify")

    def __getitem__(self, id: str) -> Run:
        return self._runs[id]

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place for a run that is still being sent.

        Raises
        ------
        FullError
            If nobody more can wait.
        """
        with self._lock:
            going = sum(not run.is_over for run in self._runs.values())
            if going + self._coming > MOST_WAITING:
                raise FullError
            self._coming += 1
        try:
            yield
        finally:
            with self._lock:
                self._coming -= 1

    def add(self, run: Run) -> None:
        """Put a run at the end of the queue, and forget the oldest ones that are over."""
        with self._lock:
            over = [known.id for known in self._runs.values() if known.is_over]
            for oldest in over[: max(0, len(over) - MOST_KEPT + 1)]:
                del self._runs[oldest]
            self._runs[run.id] = run
        self._worker.submit(self._work, run)

    def before(self, run: Run) -> int:
        """Count the runs that must end before this one begins."""
        if run.state != "waiting":
            return 0
        runs = self._all()
        return sum(not other.is_over for other in runs[: runs.index(run)])

    def remove(self, run: Run) -> None:
        """Stop a run at its next step, and forget it; one that waits ends at once."""
        with self._lock:
            run.cancelled.set()
            self._runs.pop(run.id, None)
            if run.state == "waiting":
                run.state = "cancelled"
                run.folder.cleanup()

    def close(self) -> None:
        """Stop everything, and remove what was sent."""
        for run in self._all():
            self.remove(run)
        self._worker.shutdown()

    def _all(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())

    def _work(self, run: Run) -> None:
        from pathlib import Path

        with self._lock:
            if run.state != "waiting":
                return
            run.state = "running"
        folder = Path(run.folder.name)
        try:
            run.answer = self._answer(run, folder)
        except CellCycleError as error:
            run.error = for_page(without_paths(str(error), run.order, folder))
        except MemoryError:
            run.error = "This computer has too little free memory for the image. Crop it."
        except Exception:
            log.exception("%s could not be classified", run.order.image.name)
            run.error = _OURS
        finally:
            run.state = "failed" if run.error else "done" if run.answer else "cancelled"
            run.folder.cleanup()

    def _answer(self, run: Run, folder: Path) -> Answer | None:
        """Work step by step; ``None`` if it was cancelled in between."""
        work = work_off(run.order, self._device, folder)
        while True:
            try:
                run.done, run.total = next(work)
            except StopIteration as end:
                answer: Answer = end.value
                return None if run.cancelled.is_set() else answer
            if run.cancelled.is_set():
                work.close()
                return None
