"""People beside a model: what each says of the same cells, how right and how much of one mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.review.intake.csv_rows import read_csv
from napari_cellcycle.review.kappa import NO_ANSWER, cohen_kappa, fleiss_kappa
from napari_cellcycle.review.majority import majority_vote
from napari_cellcycle.train.evaluation.compare import (
    Comparison,
    McNemar,
    PairedT,
    compare,
    mcnemar,
    paired_t,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

COLUMNS = ("cell", "annotator", "phase")
MODEL, MAJORITY = "model", "majority"


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Every annotator's word on each cell.

    Parameters
    ----------
    annotators : tuple of str
        In alphabetical order.
    phase : ndarray, ``(n, annotators)``, str
        Empty where there is no answer.
    """

    annotators: tuple[str, ...]
    phase: NDArray[np.str_]

    def select(self, rows: NDArray[Any]) -> Answers:
        """Cells by boolean mask or by indices."""
        return Answers(self.annotators, self.phase[rows])


@dataclass(frozen=True, slots=True)
class Judge:
    """One annotator, the majority or the model.

    Parameters
    ----------
    name : str
    n : int
        Cells answered.
    accuracy, kappa : float
        Share of right answers, and Cohen's kappa with the truth; NaN without answers.
    model_accuracy : float
        Of the model on the same cells.
    mcnemar : McNemar
        Of the model (first) and this judge (second).
    """

    name: str
    n: int
    accuracy: float
    kappa: float
    model_accuracy: float
    mcnemar: McNemar


@dataclass(frozen=True, slots=True)
class People:
    """Annotators and a model on the same cells.

    Parameters
    ----------
    annotators : tuple of Judge
    best : tuple of str
        Name of the most accurate; several where they tie.
    average : float
        Mean accuracy of the annotators.
    majority : Judge
        The answer that most annotators give. Ties are left out.
    ties : int
        Cells whose answers tie.
    agreement_cohen : float
        Mean of Cohen's kappa over all pairs of annotators.
    agreement_fleiss : float
        Fleiss' kappa of all annotators.
    model_agreement : float
        Mean of Cohen's kappa between the model and each annotator.
    model : Judge
        On all cells that somebody answered.
    comparison : Comparison or None
        Of the model and the majority; none where every cell ties.
    t_test : PairedT
        The model's accuracy on each annotator's cells, less the annotator's own.
    """

    annotators: tuple[Judge, ...]
    best: tuple[str, ...]
    average: float
    majority: Judge
    ties: int
    agreement_cohen: float
    agreement_fleiss: float
    model_agreement: float
    model: Judge
    comparison: Comparison | None
    t_test: PairedT

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def read_annotators(path: Path | str, cells: Sequence[str] | NDArray[np.str_]) -> Answers:
    """Read a table of answers: columns ``cell``, ``annotator`` and ``phase``, one row an answer.

    Parameters
    ----------
    path : Path or str
        CSV, UTF-8, separated by commas, semicolons or tabs. An empty phase is no answer.
    cells : sequence of str, ``(n,)``
        What names each cell of the data set: its ``cell`` column, or its row, counted from 0.

    Raises
    ------
    ProjectError
        If it cannot be read as such a file.
    CropSetError
        If a column is missing, a cell is unknown, or somebody answers twice.
    """
    table = read_csv(path)
    row_of = {str(cell): row for row, cell in enumerate(cells)}
    if len(row_of) < len(cells):
        raise CropSetError(
            "Cells of the data set share names in its column 'cell', so answers cannot be matched."
        )
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise CropSetError(
            f"{table.name} has no column {', '.join(missing)}; it has "
            f"{', '.join(table.columns) or 'none'}, expected {','.join(COLUMNS)}."
        )
    said: dict[tuple[int, str], str] = {}
    for number, record in table.rows:
        cell, who, phase = (record[name].strip() for name in COLUMNS)
        if not (cell or who or phase):  # as a spreadsheet leaves them below a table
            continue
        line = f"{table.name}, line {number}"
        if cell not in row_of:
            raise CropSetError(
                f"{line}: there is no cell {cell!r}; the data set has {len(cells)} cells, from "
                f"{cells[0]} to {cells[-1]}."
            )
        if not who or who in (MODEL, MAJORITY):
            raise CropSetError(f"{line}: {who!r} cannot be the name of an annotator.")
        if (row_of[cell], who) in said:
            raise CropSetError(f"{line}: {who} answers for cell {cell} a second time.")
        said[row_of[cell], who] = phase
    names = tuple(sorted({who for _, who in said}))
    if not names:
        raise CropSetError(f"{table.name} holds no answers.")
    longest = max(len(phase) for phase in said.values())
    phase_of = np.full((len(cells), len(names)), "", dtype=f"<U{max(longest, 1)}")
    for (row, who), phase in said.items():
        phase_of[row, names.index(who)] = phase
    return Answers(names, phase_of)


