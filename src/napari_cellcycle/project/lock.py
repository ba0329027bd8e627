"""Who may write: one program at a time, the others look."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from napari_cellcycle.project.schema import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock.sqlite"


class WriterLock:
    """The right to write a project, held until it is released or the program ends.

    It is SQLite's own reserved lock on an empty file beside the journal: the operating system
    frees it when the program dies, however it dies.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def acquire(cls, folder: Path) -> WriterLock | None:
        """Take the right, or return None if another program has it.

        Raises
        ------
        OSError
            If the folder may not be written, or its drive knows no locks.
        """
        # where a file may only be read, SQLite would take a right that is worth nothing; the files
        # must not be opened to find out, since closing them would free other locks on them
        for path in (folder, folder / JOURNAL, folder / LOCK):
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(f"{path.name} may not be written")
        connection = None
        try:
            connection = sqlite3.connect(
                folder / LOCK, timeout=0, isolation_level=None, check_same_thread=False
            )
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                return None
            raise OSError(str(error)) from error
        return cls(connection)

    def release(self) -> None:
        """Let another program write."""
        self._connection.close()
