"""Open napari on a classification: what ``--view`` of the command line shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_cellcycle._qt.layers import add_segmentation, add_stack, axes_of_grid
from napari_cellcycle._qt.results import ResultPanel
from napari_cellcycle._qt.session import Finished, feature_rows, session_of, whole_run
from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    from napari_cellcycle.classify.run import Classification
    from napari_cellcycle.image.stack import Stack


def launch(
    stack: Stack, classification: Classification, *, viewer: Any = None, block: bool = True
) -> Any:
    """Show an image, its segmentation and the phases of its cells.

    Parameters
    ----------
    stack : Stack
        The image.
    classification : Classification
        Made of this stack.
    viewer : napari.Viewer, optional
        Where to show them; by default a new viewer, with a legend of the phases beside it.
    block : bool
        Whether to return only when the window is closed.

    Returns
    -------
    napari.Viewer
    """
    import napari

    if viewer is None:
        viewer = napari.Viewer(title=f"napari-cellcycle: {stack.name}")
        viewer.window.add_dock_widget(_legend(classification), name="Phases", area="right")
    spacing = classification.cells.spacing
    add_stack(viewer, stack, spacing)
    layer = add_segmentation(viewer, classification.segmentation, spacing, visible=False)
    session = session_of(viewer)
    axes = axes_of_grid(stack.grid)
    batch, phases = whole_run(classification), classification.card.phase_set
    overlay = session.begin(viewer, layer, batch.cells, axes, phases)
    overlay.paint(batch.indices, batch.decision.phase + 1)
    overlay.layer.opacity = 0.6
    frame, rows = feature_rows(phases, [batch])
    session.set_features(viewer, layer, frame, rows, axes)
    session.finish(Finished(classification, stack, layer, axes))
    if block:
        QTimer.singleShot(0, viewer.reset_view)  # once the window has its size
        napari.run()
    return viewer


def _legend(classification: Classification) -> ResultPanel:
    card = classification.card
    panel = ResultPanel()
    panel.summary.setText(f"{counted(len(classification.cells), 'cell')} classified by {card.name}")
    panel.set_counts(card.phase_set, classification.counts())
    panel.set_notes(classification.notes)
    panel.stand_alone()
    return panel
