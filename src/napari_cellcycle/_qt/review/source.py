"""What the widgets of Review ask about cells: a small protocol to read, and nothing to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle._qt.review.selection import Selection
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class SourceSignals(QObject):
    """What a source tells, always on the main thread and after its columns have changed.

    Attributes
    ----------
    changed : Signal(object)
        Indices of cells, an ndarray of int: their phase, status or what else is known of them.
    reloaded : Signal()
        Every cell may have changed, and their number, the vocabulary or its colours.
    """

    changed = Signal(object)
    reloaded = Signal()


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Views of some cells, as the networks got them.

    Parameters
    ----------
    images : ndarray, ``(n, axes, channels, size, size)``, float in [0, 1]
        Volumes are projected before: see :meth:`napari_cellcycle.cells.views.views.Views.pictures`.
    axes : tuple of str
        Axis along which each was projected.
    roles : tuple of str
        Role of each channel, such as ``dna``.
    """

    images: NDArray[np.floating[Any]]
    axes: tuple[str, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture of a cell in its surroundings: a slice, or the same cell in another frame.

    Parameters
    ----------
    name : str
        What stands above it, such as ``centre``.
    rgb : ndarray, ``(rows, columns, 3)``, float in [0, 1]
    """

    name: str
    rgb: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """What the network of one axis says of a cell.

    Parameters
    ----------
    axis : str
    probabilities : ndarray, ``(leaves,)``, float
        In the order of the leaves of the vocabulary.
    decides : bool
        Whether it decided (the branch, in a vocabulary of two levels).
    decides_stage : bool
        Whether it decided the stage.
    """

    axis: str
    probabilities: Floats
    decides: bool = False
    decides_stage: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of one cell beside its row in the columns.

    Parameters
    ----------
    model : str
        Name of the model that predicted it; empty where there is none.
    votes : tuple of Vote
        One an axis; none without a model, and in blind mode.
    said : tuple of (str, str)
        Who says what of it, in words for a person.
    reviewed_at : datetime or None
        When something was said last.
    note : str
    suspicion : str
        Why the prediction may be wrong; empty where nothing is known against it.
    """

    model: str = ""
    votes: tuple[Vote, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    reviewed_at: datetime | None = None
    note: str = ""
    suspicion: str = ""


class CellSource(Protocol):
    """Cells as the gallery, the panel and the table read them.

    Columns have one entry a cell and are read again whenever :attr:`signals` says so; an index is
    a place in them. Nothing is written through a source but its :attr:`selection`.
    """

    @property
    def phases(self) -> PhaseSet:
        """The vocabulary; codes of phases are places in it, branches included."""

    @property
    def signals(self) -> SourceSignals:
        """Tells what has changed."""

    @property
    def selection(self) -> Selection:
        """Selected cells and the current one, shared by all widgets; as long as the source."""

    def __len__(self) -> int:
        """Number of cells."""

    @property
    def blind(self) -> bool:
        """Whether predictions, and what others say, are hidden."""

    @property
    def phase(self) -> NDArray[np.integer[Any]]:
        """Code of the final phase, -1 where there is none."""

    @property
    def predicted(self) -> NDArray[np.integer[Any]]:
        """Code of the predicted phase, -1 where there is none."""

    @property
    def status(self) -> NDArray[np.integer[Any]]:
        """Index of :data:`napari_cellcycle.project.words.STATUSES`."""

    @property
    def confidence(self) -> Floats:
        """Probability of the prediction, NaN where there is none."""

    @property
    def entropy(self) -> Floats:
        """Entropy of the prediction, nats, NaN where there is none."""

    @property
    def deciding_axis(self) -> NDArray[Any]:
        """Axis that decided, str, empty where none did alone."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether the person who works has looked at it."""

    @property
    def frame(self) -> Ints:
        """Frame, from 0."""

    @property
    def label(self) -> Ints:
        """Label in the frame."""

    @property
    def position(self) -> Floats:
        """Centroids, ``(n, 3)``: z, y, x in :attr:`unit`."""

    @property
    def unit(self) -> str:
        """Unit of the positions, ``µm`` or ``px``."""

    @property
    def is_2d(self) -> bool:
        """Whether z says nothing."""

    @property
    def notes(self) -> NDArray[Any]:
        """Notes on each cell, str, empty where there is none."""

    def views(self, indices: Ints) -> Pictures:
        """Views of some cells. Called in a worker thread; may be slow."""

    def slices(self, index: int) -> Sequence[Tile]:
        """The cell in its surroundings: centre slice with neighbours, other frames; may be none.

        Called in a worker thread; may be slow.
        """

    def facts(self, index: int) -> Facts:
        """What else is known of a cell. Called on the main thread; fast."""


def votes_of(
    axes: Sequence[str],
    level1: ArrayLike,
    level2: ArrayLike | None = None,
    deciding_axis: str = "",
    stage_deciding_axis: str = "",
) -> tuple[Vote, ...]:
    """Probabilities of the leaves that each axis gives to one cell.

    Parameters
    ----------
    axes : sequence of str
        Of the views.
    level1 : array-like, ``(axes, 2)`` or ``(axes, leaves)``
        As in :class:`napari_cellcycle.models.ensemble.Decision`.
    level2 : array-like, ``(axes, stages)``, optional
        Stages given the branch; none in a flat vocabulary.
    deciding_axis, stage_deciding_axis : str
        Who decided; empty where nobody did alone.
    """
    leaves = np.asarray(level1, dtype=np.float64)
    if level2 is not None and np.shape(level2)[-1]:
        stages = leaves[:, 1:] * np.asarray(level2, dtype=np.float64)
        leaves = np.concatenate([leaves[:, :1], stages], axis=1)
    return tuple(
        Vote(axis, p, axis == deciding_axis, axis == stage_deciding_axis)
        for axis, p in zip(axes, leaves, strict=True)
    )
