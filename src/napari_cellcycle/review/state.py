"""The review of one image: what is true of every cell now, and how a person changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.loaded import Loaded, choose_sets, load
from napari_cellcycle.review.scribe import Scribe, unique_rows
from napari_cellcycle.review.signal import Signal
from napari_cellcycle.review.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.scribe import Change, Entered


class Review(Standing):
    """The cells of one image in one vocabulary: what is true of them, and every gesture on them.

    What is known is told in :class:`~napari_cellcycle.review.standing.Standing`. Each method that
    changes anything returns after it is on the disk, and then tells :attr:`changed`.

    Parameters
    ----------
    project : Project
        Open; reading alone is enough to look.
    image : int, optional
        Number of the image; the first one by default.
    vocabulary : str, optional
        In which words are said; that of the shown predictions by default.
    predictions : str, optional
        Id of the prediction set to show; the newest of the vocabulary by default.
    blind : bool
        Show neither predictions nor what others said, and note of each word that it was said so.
    read : Loaded, optional
        What :func:`~napari_cellcycle.review.loaded.load` has read of the same, in another thread.

    Attributes
    ----------
    scribe : Scribe
        Enters what is said without showing it; :meth:`take` does that.
    changed : Signal
        Called with the rows that changed.
    reloaded : Signal
        Called without anything after :meth:`reload`: every row may have changed, and their number.
    """

    def __init__(
        self,
        project: Project,
        image: int | None = None,
        *,
        vocabulary: str | None = None,
        predictions: str | None = None,
        blind: bool = False,
        read: Loaded | None = None,
    ) -> None:
        images = project.images.all()
        if not images:
            raise ProjectError(
                f"{project.folder.name} has no image yet. Add one with its segmentation first."
            )
        number = images[0].number if image is None else image
        self._vocabulary = vocabulary
        self._predictions = predictions
        if read is None:
            read = load(project, number, vocabulary=vocabulary, predictions=predictions)
        super().__init__(project, number, read, blind=blind)
        self.scribe = Scribe(self)
        self.changed = Signal()
        self.reloaded = Signal()

    # --- what is to be seen ---------------------------------------------------------------------

    def look_blind(self, blind: bool) -> None:
        """Hide predictions and what others said, or show them again; see :attr:`reloaded`."""
        self.blind = blind
        self._look()
        self.reloaded.emit()

    def reload(self, read: Loaded | None = None) -> None:
        """Read everything again: after a new prediction set, an edit of labels or an import.

        Parameters
        ----------
        read : Loaded, optional
            What :meth:`read_anew` has read, in another thread: it is taken as it is unless
            something was said since.
        """
        if read is None or read.n_actions != self.project.journal.size():
            read = self.read_anew()
        elif len(read.seen) == len(self.seen):
            read.seen[self.seen] = True
        self._take_in(read)
        self.reloaded.emit()

    def read_anew(self) -> Loaded:
        """Read the same again, for :meth:`reload`; in any thread."""
        return load(
            self.project,
            self.image,
            vocabulary=self._vocabulary,
            predictions=self._predictions,
        )

    def show(self, predictions: str) -> None:
        """Show another prediction set, in the vocabulary of its model.

        Words in another vocabulary are kept, and shown again with it.
        """
        self._vocabulary, self._predictions = None, predictions
        sets = choose_sets(self.project, self.image, None, predictions)
        known = {phase.slug for phase in self.phases}
        if sets[0].vocabulary == self.phases.name and known.issuperset(sets[0].phases):
            # words and cells are as they were
            self._all_shown = self._loaded.predicted(sets)
            self._look()
        else:
            self._take_in(self.read_anew())
        self.reloaded.emit()

    # --- what a person does ---------------------------------------------------------------------

    def say(
        self, rows: int | ArrayLike, phase: str, *, note: str = "", source: str = "key"
    ) -> Change:
        """Give cells a phase: a leaf, or a branch where the leaf is not known.

        Parameters
        ----------
        rows : int or array-like of int
            Cells; many are one action.
        phase : str
            Slug.
        note : str, optional
            Free text.
        source : str, optional
            Such as ``key``, ``click``, ``gallery``.

        Raises
        ------
        ProjectError
            If it could not be saved; nothing has changed then, neither here nor on the disk.
        """
        return self.take(self.scribe.say(rows, phase, note=note, source=source))

    def accept(self, rows: int | ArrayLike, *, source: str = "accept") -> Change:
        """Say that predictions are right; cells without one, and stale ones, are left out."""
        return self.take(self.scribe.accept(rows, source=source))

    def exclude(self, rows: int | ArrayLike, reason: str = "", *, source: str = "key") -> Change:
        """Leave cells out: debris, out of focus, badly segmented."""
        return self.take(self.scribe.exclude(rows, reason, source=source))

    def unsure(self, rows: int | ArrayLike, note: str = "", *, source: str = "key") -> Change:
        """Say that the phase cannot be told."""
        return self.take(self.scribe.unsure(rows, note, source=source))

    def clear(self, rows: int | ArrayLike, *, source: str = "key") -> Change:
        """Take one's word back: what the model or others say holds again."""
        return self.take(self.scribe.clear(rows, source=source))

    def undo(self) -> Change:
        """Take back the last action that stands, of the person who works in this project."""
        return self.take(self.scribe.undo())

    def redo(self) -> Change:
        """Bring back what was undone last, if nothing new was said since."""
        return self.take(self.scribe.redo())

    def take(self, entered: Entered) -> Change:
        """Show what :attr:`scribe` has entered; in the thread of whoever hears :attr:`changed`."""
        if entered.action is not None:
            self._history.add(entered.action)
            changed = entered.change.rows
            self._count(changed, -1)
            self._words.set(changed, entered.codes, entered.notes, entered.action.time)
            self._settle(changed)
            self._count(changed, 1)
            self.changed.emit(changed)
        return entered.change

    def mark_seen(self, rows: int | ArrayLike) -> None:
        """Note that cells were looked at; kept where the project may be written."""
        chosen = unique_rows(rows)
        chosen = chosen[~self.seen[chosen]]
        if not len(chosen):
            return
        if not self.project.read_only:
            self.project.seen.add(self.segmentation, self.keys(chosen))
        self.seen[chosen] = True
        self.changed.emit(chosen)

    def recolor(self, colors: Mapping[str, str]) -> None:
        """Give phases other colours, kept in the project: ``#RRGGBB`` by slug.

        Phases that are not named have the colours of the vocabulary.
        """
        self.phases = self.project.vocabularies.recolor(self.phases.name, colors)