def answer_codes(answers: Answers, labels: Sequence[str], name: str) -> Codes:
    """Turn answers into indices of classes, ``(n, annotators)``; -1 where there is none.

    Parameters
    ----------
    answers : Answers
        Renamed and merged as the truth was.
    labels : sequence of str
        The classes.
    name : str
        What messages call the table.

    Raises
    ------
    CropSetError
        If an answer is no class.
    """
    found, inverse = np.unique(answers.phase, return_inverse=True)
    unknown = [str(phase) for phase in found if phase and phase not in labels]
    if unknown:
        raise CropSetError(
            f"{name} has answers that are no class: {', '.join(unknown)}. Classes are "
            f"{', '.join(labels)}; --map and --merge hold for answers too."
        )
    codes = [labels.index(str(phase)) if phase else NO_ANSWER for phase in found]
    return np.array(codes, dtype=np.int64)[inverse.reshape(answers.phase.shape)]


def share_right(said: Codes, truth: Codes) -> float:
    """Share of right answers among those that were given; NaN without any."""
    here = said >= 0
    return float((said == truth)[here].mean()) if here.any() else float("nan")


def judge_people(
    truth: Codes,
    called: Codes,
    answers: Codes,
    *,
    annotators: Sequence[str],
    labels: Sequence[str],
    group: Sequence[str] | NDArray[np.str_],
) -> People:
    """Put annotators beside a model.

    Parameters
    ----------
    truth, called : ndarray, ``(n,)``, int64
        True class, and the model's.
    answers : ndarray, ``(n, annotators)``, int64
        As from :func:`answer_codes`.
    annotators, labels : sequence of str
        Names of the columns of ``answers``, and of the classes.
    group : sequence of str, ``(n,)``
        For the interval of model against majority.

    Raises
    ------
    CropSetError
        If nobody answered for any of these cells.
    """
    somebody = (answers >= 0).any(axis=1)
    if not somebody.any():
        raise CropSetError("The annotators answered for none of the cells that are evaluated.")
    people = tuple(_judge(name, answers[:, i], truth, called) for i, name in enumerate(annotators))
    answering = [person for person in people if person.n]
    accuracy = [person.accuracy for person in answering]
    majority, tied = majority_vote(answers, len(labels))
    voted = majority >= 0
    both = combinations(range(len(annotators)), 2)
    return People(
        people,
        tuple(person.name for person in answering if person.accuracy == max(accuracy)),
        float(np.mean(accuracy)),
        _judge(MAJORITY, majority, truth, called),
        int(tied.sum()),
        _mean([cohen_kappa(answers[:, i], answers[:, j]) for i, j in both]),
        fleiss_kappa(answers),
        _mean([cohen_kappa(called, answers[:, i]) for i in range(len(annotators))]),
        _judge(MODEL, np.where(somebody, called, NO_ANSWER), truth, called),
        compare(
            (called == truth)[voted],
            (majority == truth)[voted],
            np.asarray(group)[voted],
            names=(MODEL, MAJORITY),
        )
        if voted.any()
        else None,
        paired_t([person.model_accuracy for person in answering], accuracy),
    )


def _judge(name: str, said: Codes, truth: Codes, called: Codes) -> Judge:
    here = said >= 0
    right, model = (said == truth)[here], (called == truth)[here]
    return Judge(
        name,
        int(here.sum()),
        share_right(said, truth),
        cohen_kappa(said, truth),
        float(model.mean()) if here.any() else float("nan"),
        mcnemar(model, right),
    )


def _mean(values: Sequence[float]) -> float:
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")
