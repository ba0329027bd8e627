"""What a review reads from its project; all else that it knows follows from this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.routes import place
from napari_cellcycle.review.decision import Coder
from napari_cellcycle.review.history import History
from napari_cellcycle.review.parts import shared_words
from napari_cellcycle.review.shown import Shown
from napari_cellcycle.review.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.routes import Route


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Cells of an image, what a model and people say of them, and what can be undone.

    Parameters
    ----------
    n_actions : int
        Actions in the journal when it was read.
    segmentation : int
        Number of the present segmentation.
    cells : CellTable
        Its cells.
    index : CellIndex
        Of the cells.
    routes : mapping of int to Route
        From other segmentations to the present one.
    phases : PhaseSet
        The vocabulary.
    shown : Shown
        Predictions.
    words : Words
        Of everybody.
    unplaced : int
        Events on cells that the present segmentation does not have.
    seen : ndarray, ``(n,)``, bool
        Whether the person who works has looked at a cell.
    history : History
        Of the person who works.
    """

    n_actions: int
    segmentation: int
    cells: CellTable
    index: CellIndex
    routes: Mapping[int, Route]
    phases: PhaseSet
    shown: Shown
    words: Words
    unplaced: int
    seen: NDArray[np.bool_]
    history: History

    def predicted(self, sets: Sequence[PredictionSet]) -> Shown:
        """What prediction sets of the same vocabulary say of the cells; nothing without any."""
        return Shown(sets, len(self.cells), self.index, self.routes, self.phases)


def load(
    project: Project, image: int, *, vocabulary: str | None = None, predictions: str | None = None
) -> Loaded:
    """Read an image of a project, in any thread.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    vocabulary, predictions : str, optional
        As for :class:`~napari_cellcycle.review.state.Review`.

    Raises
    ------
    ProjectError
        If there is neither a prediction nor a vocabulary, or a file is damaged.
    """
    n_actions = project.journal.size()
    segmentation = project.segmentations.current(image)
    cells = project.segmentations.cells(segmentation)
    index, routes = CellIndex(cells), project.segmentations.routes(image)
    sets = choose_sets(project, image, vocabulary, predictions)
    phases = _choose_phases(project, image, vocabulary, sets)
    words = Words(len(cells), Coder(phases), project.who)
    return Loaded(
        n_actions=n_actions,
        segmentation=segmentation,
        cells=cells,
        index=index,
        routes=routes,
        phases=phases,
        shown=Shown(sets, len(cells), index, routes, phases),
        words=words,
        unplaced=_load_words(words, project, image, phases, index, routes),
        seen=_seen(project, image, len(cells), index, routes),
        history=History(project.journal.actions(image, phases.name)),
    )


def choose_sets(
    project: Project, image: int, vocabulary: str | None, predictions: str | None
) -> tuple[PredictionSet, ...]:
    """Choose the set of an id, or the newest of a vocabulary, with those that completed it."""
    known = project.predictions
    if predictions is not None:
        return known.line(known[predictions])
    whole = [given for given in known.sets(image) if not given.completes]
    if vocabulary is not None:
        whole = [given for given in whole if given.vocabulary == vocabulary]
    return known.line(whole[-1]) if whole else ()


def _choose_phases(
    project: Project, image: int, vocabulary: str | None, sets: Sequence[PredictionSet]
) -> PhaseSet:
    name = vocabulary or (sets[0].vocabulary if sets else None)
    if name is None:
        names = project.journal.vocabularies(image) or project.vocabularies.names()
        if not names:
            raise ProjectError(
                f"{project.folder.name} has neither predictions nor a vocabulary. Classify the "
                "image, or say which phases there are."
            )
        name = names[-1]
    return project.vocabularies[name]


def _load_words(
    words: Words,
    project: Project,
    image: int,
    phases: PhaseSet,
    index: CellIndex,
    routes: Mapping[int, Route],
) -> int:
    """Enter what was ever said; returns how many words are about no cell of this segmentation."""
    events = project.journal.events(image, phases.name)
    if not events:
        return 0
    shared = shared_words(project, image, events)
    n = len(events)
    events += shared.words
    times, versions, frames, labels, who, said = zip(*events, strict=True)
    rows = place(routes, index, versions, frames, labels)
    words.load(rows, np.array(times, np.int64), who, said)
    return int((rows < 0).sum() - (rows[:n] < 0)[shared.taken].sum())


def _seen(
    project: Project, image: int, n: int, index: CellIndex, routes: Mapping[int, Route]
) -> NDArray[np.bool_]:
    seen = np.zeros(n, bool)
    if rows := project.seen.of(image):
        placed = place(routes, index, *zip(*rows, strict=True))
        seen[placed[placed >= 0]] = True
    return seen
