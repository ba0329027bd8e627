"""What the table scripts share: their options, one fit and its test, Markdown, and where it goes.

``docs/benchmarks.md`` holds a block a table, between ``<!-- table NAME: begin -->`` and
``<!-- table NAME: end -->``; ``--out docs/benchmarks.md`` replaces that block and nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing
from napari_cellcycle.models.ensemble import Decision
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.data.splits import three_parts
from napari_cellcycle.train.evaluation.evaluate import Evaluation
from napari_cellcycle.train.evaluation.predict import decide_views
from napari_cellcycle.train.experiment import Experiment
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipe import TrainingRecipe
from napari_cellcycle.train.trained import Trained, fit_model, judge

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A recipe fitted on the training part of a data set.

    Parameters
    ----------
    experiment : Experiment
        Views and phases.
    parts : mapping of str to ndarray of int
        Rows of ``train``, ``validation`` and ``test``, by group.
    trained : Trained
        Stopped and calibrated on the validation part.
    seconds : float
        That the fit took.
    """

    experiment: Experiment
    parts: Mapping[str, Rows]
    trained: Trained
    seconds: float

    @property
    def best_epochs(self) -> tuple[int, ...]:
        """Epoch that was kept, of each axis."""
        return tuple(fit.best_epoch for fit in self.trained.fits.values())

    def decide(self, part: str) -> Decision:
        """What the model says of a part."""
        views = self.experiment.views.select(self.parts[part])
        return decide_views(self.trained.classifier, views.images, views.axes)

    def score(self, part: str) -> Evaluation:
        """Compare with the truth, with intervals by group."""
        return judge(self.experiment, self.parts[part], self.decide(part))

    def right(self, part: str) -> NDArray[np.bool_]:
        """Whether each cell of a part is told rightly."""
        truth = self.experiment.views.allowed[self.parts[part]].argmax(axis=1)
        return self.decide(part).phase == truth


