"""From an image and its labels to phases: frame by frame, batch by batch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.views import view_axes
from napari_cellcycle.classify.batching import Batcher
from napari_cellcycle.classify.checks import contrast_notes
from napari_cellcycle.classify.device import choose_device
from napari_cellcycle.classify.pipeline import look_at
from napari_cellcycle.classify.request import ClassifyRequest, Prepared, prepare
from napari_cellcycle.classify.result import Classification
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing, parse_spacing
from napari_cellcycle.image.stack import LabelsAre, Segmentation, Stack
from napari_cellcycle.models.catalogue import DEFAULT_MODEL
from napari_cellcycle.models.ensemble import Decision, decide, discount
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.models.classifier import ProjectionClassifier

BORDER_ODDS = 5.0
"""A nucleus that the border cuts looks like a plate: there, mitosis must be this many times as
probable as elsewhere."""
BORDER_NOTE = f"at the border: mitotic but for the {BORDER_ODDS:g} times higher odds asked there"

__all__ = [
    "Batch",
    "Classification",
    "ClassifyRequest",
    "Prepared",
    "classify",
    "iter_classify",
    "prepare",
]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A part of the work that is done.

    Parameters
    ----------
    done, total : int
        Cells, this batch included.
    indices : ndarray, ``(n,)``, int64
        Rows of ``cells`` that this batch decided; none in the first, which comes before any
        network has run.
    decision : Decision
        Of these rows.
    cells : CellTable
        All cells of the run.
    device : str
        Where it is computed.
    notes : tuple of str
        What is known so far.
    """

    done: int
    total: int
    indices: NDArray[np.int64]
    decision: Decision
    cells: CellTable
    device: str
    notes: tuple[str, ...]


def iter_classify(
    request: ClassifyRequest, prepared: Prepared | None = None
) -> Generator[Batch, None, Classification]:
    """Classify, and hand over each batch as soon as it is done.

    The generator can be closed after any batch. It returns the :class:`Classification`.

    Parameters
    ----------
    request : ClassifyRequest
        What to classify.
    prepared : Prepared, optional
        What :func:`prepare` made of this request; it is made here by default.

    Yields
    ------
    Batch
        The first is empty: it tells which cells there are.

    Raises
    ------
    CellCycleError
        A kin of it that names what does not fit.
    """
    device = choose_device(request.device)
    if prepared is None:
        prepared = prepare(request)
    classifier = _classifier(request, device)
    cells, card = prepared.cells, classifier.card
    axes = view_axes(card.recipe, is_2d=request.stack.is_2d)
    total = len(cells)
    level1 = np.empty((total, len(axes), card.n_tops))
    level2 = np.empty((total, len(axes), card.n_stages))
    contrast = np.full(total, np.nan)
    batcher = Batcher(classifier, request.batch_size)
    done = 0

    def decided(rows: NDArray[Any] | slice) -> Decision:
        """What counts: at the border more evidence is asked for the branch."""
        first = level1[rows]
        if card.n_stages:
            first = discount(first, cells.touches_border[rows], BORDER_ODDS)
        return decide(first, level2[rows], axes, request.vote)

    def batch(rows: NDArray[np.int64]) -> Batch:
        return Batch(
            done=done,
            total=total,
            indices=rows,
            decision=decided(rows),
            cells=cells,
            device=device,
            notes=(*prepared.notes, *batcher.notes),
        )

    yield batch(np.zeros(0, np.int64))
    for part in look_at(request, prepared, classifier, batcher, BORDER_ODDS):
        rows = part.rows
        level1[rows], level2[rows] = part.level1, part.level2
        if part.contrast is not None:
            contrast[rows] = part.contrast
        done += len(rows)
        yield batch(rows)
    decision, cut = decided(slice(None)), cells.touches_border
    lowered = cut.copy()
    lowered[cut] = decision.phase[cut] != decide(level1[cut], level2[cut], axes, request.vote).phase
    return Classification(
        cells=cells,
        decision=decision,
        card=card,
        model_sha256=classifier.sha256,
        device=device,
        notes=(*prepared.notes, *batcher.notes, *_dark_notes(contrast)),
        cell_notes=tuple(
            "; ".join(filter(None, (known, BORDER_NOTE if is_lowered else "", note)))
            for known, is_lowered, note in zip(
                prepared.cell_notes, lowered, contrast_notes(contrast, card), strict=True
            )
        ),
        segmentation=prepared.segmentation,
        channels=prepared.channels,
        population=prepared.population,
    )


