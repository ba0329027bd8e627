"""Open napari on a classification: what ``--view`` of the command line shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.sample_data import MEMBRANE
from napari_cellcycle._qt.session import feature_rows, session_of, whole_run

if TYPE_CHECKING:
    from napari_cellcycle.classify.run import Classification
    from napari_cellcycle.image.stack import Stack

_COLORS = {"dna": "gray", "membrane": MEMBRANE, "tubulin": "cyan"}


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

    from napari_cellcycle.image import guess_roles

    if viewer is None:
        viewer = napari.Viewer(title=f"napari-cellcycle: {stack.name}")
    kept = [axis for axis, size in zip("TZYX", stack.grid, strict=True) if axis in "YX" or size > 1]
    place = _place(classification, kept)
    roles = guess_roles(stack.channels)
    names = {index: role for role, index in roles.items() if index is not None}
    for index, name in enumerate(stack.channels):
        image = stack.data[:, index]
        viewer.add_image(
            _squeeze(image, kept),
            name=name,
            colormap=_COLORS.get(names.get(index, ""), "gray"),
            blending="additive",
            **place,
        )
    segmentation = classification.segmentation
    layer = viewer.add_labels(
        _squeeze(segmentation.data, kept), name=segmentation.name, visible=False, **place
    )
    session = session_of(viewer)
    axes = "".join(kept)
    batch, phases = whole_run(classification), classification.card.phase_set
    overlay = session.begin(viewer, layer, batch.cells, axes, phases)
    overlay.paint(batch.indices, batch.decision.phase + 1)
    overlay.layer.opacity = 0.6
    frame, rows = feature_rows(phases, [batch])
    session.set_features(viewer, layer, frame, rows, axes)
    if block:
        napari.run()
    return viewer


def _place(classification: Classification, kept: list[str]) -> dict[str, Any]:
    """Scale, units and axis labels of the layers; pixels where nobody knows micrometres."""
    spacing = classification.cells.spacing
    known = dict(zip("ZYX", spacing.zyx, strict=True))
    return {
        "scale": [known.get(axis, 1.0) for axis in kept],
        "units": ["um" if spacing.is_physical and axis != "T" else "pixel" for axis in kept],
        "axis_labels": [axis.lower() for axis in kept],
    }


def _squeeze(data: Any, kept: list[str]) -> Any:
    return data[tuple(slice(None) if axis in kept else 0 for axis in "TZYX")]
