"""Rows of a CSV file that somebody gives us."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError, ProjectError
from napari_cellcycle.files import reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class CsvRows:
    """A CSV file, read.

    Parameters
    ----------
    name : str
        Of the file.
    digest : str
        Sha256 of its bytes.
    columns : tuple of str
    rows : tuple of (line, dict of str to str)
        Text as it is; columns that a row lacks are empty.
    """

    name: str
    digest: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def take(self, each: Callable[[Mapping[str, str]], None]) -> tuple[str, ...]:
        """Take in row by row, and say of each that does not match which line it is, and why.

        Parameters
        ----------
        each : callable of a row
            Raises a CellCycleError if it does not match.
        """
        unmatched = []
        for line, row in self.rows:
            try:
                each(row)
            except CellCycleError as error:
                unmatched.append(f"{self.name}, line {line}: {error}")
        return tuple(unmatched)


def read_csv(path: str | os.PathLike[str]) -> CsvRows:
    """Read a CSV file in UTF-8 with a head; separated by commas, semicolons or tabs.

    Raises
    ------
    ProjectError
        If it cannot be read as such.
    """
    path = Path(path)
    with reading(path, ProjectError, "a CSV table"):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ProjectError(
                f"{path} is no text in UTF-8; save it as a CSV in UTF-8 (in Excel: CSV UTF-8)."
            ) from None
        head = text.split("\n", 1)[0]
        delimiter = max(_DELIMITERS, key=head.count)
        reader = csv.DictReader(
            io.StringIO(text, newline=""), restval="", restkey="", strict=True, delimiter=delimiter
        )
        columns = tuple(reader.fieldnames or ())
        rows = tuple((reader.line_num, row) for row in reader)
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise ProjectError(
            f"{path.name} has two columns {twice[0]!r}, so that one would be lost; rename or "
            "remove one of them."
        )
    return CsvRows(path.name, hashlib.sha256(data).hexdigest(), columns, rows)


def whole_number(text: str, what: str) -> int:
    """Read a whole number; ``12.0`` or ``12,0``, as some programs write it, is 12.

    Raises
    ------
    ProjectError
        Naming what is none.
    """
    digits = text.strip().removesuffix(".0").removesuffix(",0")
    if not digits.isdecimal() or len(digits) > 18:
        raise ProjectError(f"its {what} is {text!r}, and not a whole number.")
    return int(digits)


def microseconds(text: str) -> int | None:
    """Time in ISO 8601 as microseconds since 1970; without a zone it is UTC; None if empty.

    Raises
    ------
    ProjectError
        If it is none.
    """
    if not text:
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ProjectError(
            f"its time is {text!r}; expected one like 2026-05-01T10:00:00Z."
        ) from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return (time - _EPOCH) // datetime.timedelta(microseconds=1)
