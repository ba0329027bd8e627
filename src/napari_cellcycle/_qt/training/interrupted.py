"""Trainings that were interrupted, by a crash perhaps, and can go on from their checkpoints."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from napari_cellcycle._qt.training.asked import TrainRun
from napari_cellcycle.errors import TrainingError
from napari_cellcycle.files import replacing
from napari_cellcycle.models.catalogue import data_folder
from napari_cellcycle.project.lock import WriterLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellcycle.train.fit.fitting import Progress

_ASKED = "asked.json"
"""Beside the checkpoints, and removed with them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a training was.

    Parameters
    ----------
    axis : str
    epoch, epochs : int
        The last whole one, of at most so many.
    """

    axis: str
    epoch: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A training that is not finished, and that no window is at work on.

    Parameters
    ----------
    run : TrainRun
        What it was to do.
    reached : Reached
    when : float
        Time of its last whole epoch, in seconds.
    """

    run: TrainRun
    reached: Reached
    when: float

    def leave(self) -> None:
        """Offer it no more; its checkpoints stay."""
        (self.run.checkpoints / _ASKED).unlink(missing_ok=True)


def keep_asked(run: TrainRun, found: Progress) -> None:
    """Keep what a training is to do, and where it is, beside the checkpoint of an epoch."""
    values = {
        "run": run.to_dict(),
        "reached": asdict(Reached(found.axis, found.epoch, found.epochs)),
    }
    with replacing(run.checkpoints / _ASKED) as new:
        new.write_text(json.dumps(values), encoding="utf-8")


def trainings_folder() -> Path:
    """Where the dock trains: a folder each."""
    return data_folder() / "trainings"


def find_interrupted() -> list[Interrupted]:
    """Find the interrupted trainings of this dock, the latest first."""
    found = []
    for path in trainings_folder().glob(f"*/*.checkpoints/{_ASKED}"):
        out = path.parent.with_suffix("")
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            run = TrainRun.from_dict(values["run"], out)
            one = Interrupted(run, Reached(**values["reached"]), path.stat().st_mtime)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # of another version, or gone
        if run.has_checkpoints and not _is_at_work(out.parent):
            found.append(one)
    return sorted(found, key=lambda one: -one.when)


@contextmanager
def alone(run: TrainRun) -> Iterator[None]:
    """Keep other windows from this training until the block is done, or the program dies.

    A drive that knows no locks keeps none out.

    Raises
    ------
    TrainingError
        If another window is at work on it.
    """
    try:
        lock = WriterLock.acquire(run.out.parent)
    except OSError:
        yield
        return
    if lock is None:
        raise TrainingError(f"{run.name} is being trained in another window: leave it to that.")
    try:
        yield
    finally:
        lock.release()


def _is_at_work(folder: Path) -> bool:
    try:
        lock = WriterLock.acquire(folder)
    except OSError:
        return False
    if lock is not None:
        lock.release()
    return lock is None
