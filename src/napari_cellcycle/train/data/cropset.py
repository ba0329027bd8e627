"""Crop sets: the one form of training data, an ``.npz`` of crops with their phases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, is_zipfile

import numpy as np

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.texts import texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

GROUP = "group"
LABEL = "phase"


@dataclass(frozen=True, slots=True)
class CropSet:
    """Crops of single cells with a phase each.

    Parameters
    ----------
    images : ndarray, ``(n, c, y, x)`` or ``(n, c, z, y, x)``, any real dtype
    channels : tuple of str
        Role of each channel.
    phase : ndarray, ``(n,)``, str
    group : ndarray, ``(n,)``, str
        What must stay together in a split: plate, image or session. Without groups in the file
        every crop is its own.
    name : str
        Name of the file.
    mask : ndarray, ``(n, y, x)`` or ``(n, z, y, x)``, bool, optional
        Where the cell is.
    spacing_um : tuple of float, optional
        Micrometres per voxel ``(z, y, x)``, the same for all crops; the first is 1 in 2D.
    columns : mapping of str to ndarray ``(n,)``
        What else the file says of each crop.
    """

    images: NDArray[Any]
    channels: tuple[str, ...]
    phase: NDArray[np.str_]
    group: NDArray[np.str_]
    name: str
    mask: NDArray[np.bool_] | None = None
    spacing_um: tuple[float, float, float] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.phase)

    @property
    def is_2d(self) -> bool:
        """Whether crops are pictures, not stacks."""
        return self.images.ndim == 4

    def flat(self, roles: Sequence[str] = ()) -> NDArray[np.bool_]:
        """Crops that show nothing: one grey value in each of some channels, by default of all."""
        looked_at = [i for i, role in enumerate(self.channels) if role in roles]
        found = np.ones(len(self), bool)
        for i in looked_at or range(len(self.channels)):
            pixels = self.images[:, i].reshape(len(self), -1)
            found &= pixels.min(axis=1) == pixels.max(axis=1)
        return found

    def select(self, rows: NDArray[Any]) -> CropSet:
        """Rows by boolean mask or by indices."""
        return replace(
            self,
            images=self.images[rows],
            phase=self.phase[rows],
            group=self.group[rows],
            mask=None if self.mask is None else self.mask[rows],
            columns={key: column[rows] for key, column in self.columns.items()},
        )


def flat_note(name: str, flat: NDArray[np.bool_], phase: NDArray[np.str_]) -> str:
    """Say which crops of a data set show nothing; empty if all show something.

    They stay with their labels: an empty class may be meant.
    """
    if not flat.any():
        return ""
    labels = ", ".join(f"{label} ({n})" for label, n in Counter(phase[flat].tolist()).items())
    return (
        f"{int(flat.sum()):,} of {len(flat):,} crops of {name} show nothing, only one grey value: "
        f"{labels}. Leave them out of the data, unless a class of empty crops is meant."
    )


def read_crop_set(
    path: str | Path,
    *,
    label_key: str = LABEL,
    group_key: str = GROUP,
    channels: Mapping[str, int] | None = None,
) -> CropSet:
    """Read an ``.npz`` crop set.

    Parameters
    ----------
    path : path-like
        With ``images`` ``(n, y, x)``, ``(n, c, y, x)`` or ``(n, c, z, y, x)`` and a phase each;
        optional ``channels``, groups, ``mask``, ``spacing_um`` and further columns.
    label_key, group_key : str
        Names of the arrays that hold the phases and the groups.
    channels : mapping of str to int, optional
        Index of the channel that has each role; channels without a role are left out. By default
        the file's own names; a single channel without one is ``dna``.

    Raises
    ------
    CropSetError
        If the file is missing or no ``.npz``, an array is missing or of the wrong kind, or the
        arrays disagree.
    """
    path = Path(path)
    if not path.is_file():
        raise CropSetError(f"No crop set at {path}.")
    arrays = _load(path)
    if "images" not in arrays or label_key not in arrays:
        missing = [key for key in ("images", label_key) if key not in arrays]
        hint = "" if label_key in arrays else " Name the array of the phases with --label-key."
        raise CropSetError(
            f"{path.name} has no {' and no '.join(missing)}; it holds "
            f"{', '.join(arrays) or 'nothing'}.{hint}"
        )
    if group_key != GROUP and group_key not in arrays:
        raise CropSetError(
            f"{path.name} has no {group_key} to group by (--group-key); it holds "
            f"{', '.join(arrays)}."
        )
    if group_key in ("images", label_key) and group_key != GROUP:
        raise CropSetError(
            f"{path.name}: {group_key} cannot be what crops are grouped by (--group-key). Name an "
            "array of plates, images or sessions."
        )
    images = _images(arrays.pop("images"), path.name)
    phase = texts(arrays.pop(label_key))
    group = texts(arrays.pop(group_key)) if group_key in arrays else own_groups(path.stem, phase)
    for key, values in (("phases", phase), ("groups", group)):
        if values.ndim != 1:
            raise CropSetError(
                f"{path.name}: {key} have shape {values.shape}, expected ({len(images)},): one "
                "name for each crop. Save them as text, dtype str."
            )
        if len(values) != len(images):
            raise CropSetError(
                f"{path.name}: {len(images)} images, {len(values)} {key}; there must be one each a "
                "crop. Write the file again, with one of each in the same order."
            )
    named = texts(arrays.pop("channels")) if "channels" in arrays else None
    mask = _mask(arrays.pop("mask", None), images, path.name)
    spacing = _spacing(arrays.pop("spacing_um", None), path.name)
    roles, images = pick_channels(images, named, channels, path.name)
    columns = {key: values for key, values in arrays.items() if values.shape == phase.shape}
    return CropSet(images, roles, phase, group, path.name, mask, spacing, columns)


def own_groups(stem: str, phase: NDArray[np.str_]) -> NDArray[np.str_]:
    """Name a group for every crop."""
    return np.array([f"{stem}-{i}" for i in range(phase.size)], dtype=np.str_)


def pick_channels(
    images: NDArray[Any],
    named: NDArray[np.str_] | None,
    wanted: Mapping[str, int] | None,
    name: str,
) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Give channels their roles, and leave out those that have none.

    Parameters
    ----------
    images : ndarray, ``(n, c, ...)``
        All channels.
    named : ndarray, ``(c,)``, str, or None
        Roles that the data set states.
    wanted : mapping of str to int, optional
        Roles that a person states.
    name : str
        What messages call the data set.

    Raises
    ------
    CropSetError
        If there is no such channel, two roles share one, or roles are unknown.
    """
    n = images.shape[1]
    if wanted:
        outside = [f"{role}={index}" for role, index in wanted.items() if not 0 <= index < n]
        if outside:
            raise CropSetError(
                f"{name} has {n} channel(s), counted from 0: there is no {', '.join(outside)}."
            )
        if len(set(wanted.values())) != len(wanted):
            raise CropSetError(f"{name}: two roles name the same channel, {dict(wanted)}.")
        return tuple(wanted), images[:, list(wanted.values())]
    if named is None and n == 1:
        return ("dna",), images
    if named is None:
        raise CropSetError(
            f"{name} does not say what its {n} channels show. Name those to use, such as --channel "
            "dna=0."
        )
    if named.shape != (n,):
        raise CropSetError(
            f"{name}: images have {n} channels, and names of shape {named.shape}, expected ({n},). "
            "Name those to use, such as --channel dna=0."
        )
    if len(set(named.tolist())) != n:
        raise CropSetError(
            f"{name} names a channel twice: {', '.join(named)}. Say which to use, such as "
            "--channel dna=0."
        )
    return tuple(named.tolist()), images


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (BadZipFile, ValueError, EOFError, AttributeError, TypeError) as error:
        reason, remedy = "it cannot be read", "Write or copy it again"
        if is_zipfile(path) and "pickle" in str(error):
            reason, remedy = "it holds Python objects", "Save labels as text, dtype str"
        raise CropSetError(
            f"{path.name} is no crop set: {reason}. {remedy}: a crop set is an .npz of plain "
            "arrays, images and phase at least."
        ) from None


