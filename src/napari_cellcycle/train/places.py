"""Where a training writes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.figures.curves import draw_curves
from napari_cellcycle.figures.page import save_figure
from napari_cellcycle.models.archive import pack
from napari_cellcycle.models.folder import check_gives_way, check_only_model, save_model

if TYPE_CHECKING:
    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.train.trained import Trained


@dataclass(frozen=True, slots=True)
class Places:
    """The model, and files of its name beside it.

    Parameters
    ----------
    out : Path
        Model folder or zip file.
    base : Path
        The same without ``.zip``.
    """

    out: Path
    base: Path

    @classmethod
    def of(cls, out: Path) -> Places:
        """Find the places.

        Raises
        ------
        CellCycleError
            If something else than a model is in place of it.
        """
        if out.suffix.lower() != ".zip":
            check_only_model(out)
            return cls(out, out)
        if out.is_dir():
            raise TrainingError(f"{out} is a folder; give the name of a zip file.")
        return cls(out, out.with_suffix(""))

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.base.name

    def check(self, *, overwrite: bool, resume: bool, finish: bool) -> None:
        """Refuse, before any work, what would cost earlier work, or has nothing to go on with.

        Parameters
        ----------
        overwrite : bool
            Whether an older model gives way, with its record and its curves, or what an interrupted
            training came to.
        resume : bool
            Go on with that; when it began, it was let write here.
        finish : bool
            Whether its checkpoints are to become the model.

        Raises
        ------
        CellCycleError
            If there is a model, its record, a checkpoint, or a file that is no model; or nothing to
            finish.
        """
        if finish and not any(self.checkpoints.glob("axis-*.pt")):
            raise TrainingError(
                f"{self.checkpoints} holds no epoch of a model that could be finished. Check "
                "--out, or train without --finish."
            )
        begun = any(self.checkpoints.rglob("axis-*.pt"))
        goes_on = resume and begun
        check_gives_way(self.out, overwrite=overwrite or goes_on)
        if overwrite or goes_on:
            return
        if self.record.exists():
            raise TrainingError(
                f"{self.record} is of a model that was trained before, and is left as it is. Give "
                "another --out, or --replace to train one in its place."
            )
        if begun:
            raise TrainingError(
                f"{self.checkpoints} is of a training that was interrupted. Go on with it "
                "(--resume), or begin anew (--replace)."
            )

    @property
    def record(self) -> Path:
        """What it takes to repeat the training."""
        return self.base.with_name(f"{self.name}.run.json")

    @property
    def checkpoints(self) -> Path:
        """Folder of a training that is not finished."""
        return self.base.with_name(f"{self.name}.checkpoints")

    def save(self, card: ModelCard, trained: Trained) -> ModelCard:
        """Write the model as a folder or as a zip file."""
        states = {axis: n.state_dict() for axis, n in trained.classifier.networks.items()}
        if self.out == self.base:
            return save_model(self.out, card, states)
        with tempfile.TemporaryDirectory(prefix="napari-cellcycle-") as folder:
            card = save_model(Path(folder) / card.name, card, states)
            pack(Path(folder) / card.name, self.out)
        return card

    def draw(self, trained: Trained, subtitle: str) -> Path:
        """Draw the curves of all axes."""
        curves = {axis: [e.to_dict() for e in fit.curve] for axis, fit in trained.fits.items()}
        best = {axis: fit.best_epoch for axis, fit in trained.fits.items()}
        figure = draw_curves(curves, best, title=f"Training of {self.name}", subtitle=subtitle)
        return save_figure(figure, self.base.with_name(f"{self.name}.curves.png"))
