"""The tables of a project, their version, and the way from older versions."""

from __future__ import annotations

import datetime
import sqlite3
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.files import replacing
from napari_cellcycle.project.database import Database, Transaction, leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

JOURNAL = "journal.sqlite"
COPIES = "copies"
N_COPIES = 3
APPLICATION = 0x63636C65
"""Number in the header of the file that tells projects from other SQLite files ("ccle")."""
SCHEMA = 4
OLDEST = 1
"""The oldest version that can be looked at as it is: later ones only added tables."""

MEASUREMENT = """CREATE TABLE measurement (
        segmentation INTEGER NOT NULL REFERENCES segmentation, channel INTEGER NOT NULL,
        definition INTEGER NOT NULL, time INTEGER NOT NULL, file TEXT NOT NULL,
        PRIMARY KEY (segmentation, channel, definition)) WITHOUT ROWID"""
TRACKING = """CREATE TABLE tracking (
        number INTEGER PRIMARY KEY, segmentation INTEGER NOT NULL REFERENCES segmentation,
        time INTEGER NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL, frame_minutes REAL,
        file TEXT NOT NULL)"""
DERIVATION = """CREATE TABLE derivation (
        segmentation INTEGER PRIMARY KEY REFERENCES segmentation,
        base INTEGER NOT NULL REFERENCES segmentation, merged TEXT NOT NULL)"""
JOINING = """CREATE TABLE joining (
        action BLOB NOT NULL REFERENCES action, id BLOB NOT NULL, who TEXT NOT NULL,
        time INTEGER NOT NULL, segmentation INTEGER NOT NULL REFERENCES segmentation,
        frame INTEGER NOT NULL, labels TEXT NOT NULL, old TEXT NOT NULL,
        new TEXT NOT NULL CHECK (new IN ('none', 'one', 'apart')), source TEXT NOT NULL,
        PRIMARY KEY (action, id)) WITHOUT ROWID"""


def _kept(table: str) -> tuple[str, ...]:
    """Triggers of a table from which nothing is taken out."""
    return tuple(
        f"""CREATE TRIGGER {table}_is_kept_on_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    )


TABLES = (
    "CREATE TABLE project (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE session (
        number INTEGER PRIMARY KEY, who TEXT NOT NULL, host TEXT NOT NULL, process INTEGER NOT NULL,
        version TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER)""",
    """CREATE TABLE image (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, scene TEXT NOT NULL,
        signature TEXT NOT NULL, segmentation INTEGER, settings TEXT NOT NULL,
        UNIQUE (name, scene))""",
    """CREATE TABLE input (
        image INTEGER NOT NULL REFERENCES image, role TEXT NOT NULL, name TEXT NOT NULL,
        relative TEXT, absolute TEXT, size INTEGER, modified INTEGER, signature TEXT NOT NULL,
        PRIMARY KEY (image, role)) WITHOUT ROWID""",
    """CREATE TABLE segmentation (
        number INTEGER PRIMARY KEY, image INTEGER NOT NULL REFERENCES image, digest TEXT NOT NULL,
        time INTEGER NOT NULL, who TEXT NOT NULL, cells TEXT NOT NULL, labels TEXT,
        UNIQUE (image, digest))""",
    """CREATE TABLE revision (
        old INTEGER NOT NULL REFERENCES segmentation, new INTEGER NOT NULL REFERENCES segmentation,
        time INTEGER NOT NULL, who TEXT NOT NULL, moved BLOB NOT NULL,
        PRIMARY KEY (old, new)) WITHOUT ROWID""",
    """CREATE TABLE vocabulary (name TEXT PRIMARY KEY, phases TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE prediction_set (
        id TEXT PRIMARY KEY, segmentation INTEGER NOT NULL REFERENCES segmentation,
        completes TEXT REFERENCES prediction_set, time INTEGER NOT NULL, who TEXT NOT NULL,
        model TEXT NOT NULL, model_sha256 TEXT NOT NULL, vocabulary TEXT NOT NULL,
        cells INTEGER NOT NULL, about TEXT NOT NULL, file TEXT NOT NULL)""",
    """CREATE TABLE action (
        id BLOB PRIMARY KEY, kind TEXT NOT NULL, undoes BLOB, who TEXT NOT NULL,
        time INTEGER NOT NULL, image INTEGER NOT NULL REFERENCES image, vocabulary TEXT NOT NULL,
        made_in TEXT NOT NULL, about TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE event (
        action BLOB NOT NULL REFERENCES action, id BLOB NOT NULL, who TEXT NOT NULL,
        time INTEGER NOT NULL, segmentation INTEGER NOT NULL REFERENCES segmentation,
        frame INTEGER NOT NULL, label INTEGER NOT NULL, vocabulary TEXT NOT NULL,
        old_kind TEXT NOT NULL, old_phase TEXT NOT NULL, old_note TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('none', 'phase', 'unsure', 'exclude')),
        phase TEXT NOT NULL, note TEXT NOT NULL, source TEXT NOT NULL,
        PRIMARY KEY (action, id)) WITHOUT ROWID""",
    """CREATE TABLE seen (
        segmentation INTEGER NOT NULL REFERENCES segmentation, who TEXT NOT NULL,
        frame INTEGER NOT NULL, label INTEGER NOT NULL,
        PRIMARY KEY (segmentation, who, frame, label)) WITHOUT ROWID""",
    MEASUREMENT,
    TRACKING,
    DERIVATION,
    JOINING,
    *_kept("event"),
    *_kept("action"),
    *_kept("joining"),
    """CREATE VIEW reviews AS
        SELECT lower(hex(event.id)) AS event, lower(hex(event.action)) AS action, image.name AS
        image, image.scene AS scene, event.frame AS frame, event.label AS label,
        segmentation.digest AS segmentation, event.vocabulary AS vocabulary, event.who AS annotator,
        event.time AS time, old_kind, old_phase, old_note, event.kind AS kind, phase, note, source
        FROM event JOIN segmentation ON segmentation.number = event.segmentation
        JOIN image ON image.number = segmentation.image""",
)