def prepare(
    crops: CropSet,
    recipe: TrainingRecipe,
    *,
    renames: Mapping[str, str] | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[Experiment, dict[str, Rows]]:
    """Make views, and split into parts by group, as the verb ``train`` does.

    Parameters
    ----------
    crops : CropSet
        As read.
    recipe : TrainingRecipe
        Its name is that of the model.
    renames : mapping of str to str, optional
        Labels of the data, and the phase that each means; an empty one drops the cell.
    seed : int
        Of the split, the weights and the batches.
    device : str
        A device of torch.
    """
    experiment = new_experiment(
        recipe.name, crops, recipe, renames=renames, seed=seed, device=device
    )
    return experiment, three_parts(experiment.crops, seed)


def learn(
    experiment: Experiment,
    parts: Mapping[str, Rows],
    *,
    recipe: TrainingRecipe | None = None,
    epochs: int | None = None,
) -> Learned:
    """Fit, stop and calibrate; nothing is saved.

    Parameters
    ----------
    experiment : Experiment
    parts : mapping of str to ndarray of int
        See :func:`prepare`.
    recipe : TrainingRecipe, optional
        Another one for the same views.
    epochs : int, optional
        At most, instead of the recipe's.

    Raises
    ------
    ValueError
        If the recipe is for other views.
    """
    recipe = experiment.recipe if recipe is None else recipe.for_data(experiment.crops)
    if recipe.views != experiment.recipe.views:
        raise ValueError(f"{recipe.name} and {experiment.recipe.name} do not share their views.")
    if epochs is not None:
        recipe = replace(recipe, fit=replace(recipe.fit, epochs=epochs))
    started = time.monotonic()
    experiment = replace(experiment, recipe=recipe)
    trained = fit_model(experiment, parts)
    return Learned(experiment, parts, trained, time.monotonic() - started)


def note(text: str) -> None:
    """Say on standard error how far it is."""
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


# --- Markdown ---------------------------------------------------------------------------------


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; all columns but the first are aligned to the right."""
    lines = [row_of(head), f"| --- |{' ---: |' * (len(head) - 1)}"]
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"{len(row)} cells in a table of {len(head)} columns: {list(row)}")
        lines.append(row_of(row))
    return "\n".join(lines)


def row_of(cells: Sequence[str]) -> str:
    """Write one row."""
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def number(value: float) -> str:
    """Such as ``0.912``; ``–`` where undefined."""
    return f"{value:.3f}" if np.isfinite(value) else "–"


def with_interval(found: Evaluation, metric: str) -> str:
    """Such as ``0.912 (0.884–0.935)``; without interval where there is none."""
    low, high = found.intervals[metric]
    value = number(found.values[metric])
    return f"{value} ({low:.3f}–{high:.3f})" if np.isfinite(low) else value


def recall_and_f1(found: Evaluation, label: str) -> str:
    """Accuracy within a class, and its F1, such as ``0.91 / 0.89``."""
    values = (found.values[f"{metric}/{label}"] for metric in ("recall", "f1"))
    return " / ".join(f"{value:.2f}" if np.isfinite(value) else "–" for value in values)


def minutes(seconds: float) -> str:
    """Such as ``40 s`` or ``11 min``."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


# --- options and output -----------------------------------------------------------------------


def options(name: str, about: str | None, **sizes: int | None) -> argparse.ArgumentParser:
    """Give the options that every table script has.

    Parameters
    ----------
    name : str
        Of the table.
    about : str or None
        First line of its help.
    **sizes : int or None
        Options that make a run shorter, such as ``epochs``, with what a full run takes.
    """
    parser = argparse.ArgumentParser(description=(about or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of the crop sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="only to see that it works")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown, or a page with a block")
    for key, value in sizes.items():
        full = "as the recipes say" if value is None else str(value)
        parser.add_argument(f"--{key}", type=int, default=value, metavar="N", help=f"({full})")
    parser.set_defaults(table=name, full=sizes)
    return parser


def parsed(
    parser: argparse.ArgumentParser, words: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse :func:`options`; look for the block before any work is done.

    Raises
    ------
    CellCycleError
        As :func:`write_block`.
    """
    given = parser.parse_args(words)
    if given.out is not None and given.out.exists():
        _block(given.out, given.table)
    return given


def publish(given: argparse.Namespace, *texts: str, command: Sequence[str] | None = None) -> str:
    """Print a table and what it was made by; write it where ``--out`` says.

    Parameters
    ----------
    given : Namespace
        Parsed :func:`options`.
    *texts : str
        Paragraphs, the table among them.
    command : sequence of str, optional
        Instead of the arguments of this process.

    Raises
    ------
    CellCycleError
        If the file is there and has no block for this table.
    """
    text = "\n\n".join([conditions(given, sys.argv if command is None else command), *texts])
    print(text)
    if given.out is not None:
        write_block(given.out, given.table, text)
    return text


def conditions(given: argparse.Namespace, command: Sequence[str]) -> str:
    """Say what kind of run it was, when, on what, how long, and by which command."""
    shortened = [k for k, full in given.full.items() if getattr(given, k) != full]
    kind = (
        "Quick run (it shows that the script works, no more)"
        if given.quick
        else (
            f"Shortened run ({', '.join(f'{k} {getattr(given, k)}' for k in shortened)})"
            if shortened
            else "Full run"
        )
    )
    threads = os.environ.get("OMP_NUM_THREADS")
    where = f"{os.cpu_count()} CPU cores" + (f", {threads} of them used" if threads else "")
    if given.device != "cpu":
        where = given.device
    took = f"{minutes(sum(os.times()[:4]))} of computing"
    words = shlex.join(["benchmarks/" + Path(command[0]).name, *_arguments(command[1:])])
    return f"{kind} of {datetime.date.today()} on {where}, {took}: `{words}`."


def _arguments(words: Sequence[str]) -> list[str]:
    """Leave out where data are and where the table goes."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("--data", "--out"):
            next(rest, None)
        elif not word.startswith(("--data=", "--out=")):
            kept.append(word)
    return kept


def write_block(path: Path, name: str, text: str) -> None:
    """Replace the block of a table in a page; a file that is not there is made of it.

    Raises
    ------
    CellCycleError
        If the page has no block of this name.
    """
    begin, end = _marks(name)
    block = f"{begin}\n\n{text}\n\n{end}"
    page = f"{block}\n"
    if path.exists():
        page = path.read_text(encoding="utf-8").replace(_block(path, name), block)
    with replacing(path) as new:
        new.write_text(page, encoding="utf-8")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- table {name}: begin -->", f"<!-- table {name}: end -->"


def _block(path: Path, name: str) -> str:
    """Find the one block of a table in a page."""
    begin, end = _marks(name)
    page = path.read_text(encoding="utf-8")
    found = re.findall(f"{re.escape(begin)}.*?{re.escape(end)}", page, flags=re.DOTALL)
    if len(found) != 1:
        raise CellCycleError(
            f"{path} has {len(found)} blocks for the table {name}, expected one, between "
            f"{begin} and {end}. Add these lines, or name a new file."
        )
    return str(found[0])


def data_folder() -> Path:
    """``$NAPARI_CELLCYCLE_DATA``, or ``../shared/data``."""
    here = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("NAPARI_CELLCYCLE_DATA", here.parent / "shared" / "data"))
