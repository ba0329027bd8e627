"""The page of "Review cells" while no image is open: what to open, and what became of it."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle._qt.review.opening.start_form import StartForm


class StartPage(QScrollArea):
    """The form, and below it what is going on.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    form : StartForm
    busy : QLabel
        What is going on.
    message : MessageLabel
        Why it did not come to its end.
    lost : Notice
        Labels that were not found.
    """

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = StartForm(viewer)
        self.busy = QLabel()
        self.busy.setObjectName("review-busy")
        self.message = MessageLabel("review-start-message")
        self.lost = Notice("lost")
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        for widget in (self.form, self.busy, self.message, self.lost):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidgetResizable(True)
        self.setWidget(page)

    def begin(self, text: str) -> None:
        """Say what is going on; nothing else can be begun meanwhile."""
        self.message.clear()
        self.form.setEnabled(False)
        self.busy.setText(text)
        self.busy.setVisible(True)

    def end(self) -> None:
        """Offer the form again."""
        self.form.setEnabled(True)
        self.busy.setText("")
