"""What a reader should know of the figures themselves before believing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellcycle.train.evaluation.evaluate import Evaluation

FEW_GROUPS = 10


def doubts(evaluation: Evaluation) -> Iterator[str]:
    """Say what limits an evaluation: classes without cells, few groups, draws without a figure.

    Parameters
    ----------
    evaluation : Evaluation
        Of any model on any cells.

    Yields
    ------
    str
        A sentence each.
    """
    empty = [label for label, share in evaluation.prior.items() if not share]
    if empty:
        yield f"There are no cells of {', '.join(empty)}; averages go over the other classes."
    if evaluation.groups == 1:
        yield (
            "All cells are of one group, which says nothing about another: there are no intervals. "
            "Name a column with plates or images (--group-key), if there is one."
        )
    elif evaluation.groups == evaluation.n:
        yield (
            "Every cell is a group of its own: intervals take cells for independent. Name a column "
            "with plates or images (--group-key), if there is one."
        )
    elif evaluation.groups < FEW_GROUPS:
        yield f"There are {evaluation.groups} groups only: take the intervals for too narrow."
    # what no draw defines has no interval to be in doubt
    most = max((n for n in evaluation.undefined.values() if n < evaluation.draws), default=0)
    if most:
        yield (
            f"Up to {most:,} of {evaluation.draws:,} bootstrap draws leave a figure undefined, "
            "mostly since they lack a class; they are left out of its interval."
        )