def _adding(*statements: str) -> Callable[[Transaction], None]:
    """A step that only adds tables."""

    def add(changes: Transaction) -> None:
        for statement in statements:
            changes.run(statement)

    return add


MIGRATIONS: Mapping[int, Callable[[Transaction], None]] = {
    1: _adding(MEASUREMENT),
    2: _adding(TRACKING),
    3: _adding(DERIVATION, JOINING, *_kept("joining")),
}
"""What leads from a version to the next one."""


def make_tables(database: Database, values: Mapping[str, str]) -> None:
    """Make an empty project.

    Parameters
    ----------
    database : Database
        A new file.
    values : mapping of str to str
        Rows of the table ``project``.
    """
    with database.transaction() as changes:
        for statement in TABLES:
            changes.run(statement)
        changes.run_many("INSERT INTO project VALUES (?, ?)", values.items())
        changes.run(f"PRAGMA application_id = {APPLICATION}")
        changes.run(f"PRAGMA user_version = {SCHEMA}")


def check(path: Path, *, read_only: bool) -> int:
    """Look whether a file is a whole project of a version that can be read.

    What a program that died in the middle of a commit has left is taken back first.

    Parameters
    ----------
    path : Path
        The journal.
    read_only : bool
        Whether another program writes, or the folder may only be read.

    Returns
    -------
    int
        Its version.

    Raises
    ------
    ProjectError
        If it is missing, damaged, of another program or of a newer version.
    """
    if not path.is_file():
        raise ProjectError(
            f"{path.parent} is no project of napari-cellcycle: it has no {path.name}. Choose a "
            "folder whose name ends with .cellcycle."
        )
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise ProjectError(_damaged(path, "its first bytes are not those of a journal"))
    database = None
    try:
        database = Database(path, read_only=read_only)
        application = database.value("PRAGMA application_id")
        if application != APPLICATION:
            raise ProjectError(
                f"{path} belongs to another program (its mark is {application}, that of a project "
                f"is {APPLICATION}). Choose a folder whose name ends with .cellcycle."
            )
        version = int(database.value("PRAGMA user_version"))
        if version > SCHEMA:
            raise ProjectError(
                f"{path.parent} was written by a newer napari-cellcycle (its tables have version "
                f"{version}, this program knows {SCHEMA}). Install a newer version."
            )
        found = database.query("PRAGMA quick_check(1)")
    except ProjectError as error:
        cause = error.__cause__
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ProjectError(_damaged(path, str(cause))) from error
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) and leftovers(path):
            raise ProjectError(
                f"{path.parent} was interrupted while it was being written, and cannot be put "
                "right where it may only be read. Copy the folder to a place of yours and open it "
                "there: nothing that was saved is lost."
            ) from error
        raise
    finally:
        if database is not None:
            database.close()
    if found != [("ok",)]:
        raise ProjectError(_damaged(path, str(found[0][0]).splitlines()[-1]))
    return version


def migrate(path: Path, version: int) -> None:
    """Bring a project to the present version; a copy of the older one stays.

    Parameters
    ----------
    path : Path
        The journal.
    version : int
        Its present version.
    """
    if version == SCHEMA:
        return
    database = Database(path)
    try:
        save_copy(database, path.parent / COPIES / f"journal-version{version}.sqlite")
        with database.transaction() as changes:
            for step in range(version, SCHEMA):
                if step not in MIGRATIONS:
                    raise ProjectError(
                        f"{path.parent} has tables of version {step}, which no release wrote. "
                        "Open it with the program that made it."
                    )
                MIGRATIONS[step](changes)
            changes.run(f"PRAGMA user_version = {SCHEMA}")
    finally:
        database.close()


def save_copy(database: Database, path: Path) -> None:
    """Copy the journal to another file, whole or not at all."""
    try:
        with replacing(path) as new:
            database.copy_to(new)
    except OSError as error:
        raise ProjectError(f"No copy of the journal can be written to {path}: {error}.") from error


def daily_copy(database: Database) -> None:
    """Keep a copy of the journal as it was at the end of each of the last days with work."""
    folder = database.path.parent / COPIES
    path = folder / f"journal-{datetime.date.today().isoformat()}.sqlite"
    written = [file.stat().st_mtime_ns for file in (database.path, *leftovers(database.path))]
    if path.exists() and path.stat().st_mtime_ns >= max(written):
        return
    save_copy(database, path)
    for old in sorted(folder.glob("journal-2*.sqlite"))[:-N_COPIES]:
        old.unlink(missing_ok=True)


def _damaged(path: Path, how: str) -> str:
    copies = sorted(
        (path.parent / COPIES).glob("journal-*.sqlite"), key=lambda p: p.stat().st_mtime
    )
    advice = (
        f"Its newest copy is {COPIES}/{copies[-1].name}: put it in the place of {path.name}"
        if copies
        else "There is no copy of it in the project; put one of your backups in its place"
    )
    return f"{path} is damaged ({how}). {advice}."
