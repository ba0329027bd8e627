"""What a model says of the crops of a crop set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.models.ensemble import Decision, decide
from napari_cellcycle.train.data.cropviews import crop_views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.train.data.cropset import CropSet

_BATCH = 256


def predict(
    classifier: ProjectionClassifier,
    crops: CropSet,
    *,
    vote: str = "lowest-entropy",
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.float64]:
    """Predict the leaves of a model's vocabulary for each crop.

    Parameters
    ----------
    classifier : ProjectionClassifier
        The model.
    crops : CropSet
        2D or 3D; channels are matched by role. Its phases are not looked at.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide.
    progress : callable of (done, total), optional
        Called for every crop whose views are made.

    Returns
    -------
    ndarray, ``(n, leaves)``, float64
        Calibrated probabilities, in the order of ``classifier.card.phases``.

    Raises
    ------
    CropSetError
        If a channel that the model needs is missing.
    """
    images, axes = crop_views(crops, classifier.card.recipe, progress=progress)
    return decide_views(classifier, images, axes, vote).probabilities


def decide_views(
    classifier: ProjectionClassifier,
    images: NDArray[np.uint8],
    axes: Sequence[str],
    vote: str = "lowest-entropy",
) -> Decision:
    """Run every network once on ready-made views.

    Parameters
    ----------
    classifier : ProjectionClassifier
        The model.
    images : ndarray, ``(n, axes, channels, size, size)``, uint8
        Views times 255.
    axes : sequence of str
        Along which they were projected.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide.
    """
    parts = [
        classifier.predict(images[i : i + _BATCH].astype(np.float32) / np.float32(255), axes)
        for i in range(0, len(images), _BATCH)
    ]
    level1, level2 = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return decide(level1, level2, axes, vote)
