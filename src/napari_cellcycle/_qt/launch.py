"""Open napari on a classification: what ``--view`` of the command line shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.layers import add_segmentation, add_stack, axes_of_grid
from napari_cellcycle._qt.session import Finished, feature_rows, session_of, whole_run

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
        Where to show them; a new viewer by default.
    block : bool
        Whether to return only when the window is closed.

    Returns
    -------
    napari.Viewer
    """
    import napari

    if viewer is None:
        viewer = napari.Viewer(title=f"napari-cellcycle: {stack.name}")
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
        napari.run()
    return viewer
