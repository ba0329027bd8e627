"""Other labels for an image of an open project: new ones, or a version that was there before."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.review.opening.kept import Kept
from napari_cellcycle._qt.review.opening.prepared import Prepared, layer_of

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.image.stack import Segmentation


@dataclass(frozen=True, slots=True, eq=False)
class Replaced:
    """What came of it.

    Parameters
    ----------
    prepared : Prepared
        With the labels that the project has now.
    told : str
        What became of the cells.
    """

    prepared: Prepared
    told: str


def take_labels(
    undertaking: Undertaking, labels: Segmentation | Path, layer: Any = None
) -> Generator[str, None, Replaced]:
    """Put new labels in the place of the present ones.

    Parameters
    ----------
    undertaking : Undertaking
        The project as it is.
    labels : Segmentation or Path
        Of a layer, without a path, or a file.
    layer : napari.layers.Labels, optional
        The layer.

    Yields
    ------
    str
        What is going on.
    """
    from napari_cellcycle.image.reading import open_labels
    from napari_cellcycle.review.relabelling.handover import hand_over

    yield "Comparing labels…"
    project, image = undertaking.project, undertaking.image
    if isinstance(labels, Path):
        labels_are = undertaking.segmentation.labels_are
        scene = project.images[image].scene or None
        labels = open_labels(labels, labels_are=labels_are, scene=scene)
    found = hand_over(project, image, labels)
    kept = replace(project.images.labels(image), name=labels.name)
    yield "Reading the cells…"
    return Replaced(_prepared(undertaking, kept, layer), str(found))


def go_back(
    undertaking: Undertaking, version: int, layers: Sequence[Any]
) -> Generator[str, None, Replaced]:
    """Show the image with labels that the project has had before.

    Parameters
    ----------
    undertaking : Undertaking
        The project as it is.
    version : int
        Number of the version.
    layers : sequence of napari.layers.Labels
        Layers of the viewer that may have them.

    Yields
    ------
    str
        What is going on.
    """
    yield "Reading labels…"
    project, image = undertaking.project, undertaking.image
    versions, former = project.segmentations, project.segmentations.current(image)
    versions.show(image, version)
    try:
        kept = project.images.labels(image)
    except BaseException:
        versions.show(image, former)
        raise
    layer = layer_of(replace(undertaking, segmentation=kept), layers)
    told = "These labels are shown again; words follow their cells."
    return Replaced(_prepared(undertaking, kept, layer), told)


def _prepared(undertaking: Undertaking, labels: Segmentation, layer: Any) -> Prepared:
    from napari_cellcycle.review.loaded import load

    project, image = undertaking.project, undertaking.image
    read = load(project, image, predictions=Kept(project, image).shown_set)
    return Prepared(replace(undertaking, segmentation=labels), read, layer)
