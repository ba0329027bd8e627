"""What a dock shows, scrolled where the window has no room for all of it."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt, Signal
from qtpy.QtWidgets import QScrollArea, QStyle, QWidget


class Scrolled(QScrollArea):
    """Gives a widget the height that it needs at least, or less if it is bounded.

    Parameters
    ----------
    page : QWidget

    Attributes
    ----------
    grew : Signal()
        The widget needs more height than before.
    """

    grew = Signal()

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most: int | None = None
        self._needed = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)

    @property
    def needed(self) -> QSize:
        """The least size in which all is seen."""
        page = self.widget()
        return QSize() if page is None else page.minimumSizeHint().expandedTo(page.minimumSize())

    def bound(self, most: int | None) -> None:
        """Ask for no more height than this, pixels; None: for what is needed."""
        if most != self._most:
            self._most = most
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """What is needed, unless it is bounded."""
        size = self.needed
        style = self.style()
        if self._most is None or size.height() <= self._most or style is None:
            return size
        bar = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        return QSize(size.width() + bar, self._most)

    def sizeHint(self) -> QSize:
        """What the widget would like."""
        page = self.widget()
        return QSize() if page is None else page.sizeHint()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass on that the widget needs another size."""
        handled = bool(super().eventFilter(watched, event))
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            needed = self.needed.height()
            if needed > self._needed:
                self.grew.emit()
            self._needed = needed
        return handled
