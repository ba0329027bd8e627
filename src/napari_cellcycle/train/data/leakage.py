"""Groups and crops that sit both in training and in test, which would make a test worthless."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.cropset import GROUP
from napari_cellcycle.train.data.fingerprints import in_sketch, marks
from napari_cellcycle.train.data.texts import texts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.train.data.cropset import CropSet

TRAINING_GROUPS = "training_groups"
"""Key in a card's metrics: hashes of the groups that the model was fitted on."""

TRAINING_CROPS = "training_crops"
"""Key in a card's metrics: a sketch of the crops that the model was fitted on."""

_NAMED = 5


def hash_groups(groups: Sequence[str] | NDArray[np.str_]) -> list[str]:
    """SHA-256, in hexadecimal, of each group's name, sorted; a card does not give names away."""
    names = np.unique(np.asarray(groups, dtype=str)).tolist()
    return sorted(hashlib.sha256(name.encode()).hexdigest() for name in names)


def trained_on(
    train_groups: Collection[str], test_groups: Sequence[str] | NDArray[np.str_]
) -> NDArray[np.bool_]:
    """Tell which cells, ``(n,)``, are of groups that a model was trained on.

    Parameters
    ----------
    train_groups : collection of str
        As from :func:`hash_groups`.
    test_groups : sequence of str, ``(n,)``
        Group of each cell.
    """
    names, inverse = np.unique(np.asarray(test_groups, dtype=str), return_inverse=True)
    known = set(train_groups)
    return np.array([hash_groups([name])[0] in known for name in names], dtype=bool)[inverse]


def of_learned_groups(learned: Collection[str], crops: CropSet) -> NDArray[np.bool_]:
    """Tell which cells, ``(n,)``, are of groups that a model was trained on.

    Where other groups were asked for (``--group-key``), those of the data's own column count, too.

    Parameters
    ----------
    learned : collection of str
        As from :func:`hash_groups`.
    crops : CropSet
        With a group each.
    """
    known, own = trained_on(learned, crops.group), data_groups(crops)
    return known if own is None else known | trained_on(learned, own)


def data_groups(crops: CropSet) -> NDArray[np.str_] | None:
    """Groups of the data's own column, ``(n,)``, where others were asked for."""
    own = crops.columns.get(GROUP)
    return None if own is None else texts(own)


def check_groups(
    train_groups: Collection[str],
    test_groups: Sequence[str] | NDArray[np.str_],
    *,
    model: str = "the model",
    data: str = "the data set",
) -> None:
    """Refuse to test on groups that a model was trained on.

    Parameters
    ----------
    train_groups : collection of str
        As from :func:`hash_groups`.
    test_groups : sequence of str
        Names of the groups in the test.
    model, data : str
        What messages call them.

    Raises
    ------
    CropSetError
        If a group is in both.
    """
    groups = np.asarray(test_groups, dtype=str)
    names = np.unique(groups).tolist()
    shared = np.unique(groups[trained_on(train_groups, groups)]).tolist()
    if not shared:
        return
    listed = ", ".join(shared[:_NAMED]) + (", …" if len(shared) > _NAMED else "")
    raise CropSetError(
        f"{model} was trained on {len(shared)} of the {len(names)} groups in {data}: {listed}. "
        "Test on the others only (--held-out); if these are others of the same name, name them "
        "apart in another column (--group-key)."
    )


def training_groups(card: ModelCard) -> tuple[str, ...]:
    """Hashes of the groups that a model was fitted on; none where its card does not say."""
    return _listed(card, TRAINING_GROUPS)


def training_crops(card: ModelCard) -> tuple[str, ...]:
    """Sketch of the crops that a model was fitted on; empty where its card does not say."""
    return _listed(card, TRAINING_CROPS)


def _listed(card: ModelCard, key: str) -> tuple[str, ...]:
    found = card.metrics.get(key, ())
    return tuple(str(value) for value in found) if isinstance(found, (list, tuple)) else ()


def beside_learned(card: ModelCard, crops: CropSet) -> NDArray[np.bool_]:
    """Tell which cells, ``(n,)``, are of a group with a crop that a model was fitted on."""
    learned = training_crops(card)
    if not learned:
        return np.zeros(len(crops), bool)
    known = in_sketch(learned, marks(crops, card.recipe.reference))
    return np.isin(crops.group, crops.group[known])


def check_crops(card: ModelCard, crops: CropSet) -> None:
    """Refuse to test on crops that a model was fitted on, whatever their groups are called.

    Raises
    ------
    CropSetError
        If a group has such a crop.
    """
    names = np.unique(crops.group[beside_learned(card, crops)]).tolist()
    if names:
        listed = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        raise CropSetError(
            f"{card.name} was trained on crops of {len(names)} of the "
            f"{len(np.unique(crops.group))} groups in {crops.name}, which had other names then: "
            f"{listed}. Test on the others only (--held-out)."
        )
