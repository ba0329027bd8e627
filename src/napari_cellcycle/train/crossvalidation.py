"""Cross-validation: how well a recipe does on groups that it has not seen, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.train.data.splits import folds
from napari_cellcycle.train.evaluation.predict import decide_views
from napari_cellcycle.train.trained import fit_model, judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.train.evaluation.evaluate import Evaluation
    from napari_cellcycle.train.experiment import Experiment
    from napari_cellcycle.train.fit.fitting import Fitted, Progress

METRICS = ("accuracy", "balanced_accuracy", "macro_f1")


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold.

    Parameters
    ----------
    evaluation : Evaluation
        On its test cells.
    fits : dict of axis to Fitted
    """

    evaluation: Evaluation
    fits: dict[str, Fitted]


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """What all folds came to.

    Parameters
    ----------
    folds : tuple of Fold
    probabilities : ndarray, ``(n, leaves)``, float64
        Of each cell, by the model of the fold that tested it; not a number where none did, since
        the start has learned from its group.
    called : ndarray, ``(n,)``, int64
        Index of the leaf that was called, or -1.
    """

    folds: tuple[Fold, ...]
    probabilities: NDArray[np.float64]
    called: NDArray[np.int64]

    def values(self, metric: str) -> NDArray[np.float64]:
        """One of :data:`METRICS`, a fold each."""
        return np.array([fold.evaluation.values[metric] for fold in self.folds])

    def interval(self, metric: str) -> tuple[float, float]:
        """95 % interval of the mean over folds, by Student's t.

        Folds share training cells, so that the interval is somewhat too narrow.
        """
        from scipy.stats import t

        values = self.values(metric)
        half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        return float(values.mean() - half), float(values.mean() + half)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "folds": len(self.folds),
            **{
                metric: {
                    "mean": round(float(self.values(metric).mean()), 4),
                    "interval": [round(value, 4) for value in self.interval(metric)],
                    "values": [round(float(value), 4) for value in self.values(metric)],
                }
                for metric in METRICS
            },
        }


def cross_validate(
    experiment: Experiment,
    k: int,
    *,
    checkpoints: Path | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> CrossValidation:
    """Fit and test ``k`` models, each on other groups.

    In each fold one part tests, the next one stops the training and calibrates, the others train.

    Parameters
    ----------
    experiment : Experiment
        What to learn.
    k : int
        Number of folds, 3 or more.
    checkpoints : Path, optional
        Folder for a folder a fold.
    resume : bool
        Go on from these.
    progress : callable of Progress, optional
        Called after every batch and every epoch.

    Raises
    ------
    CropSetError
        If there are too few groups, or a phase sits in too few of them.
    """
    n, leaves = experiment.views.allowed.shape
    probabilities, called = np.full((n, leaves), np.nan), np.full(n, -1, np.int64)
    found = []
    parts = folds(experiment.crops, k, experiment.seed, seen=experiment.seen)
    for i, rows in enumerate(parts):
        trained = fit_model(
            experiment,
            rows,
            checkpoints=None if checkpoints is None else checkpoints / f"fold-{i + 1}",
            resume=resume,
            stage=f"fold {i + 1} of {k}",
            progress=progress,
        )
        test = experiment.views.select(rows["test"])
        decision = decide_views(trained.classifier, test.images, test.axes)
        probabilities[rows["test"]] = decision.probabilities
        called[rows["test"]] = decision.phase
        found.append(Fold(judge(experiment, rows["test"], decision), dict(trained.fits)))
    return CrossValidation(tuple(found), probabilities, called)
