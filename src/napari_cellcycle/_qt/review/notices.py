"""Several notices in the room of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.notice import Notice


class Notices(QWidget):
    """Shows the notice that was told last; a button beside it unfolds the others.

    Parameters
    ----------
    *notices : Notice
        In the order in which they lie when unfolded.

    Attributes
    ----------
    more : QPushButton
        Says how many are folded away.
    """

    def __init__(self, *notices: Notice) -> None:
        super().__init__()
        self._notices = notices
        self._told: list[Notice] = [notice for notice in notices if notice.text()]
        self._texts = {notice: notice.text() for notice in notices}
        self._is_open = False
        self.more = QPushButton()
        self.more.setObjectName("more-notices")
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setStyleSheet("QPushButton { padding: 3px 8px; }")
        lines = QVBoxLayout()
        lines.setSpacing(5)
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
            notice.setVisible(notice in self._shown())
            return
        self._texts[notice] = notice.text()
        if notice in self._told:
            self._told.remove(notice)
        if notice.text():
            self._told.insert(0, notice)
        self._show()

    def _turn(self) -> None:
        self._is_open = not self._is_open
        self._show()

    def _shown(self) -> list[Notice]:
        return self._told if self._is_open else self._told[:1]

    def _show(self) -> None:
        n = len(self._told)
        self._is_open &= n > 1
        shown = self._shown()
        for notice in self._notices:
            notice.setVisible(notice in shown)
        self.more.setText("Fewer" if self._is_open else f"{n - 1} more")
        self.more.setToolTip(
            "\n".join(notice.message.toolTip() or notice.text() for notice in self._told[1:])
        )
        self.more.setVisible(n > 1)
        self.setVisible(n > 0)
