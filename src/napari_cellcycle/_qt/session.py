"""What belongs to one viewer: the overlays shown in it and the features that follow its slider."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.below import Below
from napari_cellcycle._qt.features import FeatureView
from napari_cellcycle._qt.gl_context import free_in_the_canvas
from napari_cellcycle._qt.overlay import PhaseOverlay
from napari_cellcycle.review.signal import Signal

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.classify.run import Batch, Classification
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.phases import PhaseSet

_SESSIONS: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A classification that has come to its end, and what it was made of.

    Parameters
    ----------
    classification : Classification
    stack : Stack
        The image.
    layer : napari.layers.Labels
        The segmentation's layer.
    axes : str
        Its axes, letters of ``TZYX``.
    nuclei : Segmentation or None
        Where the labels are cells.
    """

    classification: Classification
    stack: Stack
    layer: Any
    axes: str
    nuclei: Segmentation | None = None


class Session:
    """Overlays, features and finished classifications of one viewer, by segmentation layer.

    Attributes
    ----------
    below : Below
        Segmentations that are transparent below their phases.
    classified : Signal
        Called with each :class:`Finished` classification.
    review_changed : Signal
        Called with :attr:`review` when a review was opened or closed.
    """

    def __init__(self) -> None:
        self.below = Below()
        self.classified = Signal()
        self.review_changed = Signal()
        self._review: Any = None
        self.overlays: dict[Hashable, PhaseOverlay] = {}
        self.finished: dict[Hashable, Finished] = {}
        self._features: dict[Hashable, FeatureView] = {}

    @property
    def review(self) -> Any:
        """The widget "Review cells", while it has a project open; else None."""
        return self._review

    @review.setter
    def review(self, widget: Any) -> None:
        self._review = widget
        self.review_changed.emit(widget)

    def begin(
        self,
        viewer: Any,
        segmentation: Any,
        cells: CellTable,
        axes: str,
        phases: PhaseSet,
    ) -> PhaseOverlay:
        """Show an empty overlay of a segmentation in place of its former one."""
        self.finished.pop(segmentation.unique_id, None)
        return self.put(viewer, PhaseOverlay(segmentation, cells, axes, phases))

    def put(self, viewer: Any, overlay: PhaseOverlay, *, in_place: bool = False) -> PhaseOverlay:
        """Show an overlay instead of the former one of its segmentation, on top or in its place."""
        overlay.show(viewer, in_place=in_place)
        self.overlays[overlay.segmentation.unique_id] = overlay
        return overlay

    def has(self, overlay: PhaseOverlay) -> bool:
        """Whether an overlay is the one of its segmentation that was put last."""
        return self.overlays.get(overlay.segmentation.unique_id) is overlay

    def take_back(self, viewer: Any, segmentation: Any) -> Any:
        """Layer of the overlay of a segmentation, for another one; None if there is none to have.

        The former overlay paints no more.
        """
        former = self.overlays.get(segmentation.unique_id)
        if former is None or former.layer not in viewer.layers:
            return None
        return former.give_up()

    def finish(self, finished: Finished) -> None:
        """Keep a classification for whoever goes on with it."""
        self.finished[finished.layer.unique_id] = finished
        self.classified.emit(finished)

    def set_features(
        self, viewer: Any, segmentation: Any, frame: NDArray[Any], rows: pd.DataFrame, axes: str
    ) -> None:
        """Give a segmentation layer the predictions as features.

        Parameters
        ----------
        viewer : napari.Viewer
            Its time slider decides whose frame is shown.
        segmentation : napari.layers.Labels
            The user's layer.
        frame : ndarray, ``(n,)``, int
            As in :meth:`napari_cellcycle._qt.features.FeatureView.set`.
        rows : DataFrame
            As in :meth:`napari_cellcycle._qt.features.FeatureView.set`.
        axes : str
            Axes of that layer, letters of ``TZYX``.
        """
        self._features_of(viewer, segmentation, axes).set(frame, rows)

    def follow_features(
        self,
        viewer: Any,
        segmentation: Any,
        rows_of: Callable[[int], pd.DataFrame],
        axes: str,
        rest_ms: int = 0,
    ) -> None:
        """As :meth:`set_features`, with rows that are made for one frame when it is shown.

        Parameters
        ----------
        viewer, segmentation, axes
            As in :meth:`set_features`.
        rows_of, rest_ms
            As in :meth:`napari_cellcycle._qt.features.FeatureView.follow`.
        """
        self._features_of(viewer, segmentation, axes).follow(rows_of, rest_ms)

    def _features_of(self, viewer: Any, segmentation: Any, axes: str) -> FeatureView:
        former = self._features.pop(segmentation.unique_id, None)
        if former is not None:
            former.close()
        view = self._features[segmentation.unique_id] = FeatureView(segmentation, viewer, axes)
        return view

    def forget(self, event: Any) -> None:
        """Let go of a layer that was removed from the viewer."""
        key = event.value.unique_id
        self.below.leave(event.value, event.source)
        self.overlays.pop(key, None)
        self.finished.pop(key, None)
        view = self._features.pop(key, None)
        if view is not None:
            view.close()


def feature_rows(
    phases: PhaseSet, batches: Sequence[Batch]
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Features of the cells classified so far.

    Parameters
    ----------
    phases : PhaseSet
        Vocabulary of the model.
    batches : sequence of Batch
        Of one run.

    Returns
    -------
    frame : ndarray, ``(n,)``, int64
    rows : DataFrame
        ``index`` (the label), ``phase`` (its slug), ``confidence``, ``entropy``, ``deciding_axis``.
    """
    import pandas as pd

    cells, slugs = batches[0].cells, np.array(phases.slugs, dtype=object)
    indices = np.concatenate([batch.indices for batch in batches])
    decisions = [batch.decision for batch in batches]
    rows = pd.DataFrame(
        {
            "index": cells.label[indices],
            "phase": slugs[np.concatenate([d.phase for d in decisions])],
            "confidence": np.concatenate([d.confidence for d in decisions]),
            "entropy": np.concatenate([d.entropy for d in decisions]),
            "deciding_axis": np.concatenate([d.deciding_axis for d in decisions]),
        }
    )
    return cells.frame[indices], rows


def whole_run(classification: Classification) -> Batch:
    """All of a finished classification as one batch."""
    from napari_cellcycle.classify.run import Batch

    cells = classification.cells
    n = len(cells)
    return Batch(
        n,
        n,
        np.arange(n),
        classification.decision,
        cells,
        classification.device,
        classification.notes,
    )


def session_of(viewer: Any) -> Session:
    """Return the session of a viewer, made on the first call."""
    # each dock widget gets a proxy of its own, which would be collected with it
    viewer = getattr(viewer, "__wrapped__", viewer)
    session = _SESSIONS.get(viewer)
    if session is None:
        session = _SESSIONS[viewer] = Session()
        viewer.layers.events.inserted.connect(lambda event: session.below.arrive(event.value))
        viewer.layers.events.removed.connect(session.forget)
        free_in_the_canvas(viewer)
    return session
