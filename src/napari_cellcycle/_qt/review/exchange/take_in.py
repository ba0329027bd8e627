"""A colleague's words, from her project or a table, taken into the one that is open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.results import MessageLabel

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.review.intake.answers import Answers
    from napari_cellcycle.review.intake.union import Union
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.state import Review

_LINES_SHOWN = 500


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What came, ready to be shown.

    Parameters
    ----------
    found : Answers or Union
    read : Loaded or None
        What the review reads of it; None where nothing is new.
    n_unplaced : int
        Words on cells that the segmentation does not have, before.
    undertaking : Undertaking or None
        With the labels as they are now, where others of this image are one cell.
    cells : tuple of (frame, label)
        Those of its cells that are other ones now.
    """

    found: Answers | Union
    read: Loaded | None
    n_unplaced: int
    undertaking: Undertaking | None = None
    cells: tuple[tuple[int, int], ...] = ()


class TakeIn(QWidget):
    """A button that takes words in, in a thread, and the report of what came.

    Parameters
    ----------
    desk : Desk
        Its project takes the words, and is read again after.

    Attributes
    ----------
    relabelled : Signal(object)
        Other labels are one cell now, of this image or another: a :class:`Taken` that is to be
        shown, then told of.
    has_edits : bool
        Whether labels on screen were edited, and the project does not know it yet.
    """

    relabelled = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.has_edits = False
        self._job = Job(self)
        self.button = QPushButton("Take in words")
        self.button.setObjectName("take-in")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        menu = QMenu(self.button)
        self.of_project = menu.addAction("Of a colleague's project…", self._ask_project)
        self.of_table = menu.addAction("Of a table (CSV)…", self._ask_table)
        self.button.setMenu(menu)
        self.whose = QLineEdit()
        self.whose.setObjectName("take-in-whose")
        self.whose.setPlaceholderText("whose, if a table does not say: you")
        self.whose.setToolTip(
            "Name under which words of a table are kept that has no column annotator"
        )
        self.message = MessageLabel("take-in-message")
        self.details = QPlainTextEdit()
        self.details.setObjectName("take-in-details")
        self.details.setReadOnly(True)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.details.setFixedHeight(96)
        self.details.setVisible(False)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addWidget(self.whose, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(self.details)
        self._job.stepped.connect(self.message.hint)
        self._job.refused.connect(self.message.error)
        self._job.succeeded.connect(self._on_taken)
        self._job.ended.connect(self._allow)
        desk.source.signals.reloaded.connect(self._allow)
        self._allow()

    @property
    def is_busy(self) -> bool:
        """Whether words are being taken in."""
        return self._job.is_running

    def take(self, path: str | Path) -> None:
        """Take the words of a project's folder or of a CSV file."""
        if self.is_busy:
            return
        self._show_details(())
        if self.has_edits and Path(path).is_dir():
            self.message.error("The labels were edited: update the cells first, or undo the edits.")
            return
        who = " ".join(self.whose.text().split())
        desk = self._desk
        desk.saving.finish()
        self._job.start("Take in words", _take, desk.undertaking, desk.review, Path(path), who)
        self._allow()

    def close_job(self) -> None:
        """Want no report any more; what has come stays."""
        self._job.cancel()

    def _ask_project(self) -> None:
        if folder := self._ask_folder():
            self.take(folder)

    def _ask_table(self) -> None:
        if file := self._ask_file():
            self.take(file)

    def _ask_folder(self) -> str:
        return QFileDialog.getExistingDirectory(self, "A colleague's project (NAME.cellcycle)")

    def _ask_file(self) -> str:
        return QFileDialog.getOpenFileName(
            self, "A table of words", "", "Tables (*.csv *.tsv *.txt)"
        )[0]

    def _allow(self) -> None:
        project = self._desk.project
        self.button.setEnabled(not project.read_only and not self.is_busy)
        self.button.setToolTip(
            project.reason or "Nothing is taken twice, and nothing of yours is changed"
        )

    def _on_taken(self, taken: Taken) -> None:
        from napari_cellcycle.review.intake.union import Union

        if isinstance(taken.found, Union) and taken.found.joined.taken:
            self.relabelled.emit(taken)
        else:
            if taken.read is not None:
                self._desk.reload(self._desk.undertaking, taken.read)
            self.tell(taken)

    def tell(self, taken: Taken) -> None:
        """Report what came, after it is shown."""
        from napari_cellcycle.review.intake.answers import Answers

        review, found = self._desk.review, taken.found
        told = [f"New words: {found.new:,}", f"known already: {found.known:,}"]
        if isinstance(found, Answers):
            lines = found.unmatched
            told += [f"rows without a word: {found.silent:,}"] if found.silent else []
            told += [f"rows that do not match: {len(lines):,}"] if lines else []
        else:
            lines = (*found.tracked, *found.notes)
            told[0] += f" ({', '.join(found.people)})" if found.people else ""
        lost = review.unplaced - taken.n_unplaced
        if lost and taken.undertaking is None:  # words on parts of a merged cell only wait
            told.append(f"on cells that are not in this segmentation: {lost:,}")
        texts = ["; ".join(told)]
        if not isinstance(found, Answers) and found.joined:
            texts.append(str(found.joined))
            if found.joined.taken:
                texts.append("Undo in Daughters takes these back in one step")
        undo = review.to_undo
        if found.new and undo is not None and undo.kind == "import":
            texts.append("Undo takes them back in one step")
        if taken.undertaking is not None and len(review.stale_rows):
            texts.append(f"Cells to classify again: {len(review.stale_rows):,}")
        self.message.hint(". ".join(texts) + ".")
        self._show_details(lines)

    def _show_details(self, lines: tuple[str, ...]) -> None:
        more = len(lines) - _LINES_SHOWN
        shown = [*lines[:_LINES_SHOWN], *([f"… and {more:,} more"] if more > 0 else [])]
        self.details.setPlainText("\n".join(shown))
        self.details.setVisible(bool(lines))


def _take(
    undertaking: Undertaking, review: Review, path: Path, who: str
) -> Generator[str, None, Taken]:
    """Take words in; read the review with them, and derive the labels that follow."""
    from napari_cellcycle.cells.merge import merge_labels
    from napari_cellcycle.review.daughters.merging import Merging
    from napari_cellcycle.review.intake.intake import import_words

    yield f"Reading {path.name}…"
    project, image, n_unplaced = review.project, review.image, review.unplaced
    merging = Merging(project, image)
    before, below = merging.groups, undertaking.segmentation
    if before and path.is_dir():
        below = project.images.labels_below(image)  # refuses before anything is entered
    found = import_words(project, path, shown=image, who=who or None)
    if not found.changed:
        return Taken(found, None, n_unplaced)
    after = merging.groups
    read = review.read_anew()
    if after == before:
        return Taken(found, read, n_unplaced)
    labels = replace(merge_labels(below, after), name=undertaking.segmentation.name)
    cells = merging.cells_of(set(before) ^ set(after))
    return Taken(found, read, n_unplaced, replace(undertaking, segmentation=labels), cells)
