"""What the parts of an open project share: folder, database, who works, and what is allowed."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ReadOnlyProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellcycle.project.database import Database, Transaction

SUFFIX = ".cellcycle"


def project_folder(path: Path) -> Path:
    """Folder of a project that somebody names: the ending is added where it is missing."""
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


@dataclass(frozen=True, slots=True)
class Store:
    """An open project folder.

    Parameters
    ----------
    folder : Path
        ``NAME.cellcycle``.
    database : Database
        Its journal.
    identity : str
        UUID of the project.
    who : str
        Name of the person who works.
    reason : str
        Why nothing may be changed; empty where it may.
    """

    folder: Path
    database: Database
    identity: str
    who: str
    reason: str = ""

    def check_writable(self) -> None:
        """Refuse before any work is done for nothing.

        Raises
        ------
        ReadOnlyProjectError
            With the reason.
        """
        if self.reason:
            raise ReadOnlyProjectError(self.reason)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Make changes, see :meth:`napari_cellcycle.project.database.Database.transaction`."""
        self.check_writable()
        with self.database.transaction() as changes:
            yield changes

    def has_table(self, name: str) -> bool:
        """Whether there is a table: an older project that may only be looked at lacks some."""
        return bool(self.database.query("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)))

    def parameter(self, name: str, default: Any = None) -> Any:
        """A value that was kept with :meth:`set_parameter`."""
        text = self.database.value(
            "SELECT value FROM project WHERE name = ?", (f"parameter/{name}",)
        )
        return default if text is None else json.loads(text)

    def set_parameter(self, name: str, value: Any) -> None:
        """Keep a value that JSON can hold, such as the place in the queue."""
        with self.transaction() as changes:
            changes.run(
                "INSERT INTO project VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
                "value = excluded.value",
                (f"parameter/{name}", json.dumps(value)),
            )
