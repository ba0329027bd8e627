"""What a run gives: cells, decisions, and everything needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.columns import write_csv
from napari_cellcycle.classify.table import to_frame, to_rows

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.views.content import Population
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.models.ensemble import Decision
    from napari_cellcycle.phases import PhaseSet


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """The cells of one image and what a model says of them.

    Parameters
    ----------
    cells : CellTable
        One row a cell; everything else is in its order.
    decision : Decision
        Probabilities, phases, entropies and who decided.
    card : ModelCard
        Of the model.
    model_sha256 : str
        Hash of the model.
    device : str
        Where it was computed.
    notes : tuple of str
        What to know about the run.
    cell_notes : tuple of str
        What to know about each cell, one a cell, empty where there is nothing.
    segmentation : Segmentation
        The labels that were classified.
    channels : mapping of str to int or None
        Channel of the image for each role.
    population : Population or None
        What is typical of the image's cells, where the model compares them.
    """

    cells: CellTable
    decision: Decision
    card: ModelCard
    model_sha256: str
    device: str
    notes: tuple[str, ...]
    cell_notes: tuple[str, ...]
    segmentation: Segmentation
    channels: Mapping[str, int | None]
    population: Population | None = None

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def phases(self) -> PhaseSet:
        """The vocabulary of the predictions."""
        return self.card.phase_set

    def predicted_phases(self) -> list[str]:
        """Slug of each cell's phase."""
        return [self.card.phases[int(i)] for i in self.decision.phase]

    def counts(self) -> dict[str, int]:
        """Count the cells of every phase, in the order of the vocabulary."""
        counts = np.bincount(self.decision.phase, minlength=len(self.card.phases))
        return dict(zip(self.card.phases, counts.tolist(), strict=True))

    def features(self, frame: int | None = None) -> dict[str, Any]:
        """Columns for the ``features`` of a napari Labels layer.

        Parameters
        ----------
        frame : int, optional
            Only the cells of this frame: labels repeat from frame to frame.

        Returns
        -------
        dict
            ``index`` (the label), ``phase``, ``confidence``, ``entropy`` and ``deciding_axis``.
        """
        rows = np.arange(len(self)) if frame is None else np.flatnonzero(self.cells.frame == frame)
        slugs = np.array(self.card.phases, dtype=object)
        return {
            "index": self.cells.label[rows],
            "phase": slugs[self.decision.phase[rows]],
            "confidence": self.decision.confidence[rows],
            "entropy": self.decision.entropy[rows],
            "deciding_axis": self.decision.deciding_axis[rows].astype(object),
        }

    def to_frame(self) -> pd.DataFrame:
        """Make the ``cells`` table of schema 1."""
        return to_frame(self)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the ``cells`` table; the file is complete or not there."""
        write_csv(self.to_frame(), path)

    def to_json_dict(self) -> dict[str, Any]:
        """What ``classify --json`` prints: model, device, one object a cell, counts."""
        return {
            "model": self.card.name,
            "device": self.device,
            "cells": to_rows(self.to_frame()),
            "counts": self.counts(),
        }
