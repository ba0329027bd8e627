"""What a project takes of the result of a run, whose own types are in rooms above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet


class Decided(Protocol):
    """What an ensemble says, as :class:`napari_cellcycle.models.ensemble.Decision`."""

    @property
    def axes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def vote(self) -> str: ...  # noqa: D102
    @property
    def level1(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def level2(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def deciding_axis(self) -> NDArray[np.str_]: ...  # noqa: D102
    @property
    def stage_deciding_axis(self) -> NDArray[np.str_]: ...  # noqa: D102
    @property
    def entropy(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def stage_entropy(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def probabilities(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def phase(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def confidence(self) -> NDArray[np.float64]: ...  # noqa: D102


class Named(Protocol):
    """A card of a model."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102


class Classified(Protocol):
    """A run, as :class:`napari_cellcycle.classify.result.Classification`."""

    @property
    def cells(self) -> CellTable: ...  # noqa: D102
    @property
    def decision(self) -> Decided: ...  # noqa: D102
    @property
    def card(self) -> Named: ...  # noqa: D102
    @property
    def model_sha256(self) -> str: ...  # noqa: D102
    @property
    def phases(self) -> PhaseSet: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def cell_notes(self) -> tuple[str, ...]: ...  # noqa: D102
