"""A fit in the middle: weights, optimiser and curve after a whole epoch, written whole."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    import torch


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """State of a fit after an epoch.

    The random numbers of an epoch follow from the seed and its number, both of which the mark and
    the curve hold; no state of a generator is needed.

    Parameters
    ----------
    mark : str
        Hash of what is fitted on what, and how.
    network : dict of str to Tensor
        State of the network.
    average : dict of str to Tensor
        Moving average of it; empty where the plan has none.
    optimizer : dict
        State of the optimiser.
    curve : list of dict
        One an epoch.
    best_value : float
        Of the monitored figure.
    best_epoch : int
        From 1.
    best : dict of str to Tensor
        State of the network after that epoch.
    """

    mark: str
    network: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    curve: list[dict[str, Any]]
    best_value: float
    best_epoch: int
    best: dict[str, torch.Tensor]

    def write(self, path: Path) -> None:
        """Replace the checkpoint at ``path``, whole or not at all."""
        import torch

        content = io.BytesIO()  # on a full disk torch fails with an error of its own
        torch.save({field.name: getattr(self, field.name) for field in fields(self)}, content)
        with replacing(path) as new:
            new.write_bytes(content.getbuffer())


def read_checkpoint(path: Path, mark: str) -> Checkpoint | None:
    """Read a checkpoint; nothing in it is ever executed.

    Parameters
    ----------
    path : Path
        Where one may be.
    mark : str
        That of the fit which is to go on.

    Returns
    -------
    Checkpoint or None
        None where there is no file.

    Raises
    ------
    TrainingError
        If it cannot be read, or belongs to another fit.
    """
    import pickle
    from zipfile import BadZipFile

    import torch

    if not path.is_file():
        return None
    expected = {field.name for field in fields(Checkpoint)}
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        known = isinstance(values, dict) and set(values) == expected
    except (pickle.UnpicklingError, RuntimeError, BadZipFile, EOFError, OSError, ValueError):
        known = False
    if not known:
        raise TrainingError(
            f"{path} is no checkpoint of this version, or it is damaged. Delete it, or begin "
            "anew (--replace instead of --resume)."
        )
    if values["mark"] != mark:
        raise TrainingError(
            f"{path} was made with other data, another start, other options or another seed than "
            "these. Train as then, or begin anew (--replace instead of --resume)."
        )
    return Checkpoint(**values)
