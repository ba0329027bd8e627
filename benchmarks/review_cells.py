"""Real cells as sources of the widgets of Review: for their benchmark, tests and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from array_source import ArraySource

from napari_cellcycle._qt.review.source import Facts, Pictures, Tile, votes_of
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.composite import make_composite
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.image import guess_roles, open_image, open_labels
from napari_cellcycle.models.ensemble import Decision, decide
from napari_cellcycle.phases import MITOSIS_2D, MITOSIS_STAGES, PhaseSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

MITOCHECK: Mapping[str, str] = {
    "Interphase": "non-mitotic",
    "Large": "non-mitotic",
    "Elongated": "non-mitotic",
    "Binuclear": "non-mitotic",
    "Polylobed": "non-mitotic",
    "SmallIrregular": "non-mitotic",
    "Prometaphase": "prometaphase",
    "Metaphase": "metaphase",
    "MetaphaseAlignment": "metaphase",
    "Anaphase": "anaphase",
    "Apoptosis": "apoptosis",
}
"""Names of MitoCheck's experts in ours; the other ones are no phases."""


def mitocheck(folder: Path, n: int | None = None, *, membrane: bool = False) -> ArraySource:
    """Crops of HeLa nuclei with the phases that experts gave them.

    Confidences are drawn at random (seed 0): no model is run.

    Parameters
    ----------
    folder : Path
        Of the data sets.
    n : int, optional
        Cells; more than there are crops repeat them. All that have a phase by default.
    membrane : bool
        Give them a second channel, an inverted copy of the first, to draw two channels.
    """
    with np.load(folder / "mitocheck_hela_h2b_64px.npz", allow_pickle=False) as data:
        known = np.array([name in MITOCHECK for name in data["phase"]])
        images, names = data["images"][known], data["phase"][known]
    rows = np.arange(len(images)) if n is None else np.arange(n) % len(images)
    code = {phase.slug: place for place, phase in enumerate(MITOSIS_2D)}
    predicted = np.array([code[MITOCHECK[name]] for name in names])[rows]
    random = np.random.default_rng(0)
    confidence = random.beta(6, 0.6, len(rows)) * 0.75 + 0.25
    rest = 1 - confidence
    entropy = -(confidence * np.log(confidence) + rest * np.log(np.maximum(rest, 1e-9) / 4))

    def views(indices: NDArray[np.int64]) -> Pictures:
        crops = images[rows[indices]][:, None].astype(np.float32) / np.float32(255)
        if membrane:
            crops = np.concatenate([crops, (1 - crops) * np.float32(0.4)], axis=2)
        return Pictures(crops, ("z",), ("dna", "membrane")[: crops.shape[2]])

    return ArraySource(
        MITOSIS_2D,
        predicted,
        views,
        confidence=confidence,
        entropy=entropy,
        deciding_axis=np.full(len(rows), "z"),
        position=np.stack([0 * rows, rows // 100 * 64.0, rows % 100 * 64.0], axis=1),
        is_2d=True,
    )


def organoid(folder: Path, frame: int = 301, model: str | None = "mitosis-3d") -> ArraySource:
    """Nuclei of a mouse organoid, seen along three axes.

    Parameters
    ----------
    folder : Path
        Of the data sets.
    frame : int
        301, 302 or 303.
    model : str, optional
        What classifies them. Without one their probabilities are drawn at random (seed 0).
    """
    name = f"organoid_h2b_membrane_3d_t{frame}"
    stack = open_image(folder / f"{name}.ome.tif")
    labels = open_labels(folder / f"{name}_nuclei_labels.ome.tif")
    if model is None:
        assert stack.spacing is not None
        cells, recipe, phases = cell_table(labels, stack.spacing), ViewRecipe(), MITOSIS_STAGES
        random = np.random.default_rng(0)
        level1, level2 = (
            random.dirichlet([2, 1], (len(cells), 3)),
            random.dirichlet([1, 1, 2, 1], (len(cells), 3)),
        )
        decision, title = decide(level1, level2, recipe.axes), "drawn at random"
    else:
        from napari_cellcycle.classify import ClassifyRequest, prepare
        from napari_cellcycle.classify.run import run

        request = ClassifyRequest(stack=stack, segmentation=labels, model=model, device="cpu")
        result = run(request, prepared=prepare(request))
        cells, decision, card = result.cells, result.decision, result.card
        recipe, phases, title = card.recipe, card.phase_set, f"{card.name} {card.version}"
    mask = labels.volume(0)
    volumes = [
        None if channel is None else stack.volume(0, channel)
        for channel in guess_roles(stack.channels, recipe.channels).values()
    ]
    pictures = make_views(volumes, mask, cells, recipe).pictures()

    def views(indices: NDArray[np.int64]) -> Pictures:
        return Pictures(pictures.images[indices], pictures.axes, recipe.channels)

    def slices(index: int) -> tuple[Tile, ...]:
        made = make_composite(
            volumes[0], volumes[1], mask, int(cells.label[index]), cells.bbox[index], cells.spacing
        )
        return tuple(Tile(n, t) for n, t in zip(made.names[:3], made.tiles[:3], strict=True))

    def facts(index: int) -> Facts:
        return Facts(model=title, votes=_votes(decision, index))

    return ArraySource(
        phases,
        codes(phases, decision),
        views,
        confidence=decision.confidence,
        entropy=decision.entropy,
        deciding_axis=decision.deciding_axis,
        frame=cells.frame,
        label=cells.label,
        position=cells.centroid * np.array(cells.spacing.zyx),
        unit="µm",
        make_slices=slices,
        make_facts=facts,
    )


def codes(phases: PhaseSet, decision: Decision) -> NDArray[np.int64]:
    """Codes of the phases that were predicted, in the whole vocabulary."""
    slugs = [phase.slug for phase in phases]
    places: NDArray[Any] = np.array([slugs.index(leaf) for leaf in phases.slugs])
    return np.asarray(places[decision.phase], dtype=np.int64)


def _votes(decision: Decision, index: int) -> Any:
    return votes_of(
        decision.axes,
        decision.level1[index],
        decision.level2[index],
        str(decision.deciding_axis[index]),
        str(decision.stage_deciding_axis[index]),
    )
