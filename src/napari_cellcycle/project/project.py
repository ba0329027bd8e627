"""A project: the folder ``NAME.cellcycle``, opened."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import tempfile
import uuid
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.files import sync_folder
from napari_cellcycle.project.database import Database
from napari_cellcycle.project.images import Images
from napari_cellcycle.project.inputs import Inputs
from napari_cellcycle.project.joins import Joins
from napari_cellcycle.project.journal import Journal
from napari_cellcycle.project.lock import WriterLock
from napari_cellcycle.project.measured import Measured
from napari_cellcycle.project.predictions import Predictions
from napari_cellcycle.project.schema import (
    JOURNAL,
    OLDEST,
    SCHEMA,
    check,
    daily_copy,
    make_tables,
    migrate,
)
from napari_cellcycle.project.seen import Seen
from napari_cellcycle.project.segmentations import Segmentations
from napari_cellcycle.project.store import SUFFIX, Store, project_folder
from napari_cellcycle.project.tracked import Tracked
from napari_cellcycle.project.vocabularies import Vocabularies
from napari_cellcycle.project.words import now

EXPORTS = "exports"


class Project:
    """An open project.

    Made by :meth:`create` and :meth:`open`; closed by :meth:`close` or at the end of a ``with``.

    Attributes
    ----------
    folder : Path
    who : str
        Name of the person who works; every word is kept under it.
    read_only : bool
        Whether nothing may be changed.
    reason : str
        Why not.
    images, inputs, segmentations, predictions, measured, tracked
        Its images, their cells, and what is known of these.
    vocabularies, journal, joins, seen
        What people said and looked at, and in which words.
    """

    def __init__(
        self, folder: Path, database: Database, who: str, *, lock: WriterLock | None, reason: str
    ) -> None:
        self._lock = lock
        identity = str(database.value("SELECT value FROM project WHERE name = 'identity'"))
        self._store = Store(folder, database, identity, who, reason)
        self.vocabularies = Vocabularies(self._store)
        self.segmentations = Segmentations(self._store)
        self.inputs = Inputs(self._store, self.segmentations)
        self.images = Images(self._store, self.segmentations, self.inputs)
        self.predictions = Predictions(self._store, self.segmentations, self.vocabularies)
        self.measured = Measured(self._store, self.segmentations)
        self.tracked = Tracked(self._store, self.segmentations)
        self.journal = Journal(self._store)
        self.joins = Joins(self._store, self.segmentations, self.journal)
        self.seen = Seen(self._store)

    @classmethod
    def create(cls, folder: str | os.PathLike[str], *, who: str) -> Project:
        """Make an empty project and open it.

        Parameters
        ----------
        folder : path-like
            ``NAME.cellcycle``; the ending is added where it is missing.
        who : str
            Name of the person who works.

        Raises
        ------
        ProjectError
            If there is something already, or the place may not be written.
        """
        who = _name(who)
        folder = project_folder(Path(folder).expanduser().resolve())
        if folder.exists():
            raise ProjectError(f"{folder} is there already: open it, or choose another name.")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.stem}-"))
        except OSError as error:
            raise ProjectError(
                f"No project can be made in {folder.parent}: {error.strerror or error}. Choose a "
                "folder where you may write."
            ) from error
        try:
            database = Database(new / JOURNAL, create=True)
            try:
                values = {"identity": str(uuid.uuid4()), "made_by": version("napari-cellcycle")}
                make_tables(database, {**values, "made": str(now())})
            finally:
                database.close()
            umask = os.umask(0)
            os.umask(umask)
            new.chmod(0o777 & ~umask)
            new.rename(folder)
            sync_folder(folder.parent)
        except OSError as error:
            raise ProjectError(
                f"{folder} cannot be made: {error.strerror or error}. Choose another place or name."
            ) from error
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return cls.open(folder, who=who)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, who: str, read_only: bool = False) -> Project:
        """Open a project.

        It is opened to be looked at, with :attr:`reason`, where another program has it open or the
        folder may not be written.

        Parameters
        ----------
        folder : path-like
            ``NAME.cellcycle``, or the journal inside.
        who : str
            Name of the person who works.
        read_only : bool
            Only look, and take nobody's right to write.

        Raises
        ------
        ProjectError
            If it is no project, damaged, or of a newer version.
        """
        who = _name(who)
        folder = Path(folder).expanduser().resolve()
        if folder.name == JOURNAL:
            folder = folder.parent
        if not folder.is_dir():
            raise ProjectError(
                f"There is no project {folder}: choose a folder whose name ends with {SUFFIX}."
            )
        path = folder / JOURNAL
        lock, reason = None, "It was opened to be looked at only."
        if not read_only and path.is_file():
            lock, reason = _take_lock(folder)
        try:
            found = check(path, read_only=lock is None)
            if lock is not None:
                migrate(path, found)
            elif found < OLDEST:
                raise ProjectError(
                    f"{folder} is of an older version ({found}) and can be brought to the present "
                    f"one ({SCHEMA}) only where it may be written: {reason}"
                )
            database = Database(path, read_only=lock is None)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        if reason == _TAKEN:
            reason = _taken(folder, database)
        if lock is not None:
            reason = _begin(database, who)
        return cls(folder, database, who, lock=lock, reason=reason)

    @property
    def folder(self) -> Path:
        """``NAME.cellcycle``."""
        return self._store.folder

    @property
    def who(self) -> str:
        """Name of the person who works."""
        return self._store.who

    @property
    def identity(self) -> str:
        """UUID of the project."""
        return self._store.identity

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return bool(self._store.reason)

    @property
    def reason(self) -> str:
        """Why nothing may be changed; empty where it may."""
        return self._store.reason

    @property
    def store(self) -> Store:
        """What parts of the project share."""
        return self._store

    @property
    def exports(self) -> Path:
        """Folder for what is written for other programs."""
        return self.folder / EXPORTS

    def parameter(self, name: str, default: Any = None) -> Any:
        """A value that was kept with :meth:`set_parameter`."""
        return self._store.parameter(name, default)

    def set_parameter(self, name: str, value: Any) -> None:
        """Keep a value that JSON can hold, such as the place in the queue."""
        self._store.set_parameter(name, value)

    def close(self) -> None:
        """End the session and let another program write. Nothing has to be saved."""
        database = self._store.database
        if self._lock is not None:
            # on a full disk too, the project closes; what was saved is saved
            with suppress(ProjectError, OSError):
                with database.transaction() as changes:
                    changes.run(
                        "UPDATE session SET closed = ? WHERE closed IS NULL AND process = ?",
                        (now(), os.getpid()),
                    )
                daily_copy(database)
        database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_TAKEN = "taken"


def _name(who: str) -> str:
    name = " ".join(who.split())
    if not name:
        raise ProjectError("Say who works: every word is kept under a name.")
    return name


def _take_lock(folder: Path) -> tuple[WriterLock | None, str]:
    try:
        lock = WriterLock.acquire(folder)
    except OSError as error:
        return None, (
            f"{folder} may only be read, or its drive knows no file locks ({error}). Copy it to a "
            "folder of yours to change it."
        )
    return lock, "" if lock is not None else _TAKEN


def _taken(folder: Path, database: Database) -> str:
    rows = database.query(
        "SELECT who, host, opened FROM session WHERE closed IS NULL ORDER BY number DESC LIMIT 1"
    )
    if not rows:
        return f"Another program has {folder.name} open; you can look, but not change anything."
    who, host, opened = rows[0]
    since = datetime.datetime.fromtimestamp(opened / 1e6).astimezone()
    return (
        f"{who} has {folder.name} open on {host} since {since:%Y-%m-%d %H:%M}; you can look, but "
        "not change anything until it is closed there."
    )


def _begin(database: Database, who: str) -> str:
    """Enter a session; returns why nothing can be changed, if that is so."""
    try:
        daily_copy(database)
        with database.transaction() as changes:
            changes.insert(
                "INSERT INTO session (who, host, process, version, opened) VALUES (?, ?, ?, ?, ?)",
                (who, socket.gethostname(), os.getpid(), version("napari-cellcycle"), now()),
            )
    except (ProjectError, OSError) as error:
        return f"You can look, but not change anything: {error}"
    return ""