def _images(images: NDArray[Any], name: str) -> NDArray[Any]:
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim not in (4, 5) or images.dtype.kind not in "buif":
        raise CropSetError(
            f"{name}: images are {images.dtype} of shape {images.shape}, expected numbers "
            "(n, y, x), (n, c, y, x) or (n, c, z, y, x)."
        )
    if images.ndim == 5 and images.shape[2] == 1:  # a stack of one plane is a picture
        images = images[:, :, 0]
    if images.size == 0:
        raise CropSetError(f"{name} holds no crops: images have shape {images.shape}.")
    if images.dtype.kind == "f":
        bad = ~np.isfinite(images.reshape(len(images), -1)).all(axis=1)
        if bad.any():
            raise CropSetError(
                f"{name}: {bad.sum()} of {len(images)} crops hold values that are no finite "
                f"numbers, the first is crop {int(bad.argmax())}. Leave these out."
            )
    return images


def _mask(mask: NDArray[Any] | None, images: NDArray[Any], name: str) -> NDArray[np.bool_] | None:
    if mask is None:
        return None
    while mask.ndim >= images.ndim and mask.shape[1] == 1:  # channel, and the plane of a picture
        mask = mask[:, 0]
    expected = (len(images), *images.shape[2:])
    if mask.shape != expected or mask.dtype.kind not in "buif":
        raise CropSetError(
            f"{name}: mask is {mask.dtype} of shape {mask.shape}, expected numbers {expected}, as "
            "the images. Cut it out as they were, or leave it out."
        )
    return np.asarray(mask > 0)


def _spacing(values: NDArray[Any] | None, name: str) -> tuple[float, float, float] | None:
    if values is None:
        return None
    if values.dtype.kind not in "uif":
        raise CropSetError(
            f"{name}: spacing_um is {values.ravel()[:3].tolist()}, expected micrometres, as "
            "numbers. Leave it out where it is unknown."
        )
    each = np.asarray(values, dtype=float)
    if each.ndim > 1:  # one row a crop
        each = np.unique(each.reshape(len(each), -1), axis=0)
        if len(each) > 1:
            raise CropSetError(
                f"{name}: spacing_um has {len(each)} different rows, from {each[0].tolist()} to "
                f"{each[-1].tolist()}, expected the same for all crops: resample them, or give a "
                "file of each."
            )
    numbers = each.ravel().tolist()
    numbers = {1: numbers * 3, 2: [1.0, *numbers]}.get(len(numbers), numbers)
    if len(numbers) != 3 or not all(0 < value < np.inf for value in numbers):
        raise CropSetError(
            f"{name}: spacing_um is {numbers[:3]}{'' if len(numbers) <= 3 else ' and more'}, "
            "expected positive micrometres (z, y, x) or (y, x), the same for all crops. Leave it "
            "out where it is unknown."
        )
    z, y, x = numbers
    return z, y, x
