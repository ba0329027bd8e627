"""A training as the form describes it, and as it is kept beside its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from napari_cellcycle._qt.training.reading import USUAL, Spelling

IMAGENET, SCRATCH = "imagenet", "scratch"
"""Beginnings that are no models."""


@dataclass(frozen=True, slots=True)
class TrainRun:
    """One training as the form describes it.

    Parameters
    ----------
    data : Path
        The set that is split.
    others : tuple of (Path, Spelling)
        Sets that are only learned from, and how each is read.
    recipe : str
        As for :func:`~napari_cellcycle.train.recipes.find_recipe`.
    name : str
        Of the new model.
    out : Path
        Folder to write it in, which ends in its name.
    start : Path or None
        Model to begin with.
    begin : str
        Without a model: :data:`IMAGENET`, :data:`SCRATCH`, or nothing for what the recipe says.
    spelling : Spelling
        How the first set is read.
    group_key : str
        Column of the first set whose groups are never split.
    renames : mapping of str to str
        Labels of the data, and the phase that each means.
    epochs : int or None
        At most; the recipe's by default.
    device : str
    licence, attribution : str
        Of the first set, for the card.
    resume, finish : bool
        Go on with what was stopped, or be content with it.
    """

    data: Path
    others: tuple[tuple[Path, Spelling], ...]
    recipe: str
    name: str
    out: Path
    start: Path | None = None
    begin: str = ""
    spelling: Spelling = USUAL
    group_key: str = "group"
    renames: Mapping[str, str] = field(default_factory=dict)
    epochs: int | None = None
    device: str = "auto"
    licence: str = ""
    attribution: str = ""
    resume: bool = False
    finish: bool = False

    @property
    def has_checkpoints(self) -> bool:
        """Whether it was stopped after a whole epoch, and can go on."""
        return any(self.checkpoints.glob("[!.]*.pt"))

    @property
    def checkpoints(self) -> Path:
        """Folder of its checkpoints, until it is finished."""
        return self.out.with_name(f"{self.name}.checkpoints")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without what :meth:`from_dict` is told."""
        values = asdict(self)
        for key in ("out", "resume", "finish"):
            del values[key]
        values["data"] = str(self.data.absolute())
        values["others"] = [
            [str(path.absolute()), asdict(spelling)] for path, spelling in self.others
        ]
        values["start"] = None if self.start is None else str(self.start.absolute())
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], out: Path) -> TrainRun:
        """Make it again, to be written at ``out``.

        Raises
        ------
        KeyError, TypeError
            If the values are of another version.
        """
        others = tuple((Path(path), Spelling(**spelling)) for path, spelling in values["others"])
        start = values["start"]
        return cls(
            **{
                **values,
                "data": Path(values["data"]),
                "others": others,
                "start": None if start is None else Path(start),
                "spelling": Spelling(**values["spelling"]),
                "out": out,
            }
        )
