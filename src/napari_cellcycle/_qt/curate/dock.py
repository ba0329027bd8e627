"""Dock widget "Curate": cells as points of what was measured, and those that do not fit."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from napari_cellcycle._qt.curate.bench import CurateBench
from napari_cellcycle._qt.results import text_label
from napari_cellcycle._qt.session import session_of

_NO_REVIEW = (
    "Curate works on the project that is open in Review: it plots what is measured of the cells, "
    "and finds those whose phase does not fit. Open one, or start a review."
)


class CurateWidget(QStackedWidget):
    """Curates the cells of the review that is open in the viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer

    Attributes
    ----------
    bench : CurateBench or None
        While a review is open.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._session = session_of(napari_viewer)
        self.bench: CurateBench | None = None
        self.open_review = QPushButton("Review cells…")
        self.open_review.setObjectName("open-review")
        self.open_review.clicked.connect(self._open_review)
        about = text_label("curate-no-review")
        about.setText(_NO_REVIEW)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(about)
        layout.addWidget(self.open_review)
        layout.addStretch(1)
        self.addWidget(page)
        self.setMinimumWidth(340)
        self._session.review_changed.connect(self._follow)
        self._follow(self._session.review)

    def sizeHint(self) -> QSize:
        """As wide as Review, which it is often beside."""
        return QSize(400, 640)

    def event(self, event: QEvent | None) -> bool:
        """Stop when the dock widget is removed from the window."""
        handled = super().event(event)
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._session.review_changed.disconnect(self._follow)
            self._follow(None)
        return handled

    def _follow(self, review: Any) -> None:
        """Curate what a review shows; nothing without one."""
        if self.bench is not None:
            self.bench.close_bench()
            self.removeWidget(self.bench)
            self.bench.deleteLater()
            self.bench = None
        if review is not None:
            self.bench = CurateBench(self._viewer, review)
            self.addWidget(self.bench)
            self.setCurrentWidget(self.bench)

    def _open_review(self) -> None:
        self._viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
