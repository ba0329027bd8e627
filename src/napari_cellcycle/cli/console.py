"""How the command line talks: one-line errors, notes, progress, tables and JSON."""

from __future__ import annotations

import argparse
import errno
import io
import json
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

from napari_cellcycle.errors import CellCycleError, CellCycleWarning
from napari_cellcycle.files import NO_ROOM, told_of_disk

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack
    from napari_cellcycle.phases import PhaseSet

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""

USER_MISTAKE = 2
BROKEN_PIPE = 141
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, and which takes options anywhere.

    By itself argparse gives a positional argument that may be left out, or of which there may be
    several, what stands before the next option, and does not know what stands behind it.
    """

    _mixing = False

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse, with options before, between and behind what has no name."""
        words = sys.argv[1:] if args is None else args
        if self._mixing or self._subparsers is not None or "--" in words:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False

    def error(self, message: str) -> NoReturn:
        """Print the mistake and where to look, then exit with 2."""
        self.exit(USER_MISTAKE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def guarded(work: Callable[[], None]) -> int:
    """Run a verb and turn what went wrong into an exit code and one line on stderr.

    Parameters
    ----------
    work : callable
        Prints its result on stdout.

    Returns
    -------
    int
        0, or 2 for a mistake that the user can mend, 130 when interrupted, 141 when the reader of
        our output went away. Our own mistakes keep their traceback.
    """
    _print_any_letter()
    try:
        with _notes_on_stderr():
            work()
        sys.stdout.flush()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except CellCycleError as error:
        return _complain(str(error))
    except BrokenPipeError:
        _give_up_stdout()
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:
            return _complain(told_of_disk(error))
        if error.errno not in (*NO_ROOM, errno.EIO):
            raise
        with suppress(OSError):
            sys.stdout.flush()
        _give_up_stdout()
        return _complain(f"The output cannot be written: {error.strerror}.")
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _give_up_stdout() -> None:
    """Let nothing that is still to be written fail when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_any_letter() -> None:
    """Escape letters that a console or a pipe has none for, such as a micro sign in ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _complain(message: str) -> int:
    print(f"napari-cellcycle: {' '.join(message.split())}", file=sys.stderr)
    return USER_MISTAKE


@contextmanager
def _notes_on_stderr() -> Iterator[None]:
    """Print our own warnings as one line each, once; those of others keep their filters."""
    told: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: IO[str] | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, CellCycleWarning):
            print(f"warning: {category.__name__}: {message}", file=sys.stderr)
        elif str(message) not in told:
            told.add(str(message))
            note(str(message))

    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=CellCycleWarning)
        warnings.showwarning = show
        yield


def note(message: str) -> None:
    """Tell something that a person should know, on stderr."""
    print(f"note: {message}", file=sys.stderr)


@contextmanager
def progress(what: str, unit: str) -> Iterator[Progress | None]:
    """Give a progress bar on stderr, or ``None`` where stderr is no terminal.

    Parameters
    ----------
    what : str
        What is going on.
    unit : str
        What is counted.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=what, unit=f" {unit}", file=sys.stderr, leave=False) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report


def print_notes(notes: Sequence[str]) -> None:
    """Tell the notes of a run, one a line, on stderr."""
    for text in notes:
        note(text)


def print_json(value: Any) -> None:
    """Print strict JSON: numbers that are none become ``null``."""
    unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print(json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=not unicode))


def plain(value: Any) -> Any:
    """Reduce a value to what JSON knows.

    Parameters
    ----------
    value : Any
        Mappings, sequences, paths, numpy and pandas scalars.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = str(value)
    return None if text in ("<NA>", "NaT") else text


def print_table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns; the first row is the heading.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of the same length.
    right : sequence of int
        Columns that are aligned to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for i, row in enumerate(rows):
        cells = [
            text.rjust(width) if c in right else text.ljust(width)
            for c, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
        if i == 0:
            print("  ".join("-" * width for width in widths))


def print_facts(facts: Mapping[str, str]) -> None:
    """Print name and value pairs, one a line."""
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name.ljust(width)}  {value}")


def print_files(files: Sequence[Path]) -> None:
    """Print what was written, after an empty line."""
    if files:
        print()
    for i, path in enumerate(files):
        print(f"{'wrote' if i == 0 else '     '}  {path}")


def print_run(stack: Stack, result: Classification) -> None:
    """Say what was classified with what, and how many cells are in each phase.

    Parameters
    ----------
    stack : Stack
        The image.
    result : Classification
        What came of it.
    """
    t, z, y, x = stack.grid
    size = " × ".join(str(n) for n in ((z, y, x) if z > 1 else (y, x)))
    frames = f"{t} frames of " if t > 1 else ""
    spacing = result.cells.spacing
    lengths = spacing.zyx if z > 1 else spacing.zyx[1:]
    scale = " × ".join(f"{v:g}" for v in lengths) + " µm"
    unknown = {"isotropic": "unknown, isotropic", "cell-size": "unknown, relative to the cell"}
    print_facts(
        {
            "image": f"{stack.name} ({frames}{size})",
            "spacing": unknown.get(spacing.source, scale),
            "cells": f"{len(result.cells):,} ({result.segmentation.name})",
            "model": f"{result.card.name} {result.card.version} ({result.model_sha256[:12]})",
            "device": result.device,
        }
    )
    print()
    print_shares(result.phases, result.counts())


def print_shares(phases: PhaseSet, counts: Mapping[str, int]) -> None:
    """Print how many cells are in each phase, and their share.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    counts : mapping of slug to int
        Cells of each phase.
    """
    total = max(sum(counts.values()), 1)
    rows = [("phase", "cells", "share")]
    for phase in phases.leaves:
        n = counts.get(phase.slug, 0)
        rows.append((phase.name, f"{n:,}", f"{100 * n / total:.1f} %"))
    print_table(rows, right=(1, 2))