def _dark_notes(contrast: NDArray[np.float64]) -> list[str]:
    """Say how many cells the image shows no DNA in."""
    dark = np.count_nonzero(contrast == 0)
    if not dark:
        return []
    return [
        f"{dark:,} of {len(contrast):,} cells have no DNA above the background around them: what "
        "the model calls them means nothing. Does the image lack a part, or do the labels lie "
        "elsewhere?"
    ]


def run(
    request: ClassifyRequest,
    progress: Callable[[int, int], None] | None = None,
    prepared: Prepared | None = None,
) -> Classification:
    """Run :func:`iter_classify` to its end.

    Parameters
    ----------
    request : ClassifyRequest
        What to classify.
    progress : callable of (done, total), optional
        Called after each batch.
    prepared : Prepared, optional
        As in :func:`iter_classify`.
    """
    work = iter_classify(request, prepared)
    if progress is None:
        return run_to_end(work)
    return run_to_end(work, lambda batch: progress(batch.done, batch.total))


def classify(
    image: Stack | str | os.PathLike[str],
    labels: Segmentation | str | os.PathLike[str] | None = None,
    *,
    model: str | os.PathLike[str] | ProjectionClassifier = DEFAULT_MODEL,
    channels: Mapping[str, int | str | None] | None = None,
    nuclei: Segmentation | str | os.PathLike[str] | None = None,
    labels_are: LabelsAre = "nucleus",
    spacing: Spacing | str | Sequence[float] | None = None,
    isotropic: bool = False,
    vote: str = "lowest-entropy",
    device: str = "auto",
    batch_size: int = 64,
    exact: bool | None = None,
    memory: float | None = None,
    scene: str | int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Classification:
    """Classify the cells of an image.

    Parameters
    ----------
    image : Stack or path-like
        The image, or its file.
    labels : Segmentation or path-like, optional
        Its cells or nuclei; without any, nuclei are segmented first, and a note says so.
    model : str, path-like or ProjectionClassifier
        Name or path of a model, or one that is loaded.
    channels : mapping of role to channel (index, name or None), optional
        Such as ``{"dna": 0, "membrane": "CellMask"}``; guessed from the channels' names by default.
    nuclei : Segmentation or path-like, optional
        Nuclei, where ``labels`` are cells.
    labels_are : {"nucleus", "cell"}
        What ``labels`` are, where a path is given.
    spacing : Spacing, str or sequence of float, optional
        Micrometres per voxel ``(z, y, x)``; taken from the metadata by default.
    isotropic : bool
        The spacing is unknown, but voxels are as deep as wide.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide.
    device : {"auto", "cuda", "mps", "cpu"}
        Where to compute.
    batch_size : int
        Cells in one forward pass.
    exact : bool, optional
        Float32 throughout, as in :class:`~napari_cellcycle.classify.request.ClassifyRequest`.
    memory : float, optional
        GiB for image and labels, 2 by default, as there.
    scene : str or int, optional
        Scene of the files, where paths are given.
    progress : callable of (done, total), optional
        Called after each batch with numbers of cells.

    Returns
    -------
    Classification
        Cells, phases, probabilities and notes.

    Raises
    ------
    CellCycleError
        A kin of it that names what does not fit: file, model, channel, spacing or segmentation.
    """
    stack = image if isinstance(image, Stack) else open_image(image, scene=scene)
    if spacing is not None and not isinstance(spacing, Spacing):
        spacing = parse_spacing(spacing)
    request = ClassifyRequest(
        stack=stack,
        segmentation=_labels(labels, labels_are, scene),
        model=model,
        channels=channels,
        nuclei=_labels(nuclei, "nucleus", scene),
        spacing=spacing,
        isotropic=isotropic,
        vote=vote,
        device=device,
        batch_size=batch_size,
        exact=exact,
        memory=memory,
    )
    return run(request, progress)


def _labels(
    labels: Segmentation | str | os.PathLike[str] | None,
    labels_are: LabelsAre,
    scene: str | int | None,
) -> Segmentation | None:
    if labels is None or isinstance(labels, Segmentation):
        return labels
    return open_labels(labels, labels_are=labels_are, scene=scene)


def _classifier(request: ClassifyRequest, device: str) -> ProjectionClassifier:
    from napari_cellcycle.models.folder import load_model

    model: Any = request.model
    if isinstance(model, (str, os.PathLike)):
        return load_model(model, device)
    loaded: ProjectionClassifier = model
    return loaded.to(device)
