"""Long work off the screen's thread: one generator at a time, with progress and Cancel."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import CLOSED, told_of_disk


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception


class Job(QObject):
    """Runs a generator in a thread; its signals arrive in the thread of the screen.

    Cancelling takes effect at the generator's next ``yield``. The viewer's task manager knows the
    work and asks before the window is closed.

    Parameters
    ----------
    parent : QObject or None
    wording : callable, optional
        Makes of the text of a refusal what is told.
    """

    stepped = Signal(object)
    """What the generator yielded."""
    succeeded = Signal(object)
    """What it returned."""
    refused = Signal(str)
    """A :class:`CellCycleError`, or a disk that takes nothing: its text, for the user."""
    cancelled = Signal()
    ended = Signal()
    """After any of the outcomes."""

    def __init__(
        self, parent: QObject | None = None, *, wording: Callable[[str], str] = str
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._worker: Any = None
        self._returned = 0

    @property
    def is_running(self) -> bool:
        """Whether work is under way."""
        return self._worker is not None

    @property
    def abort_requested(self) -> bool:
        """Whether somebody asked the work to stop; the work itself may look at it."""
        worker = self._worker
        return worker is None or bool(worker.abort_requested)

    def start(
        self, title: str, generator: Callable[..., Generator[Any, None, Any]], *args: Any
    ) -> None:
        """Run ``generator(*args)``; a former run must have ended.

        Parameters
        ----------
        title : str
            What napari says is going on when the window is about to be closed.
        generator : callable
            Its yields and its result arrive as signals.
        *args : Any
            What the generator is called with.
        """
        from napari.qt.threading import create_worker

        if self.is_running:
            raise RuntimeError("a job is already running")
        worker = create_worker(_Task(_guarded, generator, args, title=title), _start_thread=False)
        worker.yielded.connect(self._on_yielded)
        worker.returned.connect(self._on_returned)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        worker.start()

    def cancel(self) -> None:
        """Ask the work to stop; :attr:`cancelled` follows."""
        if self._worker is not None:
            self._worker.quit()

    def _on_yielded(self, value: Any) -> None:
        if self._worker is not None and not self._worker.abort_requested:
            self.stepped.emit(value)

    def _on_returned(self, result: Any) -> None:
        self._worker = None
        self._returned += 1
        if isinstance(result, _Failure):
            told = _told(result.error)
            if told is not None:
                self._tell(told)
            else:
                self._report(result.error)
        else:
            self.succeeded.emit(result)
        self.ended.emit()

    def _on_finished(self) -> None:
        if self._returned:  # of a worker that has returned; the next one may be at work by now
            self._returned -= 1
        elif self._worker is not None:  # it returned nothing: it was asked to stop
            self._worker = None
            self.cancelled.emit()
            self.ended.emit()

    def _tell(self, text: str) -> None:
        """Say what a user can mend, in the widget and as a notification, without a traceback."""
        from napari.utils.notifications import show_error

        told = self._wording(text)
        self.refused.emit(told)
        show_error(told)

    def _report(self, error: Exception) -> None:
        """Hand a mistake of ours to napari, which shows it with its traceback."""
        from napari.utils.notifications import notification_manager

        self.refused.emit(f"This is a bug ({type(error).__name__}: {error}). Please report it.")
        notification_manager.receive_error(type(error), error, error.__traceback__)


def _told(error: Exception) -> str | None:
    """Text of what a user can mend; None of a mistake of ours."""
    if isinstance(error, CellCycleError):
        return str(error)
    if isinstance(error, OSError) and error.errno in CLOSED:
        return told_of_disk(error)
    return None


class _Task(functools.partial[Any]):
    """A generator function that napari's task manager can name."""

    def __new__(cls, *args: Any, title: str) -> _Task:
        task = super().__new__(cls, *args)
        task.__dict__["title"] = title
        return task

    def __repr__(self) -> str:
        return str(self.__dict__["title"])


def _guarded(
    generator: Callable[..., Generator[Any, None, Any]], args: tuple[Any, ...]
) -> Generator[Any, None, Any]:
    """Return an error instead of raising it: the worker would swallow a RuntimeError."""
    try:
        return (yield from generator(*args))
    except Exception as error:  # noqa: BLE001
        return _Failure(error)
