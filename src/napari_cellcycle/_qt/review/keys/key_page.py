"""The table of keys: what each does, and a way to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from qtpy.QtGui import QAction, QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.keys.key_file import read_keys, write_keys
from napari_cellcycle._qt.review.keys.keys import as_written, change_key, keys_of, reset_key
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QAbstractItemModel

    from napari_cellcycle._qt.review.keys.keys import Key
    from napari_cellcycle.phases import PhaseSet

_KEY = 1


class KeyPage(QWidget):
    """Shows the keys and changes them, for this person and all projects.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary: its phases have keys too.

    Attributes
    ----------
    changed : Signal()
        :attr:`keys` are others now.
    """

    changed = Signal()

    def __init__(self, phases: PhaseSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases = phases
        self._changes, problem = read_keys()
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("key-table")
        self.table.setHorizontalHeaderLabels(["does", "key"])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        delegate = _KeyDelegate(self.table)
        delegate.pressed.connect(self._give)
        self.table.setItemDelegateForColumn(_KEY, delegate)
        self.table.itemDoubleClicked.connect(lambda item: self._ask(item.row()))
        self.table.itemSelectionChanged.connect(self._offer)
        header, side = self.table.horizontalHeader(), self.table.verticalHeader()
        assert header is not None
        assert side is not None
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_KEY, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(_KEY, 112)
        side.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        side.setVisible(False)
        hint = QLabel("Double click a row, then press its new key.")
        hint.setToolTip(
            "Keys work in the dock, and in the canvas while its layer of phases, or of "
            "pairs, is selected"
        )
        hint.setWordWrap(True)
        self.clear_button = _button("No key", "key-clear", "Take the key of this row away")
        self.reset_button = _button("As it was", "key-reset", "The first key of this row again")
        self.reset_all_button = _button("All as they were", "key-reset-all", "All first keys again")
        self.clear_button.clicked.connect(lambda: self._give(self.table.currentRow(), ""))
        self.reset_button.clicked.connect(self._reset)
        self.reset_all_button.clicked.connect(self._reset_all)
        self.message = MessageLabel("key-message")
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.clear_button, self.reset_button, self.reset_all_button):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(hint)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.message)
        layout.addLayout(row)
        self.keys: tuple[Key, ...] = ()
        self.fill(phases)
        self.message.error(problem)

    def fill(self, phases: PhaseSet) -> None:
        """Show the keys for a vocabulary."""
        self._phases = phases
        self.keys = keys_of(phases, self._changes)
        self.table.setRowCount(len(self.keys))
        for place, key in enumerate(self.keys):
            for column, text in enumerate((key.title, _native(key.keys))):
                item = QTableWidgetItem(text)
                item.setToolTip(key.title)
                if key.action in self._changes:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.table.setItem(place, column, item)
        self._offer()

    def of(self, where: str) -> tuple[Key, ...]:
        """The keys of one dock widget."""
        return tuple(key for key in self.keys if key.where == where)

    def by_action(self) -> dict[str, str]:
        """The keys that there are, by action."""
        return {key.action: key.keys for key in self.keys}

    # --- inside ---------------------------------------------------------------------------------

    def _ask(self, row: int) -> None:
        """Wait for a key in a row."""
        self.message.clear()
        item = self.table.item(row, _KEY)
        assert item is not None
        self.table.editItem(item)

    def _give(self, row: int, keys: str) -> None:
        if 0 <= row < len(self.keys):
            self._change(lambda: self._given(self.keys[row], as_written(keys)))

    def _given(self, key: Key, keys: str) -> dict[str, str]:
        window = self.window()
        menu = _menu_action_of(window, keys) if keys and window is not None else ""
        if menu:
            raise CellCycleError(
                f"{keys} is the key of “{menu}” in napari's menus and cannot be that of "
                f"“{key.words}” too. Choose another."
            )
        return change_key(self._phases, self._changes, key.action, keys)

    def _reset(self) -> None:
        action = self.keys[self.table.currentRow()].action
        self._change(lambda: reset_key(self._phases, self._changes, action))

    def _reset_all(self) -> None:
        self._change(dict)

    def _change(self, changes: Callable[[], dict[str, str]]) -> None:
        self.message.clear()
        try:
            self._changes = changes()
        except CellCycleError as error:
            self.message.error(str(error))
            return
        try:
            write_keys(self._changes)
        except CellCycleError as error:
            self.message.error(str(error))
        row = self.table.currentRow()
        self.fill(self._phases)
        self.table.selectRow(row)
        self.changed.emit()

    def _offer(self) -> None:
        row = self.table.currentRow()
        chosen = self.keys[row] if 0 <= row < len(self.keys) else None
        self.clear_button.setEnabled(chosen is not None and bool(chosen.keys))
        self.reset_button.setEnabled(chosen is not None and chosen.action in self._changes)
        self.reset_all_button.setEnabled(bool(self._changes))


class _KeyDelegate(QStyledItemDelegate):
    """Takes the next key that is pressed; Escape and Tab leave it as it was."""

    pressed = Signal(int, str)

    def createEditor(
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget:
        """Open a field that waits for a key."""
        field = QKeySequenceEdit(parent)
        field.setObjectName("key-field")
        field.setMaximumSequenceLength(1)
        field.keySequenceChanged.connect(lambda keys: self._take(field, index.row(), keys))
        return field

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        """Begin empty."""

    def setModelData(
        self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex
    ) -> None:
        """Leave the table alone: it is filled from the keys."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Give the field every key but Escape and Tab."""
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() not in _LEAVE:
                return False
        return super().eventFilter(watched, event)

    def _take(self, field: QKeySequenceEdit, row: int, keys: QKeySequence) -> None:
        text = keys.toString(QKeySequence.SequenceFormat.PortableText)
        if text:
            # it would tell its key again when it loses the focus
            field.blockSignals(True)
            self.closeEditor.emit(field)
            self.pressed.emit(row, text)


_LEAVE = (Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)


def _menu_action_of(window: QWidget, keys: str) -> str:
    """What the window's menus do with a key, empty for nothing."""
    sequence = QKeySequence(keys)
    for action in window.findChildren(QAction):
        if sequence in action.shortcuts():
            return action.text().replace("&", "")
    return ""


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    return button
