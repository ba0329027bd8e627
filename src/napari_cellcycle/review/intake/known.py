"""What a project knows already, for words that come from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.project.routes import place
from napari_cellcycle.project.words import NOTHING
from napari_cellcycle.review.parts import shared_words
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.words import Word


class Known:
    """The cells of an image, and what was said of them in a vocabulary.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    phases : PhaseSet
        The vocabulary, which need not be in the project.
    """

    def __init__(self, project: Project, image: int, phases: PhaseSet) -> None:
        self.phases = phases
        self.version = project.segmentations.current(image)
        self.index = CellIndex(project.segmentations.cells(self.version))
        self.review: Review | None = None
        self.said: set[tuple[int, str, int, tuple[str, str]]] = set()
        self._slugs = {phase.name: phase.slug for phase in phases}
        self._slugs |= {phase.slug: phase.slug for phase in phases}
        if phases.name not in project.vocabularies.names():
            return
        self.review = Review(project, image, vocabulary=phases.name)
        events = project.journal.events(image, phases.name)
        if events:
            events += shared_words(project, image, events).words
            times, versions, frames, labels, who, words = zip(*events, strict=True)
            rows = place(project.segmentations.routes(image), self.index, versions, frames, labels)
            self.said = {
                (row, name, time, word.said)
                for row, name, time, word in zip(rows.tolist(), who, times, words, strict=True)
            }

    def meant(self, text: str) -> str | None:
        """Slug of the phase that somebody wrote, by slug or name; case counts where it must."""
        exact = self._slugs.get(text)
        if exact is not None:
            return exact
        alike = {slug for known, slug in self._slugs.items() if known.casefold() == text.casefold()}
        return alike.pop() if len(alike) == 1 else None

    def word(self, row: int, who: str) -> Word:
        """Latest word of somebody."""
        review = self.review
        return NOTHING if review is None or who not in review.people else review.word(row, who)

    def has(self, row: int, who: str, time: int | None, word: Word, *, alone: bool) -> bool:
        """Whether a word of a table is in the journal."""
        if alone:
            return time is not None and (row, who, time, word.said) in self.said
        # the time of several people's words is that of the last one
        return self.word(row, who).said == word.said
