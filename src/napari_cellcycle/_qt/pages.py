"""What a dock widget shows, scrolled where the window has no room for it."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from napari_cellcycle._qt.room import make_room, room_of
from napari_cellcycle._qt.scrolled import Scrolled


def fill_scrolled(widget: QWidget, page: QWidget) -> Scrolled:
    """Fill a dock widget with a page that scrolls where there is no room for it."""
    layout, scrolled = QVBoxLayout(widget), _scrolled(page, widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(scrolled)
    return scrolled


class Pages(QStackedWidget):
    """Pages, one of which is seen."""

    narrowest = 340
    """Pixels; a scroll bar may come on top."""

    def minimumSizeHint(self) -> QSize:
        """What the pages need, and wide enough to read."""
        return super().minimumSizeHint().expandedTo(QSize(self.narrowest, 0))

    def show_scrolled(self, page: QWidget) -> None:
        """Add a page that scrolls where there is no room for it, and show it."""
        scrolled = _scrolled(page, self)
        self.addWidget(scrolled)
        make_room(self)
        self.setCurrentWidget(scrolled)

    def drop(self, page: QWidget) -> None:
        """Remove such a page, which is not deleted."""
        for place in range(self.count()):
            scrolled = self.widget(place)
            if isinstance(scrolled, Scrolled) and scrolled.widget() is page:
                scrolled.takeWidget()
                self.removeWidget(scrolled)
                scrolled.deleteLater()
                return


def _scrolled(page: QWidget, widget: QWidget) -> Scrolled:
    scrolled = Scrolled(page)
    scrolled.grew.connect(room_of(widget).look_soon)
    return scrolled
