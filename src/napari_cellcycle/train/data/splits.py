"""Splits by group: whatever shares a plate, an image or a crop stays on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.fingerprints import fingerprint
from napari_cellcycle.train.data.leakage import of_learned_groups

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.train.data.cropset import CropSet

    Rows = NDArray[np.int64]

SHARES = {"train": 4, "validation": 1, "test": 1}
"""Relative sizes of the parts."""


def split_by_group(crops: CropSet, shares: Mapping[str, int], seed: int) -> dict[str, Rows]:
    """Split rows into named parts so that no group is in two of them.

    Each has all phases, as far as the groups allow.

    Parameters
    ----------
    crops : CropSet
        With phases to spread and groups to keep together.
    shares : mapping of str to int
        Relative size of each part, such as ``{"train": 4, "validation": 1, "test": 1}``.
    seed : int
        Order in which folds are drawn.

    Returns
    -------
    dict of str to ndarray of int64
        Row indices, ascending.
    """
    return _parts(crops.phase, crops.group, shares, seed, crops.name)


def three_parts(
    crops: CropSet,
    seed: int,
    shares: Mapping[str, int] | None = None,
    *,
    seen: Collection[str] = (),
) -> dict[str, Rows]:
    """Split into train, validation and test by tied groups.

    Parameters
    ----------
    crops : CropSet
        With groups; see :func:`tied_groups`.
    seed : int
        Order in which folds are drawn.
    shares : mapping of str to int, optional
        Relative sizes; :data:`SHARES` by default. With few groups each part gets at least one of
        them, and the largest part the rest.
    seen : collection of str
        Hashes of groups that the weights have learned from before
        (:func:`napari_cellcycle.train.data.leakage.hash_groups`). If some of the crops are of
        these, they are split among the other parts, and all others are the test, but for groups
        with a phase that those learned from lack: these are split among all parts.

    Raises
    ------
    CropSetError
        If there are fewer groups than parts, or a phase is too rare to be in training.
    """
    sizes = dict(shares or SHARES)
    group = tied_groups(crops)
    known = _learned_before(crops, group, seen)
    if known.any():
        absent = ~np.isin(crops.phase, crops.phase[known])
        fresh = np.isin(group, group[absent])
        parts = {"test": np.flatnonzero(~known & ~fresh)}
        without_test = {part: share for part, share in sizes.items() if part != "test"}
        for chosen, shared in ((known, without_test), (fresh, sizes)):
            rows = np.flatnonzero(chosen)
            if not len(rows):
                continue
            for part, some in three_parts(crops.select(rows), seed, shared).items():
                parts[part] = np.sort(np.concatenate([parts.get(part, rows[:0]), rows[some]]))
        return {part: parts[part] for part in sizes}
    n = len(np.unique(group))
    if n < len(sizes):
        raise CropSetError(
            f"{crops.name} has {n} group(s) of crops, but {', '.join(sizes)} need one each: what "
            "shares a group is never split. Name a finer grouping (--group-key), or add images."
        )
    total = sum(sizes.values())
    if n < total:
        largest = max(sizes.items(), key=lambda item: item[1])[0]
        sizes = {part: max(1, n * share // total) for part, share in sizes.items()}
        sizes[largest] += n - sum(sizes.values())
    parts = _parts(crops.phase, group, sizes, seed, crops.name)
    _check_trained(crops, parts["train"])
    return parts


def folds(
    crops: CropSet, k: int, seed: int, *, seen: Collection[str] = ()
) -> Iterator[dict[str, Rows]]:
    """Cross-validate: each group is tested once, and validates another fold.

    Parameters
    ----------
    crops : CropSet
        With groups; see :func:`tied_groups`.
    k : int
        Number of folds, 3 or more: one to test, one to validate, the others to train.
    seed : int
        Order in which folds are drawn.
    seen : collection of str
        As for :func:`three_parts`: these groups train in every fold, and are never tested on.

    Yields
    ------
    dict of str to ndarray of int64
        Rows of ``train``, ``validation`` and ``test``, ascending.

    Raises
    ------
    CropSetError
        If there are fewer groups or crops than folds.
    """
    if k < 3:
        raise CropSetError(
            f"Cross-validation needs 3 folds or more (train, validation, test), not {k}."
        )
    group = tied_groups(crops)
    known = _learned_before(crops, group, seen)
    new = np.flatnonzero(~known)
    name = f"{crops.name}, without what the start has learned from," if known.any() else crops.name
    pieces = [new[rows] for rows in _pieces(crops.phase[new], group[new], k, seed, name)]
    for i in range(k):
        test, validation = pieces[i], pieces[(i + 1) % k]
        rest = [pieces[j] for j in range(k) if j not in (i, (i + 1) % k)]
        rest.append(np.flatnonzero(known))
        train = np.sort(np.concatenate(rest))
        _check_trained(crops, train)
        yield {"train": train, "validation": validation, "test": test}


def tied_groups(crops: CropSet) -> NDArray[np.str_]:
    """Join groups that share a crop, be it turned by quarters or mirrored.

    Data sets enlarged by rotated copies would else have a cell in training and its copy in the
    test. Crops without any contrast are ignored.

    Parameters
    ----------
    crops : CropSet
        With a group each.

    Returns
    -------
    ndarray, ``(n,)``, str
        Name of the first of the groups that were joined.
    """
    first: dict[str, str] = {}
    parent = {str(group): str(group) for group in crops.group}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    for image, group in zip(crops.images, crops.group.tolist(), strict=True):
        if image.min() == image.max():
            continue
        other = first.setdefault(fingerprint(image), group)
        here, there = root(group), root(other)
        if here != there:
            parent[here] = there
    return np.array([root(group) for group in crops.group.tolist()], dtype=np.str_)


def _learned_before(
    crops: CropSet, group: NDArray[np.str_], seen: Collection[str]
) -> NDArray[np.bool_]:
    """Tell which crops are of groups that the weights have learned from; not all may be."""
    known = np.isin(group, group[of_learned_groups(seen, crops)])
    if known.all():
        raise CropSetError(
            f"The model to start from has learned from every group of {crops.name}: nothing is "
            "left to test on. Add new groups, or start from another model."
        )
    return known


def _parts(
    phase: NDArray[np.str_],
    group: NDArray[np.str_],
    shares: Mapping[str, int],
    seed: int,
    name: str,
) -> dict[str, Rows]:
    pieces = _pieces(phase, group, sum(shares.values()), seed, name, remedy="")
    parts: dict[str, Rows] = {}
    for part, n in shares.items():
        parts[part] = np.sort(np.concatenate(pieces[:n]))
        pieces = pieces[n:]
    return parts


def _pieces(
    phase: NDArray[np.str_],
    group: NDArray[np.str_],
    k: int,
    seed: int,
    name: str,
    remedy: str = "Ask for fewer folds (--folds), or ",
) -> list[Rows]:
    """Cut into ``k`` parts; ``remedy`` begins the sentence that says what to do."""
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold

    n = len(np.unique(group))
    if n < k:
        raise CropSetError(
            f"{name} has {n} group(s), too few for {k} parts that share none. "
            f"{_sentence(remedy, 'name a finer grouping (--group-key)')}"
        )
    largest = np.unique(phase, return_counts=True)[1].max()
    if largest < k:
        raise CropSetError(
            f"{name} has at most {largest} crops of a phase, too few for {k} parts. "
            f"{_sentence(remedy, 'add crops')}"
        )
    splitter = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # phases rarer than parts are checked by whoever needs them in a part
        warnings.filterwarnings("ignore", message="The least populated class in y")
        pieces = [np.asarray(rows, np.int64) for _, rows in splitter.split(phase, phase, group)]
    if any(len(rows) == 0 for rows in pieces):
        raise CropSetError(
            f"{name} cannot be split into {k} parts: a few groups hold nearly all crops. "
            f"{_sentence(remedy, 'name a finer grouping (--group-key)')}"
        )
    return pieces


def _sentence(remedy: str, step: str) -> str:
    text = f"{remedy}{step}."
    return text[0].upper() + text[1:]


def _check_trained(crops: CropSet, rows: Rows) -> None:
    absent = sorted(set(crops.phase.tolist()) - set(crops.phase[rows].tolist()))
    if absent:
        raise CropSetError(
            f"{crops.name}: all crops of {', '.join(absent)} are in groups that are kept for "
            "validation or test. Add groups with it, merge it with another phase (--merge), or "
            "take another seed (--seed)."
        )
