"""Make the tables of docs/ anew: ``uv run python benchmarks/run_all.py [TABLE …]``.

Each table stands in a page between two marks, below the command that made it. This runs these
commands again, one after the other (hours for all of them), and puts each new table in the place of
the old one; what stands around the tables is written by hand and stays. ``--into DIR --quick`` only
shows that every script still works: with ``--quick`` in place of the options, into copies of the
pages. Tables of the viewer need a screen, such as ``xvfb-run -a``.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tables import data_folder, minutes, note

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"<!-- table (?P<name>[\w-]+): begin -->(?P<text>.*?)<!-- table", re.DOTALL)
_COMMAND = re.compile(r"`(?P<command>benchmarks/\w+\.py[^`]*)`\.")
_WORK = "DIR"
"""What a command on a page says for a folder that keeps simulated cells."""
_TASK = "--task"
"""Says which of its tables a script makes."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    Parameters
    ----------
    name : str
        As its marks say.
    page : Path
        That it stands in.
    words : tuple of str
        The script, from the root of the repository, and its options.
    """

    name: str
    page: Path
    words: tuple[str, ...]


def tables_of(folder: Path) -> list[Table]:
    """Find the tables of all pages, in their order."""
    found = []
    for page in sorted(folder.glob("*.md")):
        for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            command = _COMMAND.search(block["text"])
            if command is None:
                raise SystemExit(f"{page}: no command above the table {block['name']}.")
            found.append(Table(block["name"], page, tuple(shlex.split(command["command"]))))
    return found


def arguments(table: Table, page: Path, work: Path, data: Path, *, quick: bool) -> list[str]:
    """Say how a table is made anew.

    Parameters
    ----------
    table : Table
    page : Path
        To write it into.
    work : Path
        Folder for simulated cells, which scripts share.
    data : Path
        Folder of the crop sets.
    quick : bool
        Only see that it works.
    """
    script, *options = table.words
    keeps = ["--work", str(work)] if _WORK in options else []
    options = [word for word in options if word not in ("--work", _WORK)]
    if quick:
        which = options.index(_TASK) if _TASK in options else len(options)
        options = ["--quick", *options[which : which + 2]]
    return [str(ROOT / script), *options, *keeps, "--data", str(data), "--out", str(page)]


def main(words: Sequence[str] | None = None) -> int:
    tables = tables_of(ROOT / "docs")
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0] + ".")
    names = [table.name for table in tables]
    parser.add_argument("table", nargs="*", help=f"some of {', '.join(names)} (all)")
    parser.add_argument("--quick", action="store_true", help="only to see that they work")
    parser.add_argument("--into", type=Path, metavar="DIR", help="copy the pages there first")
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of the crop sets")
    given = parser.parse_args(words)
    unknown = set(given.table) - set(names)
    if unknown:
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    if given.quick and given.into is None:
        parser.error("quick figures are none for the pages: name a folder for copies, --into DIR")
    if given.into is not None:
        given.into.mkdir(parents=True, exist_ok=True)
        for page in {table.page for table in tables}:
            shutil.copy(page, given.into)
    failed = []
    with tempfile.TemporaryDirectory() as work:
        for table in tables:
            if given.table and table.name not in given.table:
                continue
            page = table.page if given.into is None else given.into / table.page.name
            began = time.monotonic()
            how = arguments(table, page, Path(work), given.data, quick=given.quick)
            done = subprocess.run([sys.executable, *how], stdout=subprocess.DEVNULL, check=False)
            note(f"{table.name}: exit {done.returncode} after {minutes(time.monotonic() - began)}")
            if done.returncode:
                failed.append(table.name)
    if failed:
        note(f"Not made: {', '.join(failed)}.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
