"""What it takes to repeat a training: versions, data, options and the parts of the split."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.train.crossvalidation import CrossValidation
    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.experiment import Experiment
    from napari_cellcycle.train.fit.fitting import Fitted
    from napari_cellcycle.train.trained import Trained

    Data = str | Path | CropSet

SCHEMA = 1
_PACKAGES = ("napari-cellcycle", "numpy", "scikit-image", "scikit-learn", "scipy", "torch")
_CHUNK = 1 << 20


def versions() -> dict[str, str]:
    """Versions of Python and of every package that a result depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def data_sha256(data: Data) -> str:
    """Hash a data set.

    Parameters
    ----------
    data : path or CropSet
        A file is hashed as it is; a folder by the names and hashes of its files; a crop set by its
        arrays.
    """
    found = hashlib.sha256()
    if not isinstance(data, (str, Path)):
        for array in (data.images, data.phase, data.group):
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        found.update(" ".join(data.channels).encode())
        return found.hexdigest()
    path = Path(data)
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            found.update(f"{file.relative_to(path).as_posix()} {data_sha256(file)}\n".encode())
        return found.hexdigest()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def describe(
    experiment: Experiment,
    parts: Mapping[str, NDArray[np.int64]],
    trained: Trained,
    crossed: CrossValidation | None,
    *,
    data: Sequence[Data],
) -> dict[str, Any]:
    """Describe a training as plain values for JSON.

    Parameters
    ----------
    experiment : Experiment
        What was learned.
    parts : mapping of str to ndarray of int
        Rows of each part of the split.
    trained : Trained
        What came of it.
    crossed : CrossValidation or None
        Beforehand.
    data : sequence of path or CropSet
        The data set that was split, and the further ones, as they were given.
    """
    from napari_cellcycle.train.fit.passes import precision

    first, *others = map(_data, data, (experiment.crops, *(o.crops for o in experiment.others)))
    return {
        "device": experiment.device,
        "precision": precision(experiment.device),
        "seed": experiment.seed,
        "data": first,
        "others": others,
        "recipe": experiment.recipe.to_dict(),
        "parts": _parts(experiment.crops, parts),
        "fits": _fits(trained.fits),
        "cross_validation": None if crossed is None else _crossed(crossed),
    }


def _data(data: Data, crops: CropSet) -> dict[str, Any]:
    """Name a data set as it was read, and count its cells, after labels were renamed."""
    names, counts = np.unique(crops.phase, return_counts=True)
    return {
        "name": crops.name,
        "sha256": data_sha256(data),
        "cells": len(crops),
        "shape": list(crops.images.shape),
        "channels": list(crops.channels),
        "phases": dict(zip(names.tolist(), counts.tolist(), strict=True)),
        "groups": len(np.unique(crops.group)),
    }


def _parts(crops: CropSet, parts: Mapping[str, NDArray[np.int64]]) -> dict[str, Any]:
    """List the cells and groups of each part, so that a test can be made again on the same."""
    return {
        part: {"cells": len(rows), "groups": np.unique(crops.group[rows]).tolist()}
        for part, rows in parts.items()
    }


def _fits(fits: Mapping[str, Fitted]) -> dict[str, Any]:
    """Give the whole curve of each fit, and which of its epochs was kept."""
    return {
        axis: {
            "epochs": len(fitted.curve),
            "best_epoch": fitted.best_epoch,
            "stopped_early": fitted.stopped_early,
            "curve": [epoch.to_dict() for epoch in fitted.curve],
        }
        for axis, fitted in fits.items()
    }


def _crossed(crossed: CrossValidation) -> dict[str, Any]:
    return crossed.to_dict() | {
        "fits": [_fits(fold.fits) for fold in crossed.folds],
        "evaluations": [fold.evaluation.to_dict() for fold in crossed.folds],
    }


def write_record(path: Path, values: Mapping[str, Any]) -> Path:
    """Write ``run.json``, whole or not at all."""
    with replacing(path) as new:
        text = json.dumps({"schema": SCHEMA, **values}, indent=2, ensure_ascii=False)
        new.write_text(text + "\n", encoding="utf-8")
    return path
