"""One SQLite file whose changes are on the disk, all or none, before a call returns."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.drives import is_local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

WAIT_S = 5.0
"""How long another program's short write is waited for."""


class Database:
    """A connection with the settings that projects rely on.

    On a local disk commits go to a write-ahead log, which waits for the disk once; on any other
    drive, where such a log does not work, to a rollback journal, which waits several times. A
    closed project is one file in both cases. ``EXTRA`` is ``FULL`` and also waits for the folder
    entry of the rollback journal, which ends a commit.

    Parameters
    ----------
    path : Path
        The file.
    read_only : bool
        Never write.
    create : bool
        Make the file if it is not there.
    """

    def __init__(self, path: Path, *, read_only: bool = False, create: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = threading.RLock()
        with self._explained("be opened"):
            if read_only:
                self._connection = _look(path)
            else:
                self._connection = _connect(path, "mode=rwc" if create else "mode=rw")
                mode = "WAL" if is_local(path.parent) else "DELETE"
                self._connection.execute(f"PRAGMA journal_mode = {mode}")
                self._connection.execute("PRAGMA synchronous = EXTRA")
            self._connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        """Let go of the file, after what another thread is writing; the log goes into it first."""
        with self._lock:
            if not self.read_only:
                # while somebody looks, the log stays, and works as well
                with suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA busy_timeout = 0")
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read rows."""
        with self._lock, self._explained("be read"):
            return self._connection.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Read the first value of the first row, or None."""
        rows = self.query(sql, values)
        return rows[0][0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Make changes that hold together: once the block is done they are on the disk.

        If the block or the commit fails, none of them is.

        Raises
        ------
        ProjectError
            If the disk is full or fails, or another program writes for too long.
        """
        with self._lock, self._explained("be written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def copy_to(self, path: Path) -> None:
        """Copy all of it as it is now, also while another program reads or writes."""
        with self._lock, self._explained("be copied"):
            target = sqlite3.connect(path, isolation_level=None)
            try:
                self._connection.backup(target)
            finally:
                target.close()

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ProjectError(_explanation(error, self.path, what)) from error


class Transaction:
    """What can be done inside :meth:`Database.transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Any]) -> int:
        """Insert one row; returns its number."""
        number = self._connection.execute(sql, values).lastrowid
        assert number is not None
        return number

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement for each row; returns how many rows changed."""
        return self._connection.executemany(sql, rows).rowcount


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}",
        uri=True,
        timeout=WAIT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _look(path: Path) -> sqlite3.Connection:
    """Open for reading, also in a folder where SQLite can put nothing beside the file."""
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if leftovers(path):
            raise
        connection = _connect(path, "mode=ro&immutable=1")
    return connection


def leftovers(path: Path) -> list[Path]:
    """Files beside a database that a program which died in the middle has left."""
    beside = (path.with_name(f"{path.name}-{end}") for end in ("journal", "wal"))
    return [file for file in beside if file.exists() and file.stat().st_size]


_KINDS = {
    sqlite3.SQLITE_FULL: (
        "there is no room left on its disk. Make room and do it again; everything before this "
        "step is safe"
    ),
    sqlite3.SQLITE_READONLY: (
        "it may only be read. Give yourself the right to write there, or copy the project to a "
        "folder of yours"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the file or its folder cannot be reached. Look whether it is still there and whether you "
        "may read and write it"
    ),
    sqlite3.SQLITE_PERM: "you have no right to it. Ask its owner, or copy it to a folder of yours",
    sqlite3.SQLITE_BUSY: "another program is writing to it. Close that one and do it again",
    sqlite3.SQLITE_LOCKED: "another program is writing to it. Close that one and do it again",
    sqlite3.SQLITE_PROTOCOL: (
        "its drive knows no file locks. Copy the project to a disk of this computer"
    ),
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Put a copy from its folder 'copies' in its place",
    sqlite3.SQLITE_NOTADB: (
        "it is no project of napari-cellcycle, or it is damaged. If it was one, put a copy from "
        "its folder 'copies' in its place"
    ),
    sqlite3.SQLITE_IOERR: (
        "its disk or network drive fails. Everything before this step is safe; look at the drive "
        "and do it again"
    ),
}


def _explanation(error: sqlite3.Error, path: Path, what: str) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    reason = _KINDS.get(code & 0xFF) if code is not None else None
    if reason is None:
        return f"{path} cannot {what}: {error}."
    return f"{path} cannot {what}: {reason} ({error})."
