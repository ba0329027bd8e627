"""Drop-down lists: of things that come and go while a choice is kept, and of what stays."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent, QWheelEvent


class ChoiceBox(QComboBox):
    """Choices with a key each; a person's choice survives as long as its key is among them."""

    changed = Signal()

    def __init__(self, name: str, *, tooltip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setToolTip(tooltip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._keys: list[Hashable] = []
        self._values: list[Any] = []
        self._by_hand = False
        self.currentIndexChanged.connect(self._on_chosen)

    def set_choices(
        self,
        choices: Sequence[tuple[Hashable, str, Any]],
        default: Hashable = None,
        *,
        keep: bool = False,
    ) -> None:
        """Offer choices; select the person's choice if it is among them, else the default.

        Parameters
        ----------
        choices : sequence of tuple
            Key, text and value of each.
        default : hashable
            Key of the choice to select; the first one if there is no such key.
        keep : bool
            Whether a choice that no person made stays as well.
        """
        former = self.key()
        keys = [key for key, _, _ in choices]
        self._by_hand = self._by_hand and former in keys
        kept = self._by_hand or (keep and former is not None and former in keys)
        wanted = former if kept else default
        with QSignalBlocker(self):
            self.clear()
            self._keys = keys
            self._values = [value for _, _, value in choices]
            self.addItems([text for _, text, _ in choices])
            self.setCurrentIndex(keys.index(wanted) if wanted in keys else min(0, len(keys) - 1))
        self.setEnabled(bool(choices))

    def set_options(self, options: Sequence[tuple[Hashable, str, str]]) -> None:
        """Offer choices that stay: key, text and tip of each."""
        self.set_choices([(key, text, None) for key, text, _ in options])
        for index, (_, _, tip) in enumerate(options):
            self.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Put dots into a text that is too long."""
        if self.currentIndex() < 0:
            super().paintEvent(event)
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter, style = QStylePainter(self), self.style()
        assert style is not None
        box, edit = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(box, option, edit, self).width() - 4
        dots = Qt.TextElideMode.ElideMiddle
        option.currentText = self.fontMetrics().elidedText(option.currentText, dots, room)
        painter.drawComplexControl(box, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to the page that scrolls: it would choose something else in passing."""
        if event is not None:
            event.ignore()

    def key(self) -> Hashable:
        """Key of the selected choice, ``None`` without any."""
        index = self.currentIndex()
        return self._keys[index] if 0 <= index < len(self._keys) else None

    def value(self) -> Any:
        """Value of the selected choice, ``None`` without any."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def choose(self, key: Hashable) -> None:
        """Select a choice as a person would."""
        self.setCurrentIndex(self._keys.index(key))

    def follow(self, key: Hashable) -> None:
        """Select a choice because it holds already: nothing is told."""
        if key in self._keys:
            with QSignalBlocker(self):
                self.setCurrentIndex(self._keys.index(key))

    def _on_chosen(self) -> None:
        self._by_hand = True
        self.changed.emit()


def device_box() -> ChoiceBox:
    """Where to compute."""
    box = ChoiceBox("device", tooltip="Automatic: CUDA, then MPS, then CPU")
    box.set_options(
        [
            ("auto", "automatic", ""),
            ("cuda", "CUDA (NVIDIA GPU)", ""),
            ("mps", "MPS (Apple GPU)", ""),
            ("cpu", "CPU", ""),
        ]
    )
    return box
