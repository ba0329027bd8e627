"""Further data sets, which are learned from and neither validate nor test."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleWarning, CropSetError
from napari_cellcycle.models.card import TrainingData
from napari_cellcycle.train.data.fingerprints import marks
from napari_cellcycle.train.data.leakage import hash_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.data.viewset import ViewSet

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A further data set.

    Parameters
    ----------
    crops : CropSet
        Cells whose label means a phase, or several; labels are renamed and merged.
    views : ViewSet
        A row a crop, then those of all parts as one cell; ``source`` is the number of the set.
    """

    crops: CropSet
    views: ViewSet


def apart(crops: CropSet, others: Sequence[CropSet], reference: str) -> tuple[CropSet, ...]:
    """Leave out of each further set the groups that hold a crop of a set before it.

    Crops that are turned by quarters or mirrored are the same.

    Parameters
    ----------
    crops : CropSet
        The set that is split, with all its crops: what it validates and tests on must be new.
    others : sequence of CropSet
        Further sets.
    reference : str
        Channel that is compared.

    Warns
    -----
    CellCycleWarning
        Saying how much is left out.

    Raises
    ------
    CropSetError
        If nothing of a further set is left, or pictures and stacks meet.
    """
    if not others:
        return ()
    owner: dict[str, str] = {}
    kept = []
    for i, one in enumerate((crops, *others)):
        if one.is_2d != crops.is_2d:
            kinds = ["pictures" if each.is_2d else "stacks" for each in (one, crops)]
            raise CropSetError(
                f"{one.name} holds {kinds[0]}, but {crops.name} {kinds[1]}: a model learns from "
                "one or the other."
            )
        found_marks = marks(one, reference)
        if i:
            found = np.array([mark in owner for mark in found_marks])
            shared = np.isin(one.group, one.group[found])
            names = ", ".join(dict.fromkeys(owner[mark] for mark in found_marks if mark in owner))
            if shared.all():
                raise CropSetError(
                    f"Every group of {one.name} holds crops that {names} has too: is it given "
                    "twice? A further set (--with) must have other cells, or the test would be "
                    "of what was learned."
                )
            if shared.any():
                warnings.warn(
                    CellCycleWarning(
                        f"{int(shared.sum())} of {len(one)} crops of {one.name} are left out: "
                        f"their groups hold crops that {names} has too."
                    ),
                    stacklevel=3,
                )
                one = one.select(~shared)
            kept.append(one)
        owner = dict.fromkeys(filter(None, found_marks), one.name) | owner
    return tuple(kept)


def sources(
    cells: Sequence[tuple[str, int]], licences: Sequence[str], attributions: Sequence[str]
) -> tuple[TrainingData, ...]:
    """List data sets for the card; what nothing is said of is not stated.

    Parameters
    ----------
    cells : sequence of (name, number)
        Each set, in order, and how many cells of it were learned from.
    licences, attributions : sequence of str
        Of the sets, in the same order.
    """

    def said(texts: Sequence[str], i: int) -> str:
        return texts[i] if i < len(texts) else NOT_STATED

    return tuple(
        TrainingData(name, said(licences, i), said(attributions, i), n)
        for i, (name, n) in enumerate(cells)
    )


def check_stated(n: int, licences: Sequence[str], attributions: Sequence[str]) -> None:
    """Refuse more licences or attributions than there are data sets.

    Raises
    ------
    CropSetError
        Saying how many there are of each.
    """
    for option, texts in (("--licence", licences), ("--attribution", attributions)):
        if len(texts) > n:
            raise CropSetError(
                f"{option} is given {len(texts)} times, but there {'is' if n == 1 else 'are'} {n} "
                f"data set{'s' * (n > 1)}: DATA, then those of --with in order."
            )


def all_groups(groups: Sequence[NDArray[np.str_]], most: int) -> list[str]:
    """Hash the groups of all sets that were learned from, for the card.

    Parameters
    ----------
    groups : sequence of ndarray of str
        Of the cells of each set, the one that was split first.
    most : int
        Hashes that a card holds. A set with which there would be more is left out, such as
        simulated cells, each a group of its own.
    """
    found: set[str] = set()
    for of_set in groups:
        hashed = found.union(hash_groups(of_set))
        found = hashed if len(hashed) <= most else found
    return sorted(found)
