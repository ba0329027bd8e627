"""A colleague's words, from her project or a table, taken into the one that is open."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
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
    from napari_cellcycle.review.answers import Answers
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.union import Union

_LINES_SHOWN = 500


class TakeIn(QWidget):
    """A button that takes words in, in a thread, and the report of what came.

    Parameters
    ----------
    desk : Desk
        Its project takes the words, and is read again after.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
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
        self._job.succeeded.connect(self._report)
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
        who = " ".join(self.whose.text().split())
        desk = self._desk
        self._job.start("Take in words", _take, desk.review, Path(path), who)
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

    def _report(self, taken: tuple[Answers | Union, Loaded | None]) -> None:
        from napari_cellcycle.review.answers import Answers

        desk, (found, read) = self._desk, taken
        placed = desk.review.unplaced
        if read is not None:
            desk.reload(desk.undertaking, read)
        told = [f"New words: {found.new:,}", f"known already: {found.known:,}"]
        if isinstance(found, Answers):
            refused = found.unmatched
            told += [f"rows without a word: {found.silent:,}"] if found.silent else []
            told += [f"rows that do not match: {len(refused):,}"] if refused else []
        else:
            refused = found.refused
            told[0] += f" ({', '.join(found.people)})" if found.people else ""
        if lost := desk.review.unplaced - placed:
            told.append(f"on cells that are not in this segmentation: {lost:,}")
        text = f"{'; '.join(told)}."
        undo = desk.review.to_undo
        if found.new and undo is not None and undo.kind == "import":
            text += " Undo takes them back in one step."
        self.message.hint(text)
        self._show_details(refused)

    def _show_details(self, lines: tuple[str, ...]) -> None:
        more = len(lines) - _LINES_SHOWN
        shown = [*lines[:_LINES_SHOWN], *([f"… and {more:,} more"] if more > 0 else [])]
        self.details.setPlainText("\n".join(shown))
        self.details.setVisible(bool(lines))


def _take(
    review: Review, path: Path, who: str
) -> Generator[str, None, tuple[Answers | Union, Loaded | None]]:
    """Take words in, and read the review with them if any is new."""
    from napari_cellcycle.review.intake import import_words

    yield f"Reading {path.name}…"
    found = import_words(review.project, path, shown=review.image, who=who or None)
    return found, review.read_anew() if found.new else None
