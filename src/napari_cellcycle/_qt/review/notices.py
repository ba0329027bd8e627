"""Several notices in the room of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.notice import Notice


class Notices(QWidget):
    """Shows the notice that was told last; a button beside it goes through the others.

    Parameters
    ----------
    *notices : Notice
        The first of those that say something already is shown.

    Attributes
    ----------
    more : QPushButton
        Says how many more there are; a click shows the next.
    """

    def __init__(self, *notices: Notice) -> None:
        super().__init__()
        self._notices = notices
        self._told: list[Notice] = [notice for notice in notices if notice.text()]
        self._texts = {notice: notice.text() for notice in notices}
        self.more = QPushButton()
        self.more.setObjectName("more-notices")
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setStyleSheet("QPushButton { padding: 3px 8px; }")
        lines = QVBoxLayout()
        for notice in notices:
            lines.addWidget(notice)
            notice.told.connect(lambda notice=notice: self._take(notice))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addLayout(lines, 1)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self.more.clicked.connect(self._turn)
        self._show()

    def _take(self, notice: Notice) -> None:
        """Put what is told now before the others."""
        if notice.text() == self._texts[notice]:
            notice.setVisible(notice in self._told[:1])
            return
        self._texts[notice] = notice.text()
        if notice in self._told:
            self._told.remove(notice)
        if notice.text():
            self._told.insert(0, notice)
        self._show()

    def _turn(self) -> None:
        self._told.append(self._told.pop(0))
        self._show()

    def _show(self) -> None:
        first, others = self._told[:1], self._told[1:]
        for notice in self._notices:
            notice.setVisible(notice in first)
        self.more.setText(f"{len(others)} more")
        self.more.setToolTip("\n".join(one.message.toolTip() or one.text() for one in others))
        self.more.setVisible(bool(others))
        self.setVisible(bool(first))
