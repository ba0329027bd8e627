"""A dock widget that works on the review that is open in its viewer."""

from __future__ import annotations

from typing import Any, Protocol

from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_cellcycle._qt.docks import open_dock
from napari_cellcycle._qt.pages import Pages
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.results import text_label
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.session import session_of


class Bench(Protocol):
    """What a guest shows while a review is open: a QWidget that can be closed."""

    def close_bench(self) -> None:
        """Stop the workers, and follow the review no more."""


class Guest(Pages):
    """Shows a bench while a review is open, and the way to one otherwise.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    about : str
        What the widget is for, told while no review is open.

    Attributes
    ----------
    bench : Bench or None
        While a review is open.
    """

    def __init__(self, napari_viewer: Any, about: str) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._session = session_of(napari_viewer)
        self.bench: Any = None
        self.open_review = QPushButton("Review cells…")
        self.open_review.setObjectName("open-review")
        self.open_review.clicked.connect(self._open_review)
        text = text_label("no-review")
        text.setText(about)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(text)
        layout.addWidget(self.open_review)
        layout.addStretch(1)
        self.addWidget(page)
        self._session.review_changed.connect(self._follow)
        self._follow(self._session.review)
        make_room(self)

    def make_bench(self, review: Any) -> Bench:
        """Make the bench for the Review widget that is open."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        """As wide as Review, which it is often beside."""
        return QSize(400, 640)

    def event(self, event: QEvent | None) -> bool:
        """Stop when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._session.review_changed.disconnect(self._follow)
            self._follow(None)
        return handled

    def _follow(self, review: Any) -> None:
        if self.bench is not None:
            self.bench.close_bench()
            self.drop(self.bench)
            self.bench.deleteLater()
            self.bench = None
        if review is not None:
            self.bench = self.make_bench(review)
            self.show_scrolled(self.bench)

    def _open_review(self) -> None:
        open_dock(self._viewer, "Review cells")
