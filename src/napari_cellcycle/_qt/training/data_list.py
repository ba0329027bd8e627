"""The data sets of a training: chosen, counted, and the first of them split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.training.reading import CROPS, USUAL, Spelling, read_set
from napari_cellcycle._qt.training.spelling_row import SpellingRow
from napari_cellcycle.project.store import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellcycle._qt.training.reading import DataSet

_ROLE_TIP = (
    "The first is split by group, to train, to validate and to test. Further ones are only "
    "learned from. Drag to change the order."
)


class DataList(QWidget):
    """Data sets in order, read in the background.

    Parameters
    ----------
    review : callable
        Returns the widget "Review cells" while it has a project open; else None.

    Attributes
    ----------
    changed : Signal()
        When the sets or their order have changed.
    """

    changed = Signal()

    def __init__(self, review: Callable[[], Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review = review
        self._waiting: list[tuple[Path, Spelling]] = []
        self._reading: Path | None = None
        self._known: dict[str, DataSet] = {}
        self._places: dict[Path, int] = {}  # of projects that are read again
        self._job = Job(self)
        self.list = _ShortList()
        self.list.setObjectName("data")
        self.list.setToolTip(_ROLE_TIP)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.message = MessageLabel("data-message")
        self.spelling = SpellingRow()
        self.spelling.read_wanted.connect(self.add)
        self.spelling.refused.connect(self.message.error)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.buttons: dict[str, QPushButton] = {}
        for name, text, tip, slot in (
            ("add-file", "File…", "Add a crop set (.npz)", self._ask_file),
            ("add-folder", "Folder…", "Add pictures, one sub-folder a class", self._ask_folder),
            ("add-project", "Project…", "Add what people judged in a project", self._ask_project),
            ("remove", "Remove", "Take the selected set off the list", self._remove),
        ):
            button = QPushButton(text)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.clicked.connect(slot)
            self.buttons[name] = button
            row.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        layout.addLayout(row)
        layout.addWidget(self.hint)
        layout.addWidget(self.message)
        layout.addWidget(self.spelling)
        self._job.succeeded.connect(self._on_read)
        self._job.refused.connect(self._on_refusal)
        self._job.ended.connect(self._read_next)
        model = self.list.model()
        assert model is not None
        model.rowsMoved.connect(self._on_order)
        self._on_order()

    @property
    def is_reading(self) -> bool:
        """Whether a set is being read."""
        return self._job.is_running or bool(self._waiting)

    def sets(self) -> list[DataSet]:
        """Data sets in their order."""
        items = (self.list.item(i) for i in range(self.list.count()))
        return [self._known[item.text()] for item in items if item is not None]

    def add(self, path: str | Path, spelling: Spelling = USUAL) -> None:
        """Read a file or folder, and put it last; a project of the list is read again.

        Parameters
        ----------
        path : str or Path
            A crop set, a folder of classes or a project.
        spelling : Spelling
            Where it has its phases and channels.
        """
        source = Path(path)
        former = next((t for t, one in self._known.items() if one.source == source), None)
        if former is not None and source.suffix == SUFFIX:
            (item,) = self.list.findItems(former, Qt.MatchFlag.MatchExactly)
            self._places[source] = self.list.row(item)
            self._take_off(self._places[source])
        elif former is not None:
            self.message.error(f"{source.name} is in the list already.")
            return
        self.message.hint(f"Reading {source.name}…")
        self._waiting.append((source, spelling))
        if not self._job.is_running:
            self._read_next()

    def stop(self) -> None:
        """Read no further."""
        self._waiting.clear()
        self._job.cancel()

    def _read_next(self) -> None:
        if self._waiting:
            source, spelling = self._waiting.pop(0)
            self._reading = source
            self._job.start("Read training data", read_set, source, spelling)
        else:
            self.changed.emit()

    def _on_refusal(self, text: str) -> None:
        """Say why a set cannot be read, and ask where a crop set has what is missing."""
        self.message.error(text)
        if self._reading is not None and self._reading.suffix.lower() == CROPS:
            self.spelling.ask(self._reading)

    def _on_read(self, found: DataSet) -> None:
        self.spelling.clear()
        text = found.title
        while text in self._known:
            text += " "
        self._known[text] = found
        item = QListWidgetItem(text)
        item.setToolTip(f"{found.source}\n\n{_ROLE_TIP}")
        self.list.insertItem(self._places.pop(found.source, self.list.count()), item)
        self.message.clear()
        if found.notes:
            self.message.hint("Left out: " + "; ".join(found.notes) + ".")
        self._on_order()

    def _on_order(self) -> None:
        n = self.list.count()
        self.buttons["remove"].setEnabled(n > 0)
        self.hint.setText(
            "Crops of cells with a phase each: exported, or of a project."
            if n == 0
            else "It is split by group: to train, to validate, to test."
            if n == 1
            else "The first is split by group; the others are only learned from."
        )
        self.list.updateGeometry()
        self.changed.emit()

    def _remove(self) -> None:
        self._take_off(max(0, self.list.currentRow()))
        self.message.clear()
        self._on_order()

    def _take_off(self, row: int) -> None:
        item = self.list.takeItem(row)
        if item is not None:
            self._known.pop(item.text(), None)

    def _ask_file(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Add crop sets", "", "Crop set (*.npz)")
        for path in paths:
            self.add(path)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Add a folder of classes")
        if path:
            self.add(path)

    def _ask_project(self) -> None:
        review = self._review()
        path = QFileDialog.getExistingDirectory(
            self,
            f"Add a project (NAME{SUFFIX})",
            "" if review is None else str(review.desk.project.folder),
        )
        if not path:
            return
        if Path(path).suffix != SUFFIX:
            self.message.error(f"{Path(path).name} is no project: its name must end in {SUFFIX}.")
            return
        self.add(path)


class _ShortList(QListWidget):
    """A list no higher than what is in it."""

    def sizeHint(self) -> QSize:
        """One to five rows."""
        row = max(22, self.sizeHintForRow(0))
        height = max(2, min(5, self.count())) * row + 2 * self.frameWidth() + 4
        return QSize(200, height)

    def minimumSizeHint(self) -> QSize:
        """All of these rows."""
        return self.sizeHint()
