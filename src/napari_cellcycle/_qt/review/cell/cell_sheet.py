"""One cell on a sheet: its views by axis and channel, its slices, and the vote of each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_cellcycle._qt.alignment import CENTER, RIGHT
from napari_cellcycle._qt.review.look import Look, draw_chip, phase_color

if TYPE_CHECKING:
    from qtpy.QtGui import QImage, QPaintEvent, QResizeEvent

    from napari_cellcycle._qt.review.cell.cell_pictures import CellPictures
    from napari_cellcycle._qt.review.source import Vote
    from napari_cellcycle.phases import PhaseSet

_NAMES, _WIDEST_NAMES = 88, 190
_GAP = 4
_LARGEST = 84
_HEAD = 17
_BAR = 14
_NUMBER = 29


@dataclass(slots=True)
class _Plan:
    """What lies where, for one width."""

    heads: list[tuple[QRectF, str, bool]] = field(default_factory=list)
    names: list[tuple[QRectF, str]] = field(default_factory=list)
    pictures: list[tuple[QRectF, QImage | None, str]] = field(default_factory=list)
    leaves: list[tuple[QRectF, int]] = field(default_factory=list)
    bars: list[tuple[QRectF, int, int]] = field(default_factory=list)
    frames: list[tuple[QRectF, bool]] = field(default_factory=list)
    names_width: float = _NAMES
    height: float = 0


class CellSheet(QWidget):
    """Pictures and votes of one cell, in columns that share their edges.

    With several axes each has a column, and its vote stands below its views; with one axis the
    channels stand side by side.

    Attributes
    ----------
    laid_out : Signal(int)
        Where its columns begin, right of the names, pixels.
    """

    laid_out = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases: PhaseSet | None = None
        self._predicted = -1
        self._votes: tuple[Vote, ...] = ()
        self._pictures: CellPictures | None = None
        self._plan = _Plan()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.setMinimumWidth(240)

    def set_votes(self, phases: PhaseSet, votes: Sequence[Vote], predicted: int) -> None:
        """Show what each axis says, and frame who decided in the colour of what was predicted."""
        self._phases, self._votes, self._predicted = phases, tuple(votes), predicted
        self._fit()

    def set_pictures(self, pictures: CellPictures | None) -> None:
        """Show the pictures of a cell; None keeps their places empty."""
        if pictures is None and self._pictures is not None:
            old = self._pictures
            empty = tuple((name, ()) for name, _ in old.rows)
            pictures = type(old)(old.axes, empty, tuple((name, None) for name, _ in old.tiles))
        self._pictures = pictures
        self._fit()

    def sizeHint(self) -> QSize:
        """As high as its contents."""
        return QSize(300, round(self._plan.height))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Lay out for another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._plan = self._lay_out(self.width())
        self.setFixedHeight(max(round(self._plan.height), 1))
        self.update()
        self.laid_out.emit(round(self._plan.names_width))

    # --- where things lie ------------------------------------------------------------------------

    def _lay_out(self, width: int) -> _Plan:
        plan, pictures = _Plan(), self._pictures
        y = 0.0
        columns: list[QRectF] = []
        if pictures is not None and len(pictures.axes) > 1:
            columns = _columns(_NAMES, width, max(len(pictures.axes), len(pictures.tiles)))
            y = self._lay_grid(plan, pictures, columns)
        elif pictures is not None:
            y = self._lay_line(plan, pictures, width)
        if self._votes:
            same = pictures is not None and [v.axis for v in self._votes] == list(pictures.axes)
            if not (same and columns):
                y = self._lay_vote_heads(plan, width, y)
                columns = _columns(_NAMES + 44, width, len(self._votes), largest=10_000)
            y = self._lay_bars(plan, columns, y + 2)
        if pictures is not None and len(pictures.axes) > 1 and pictures.tiles:
            tiles = _columns(_NAMES, width, max(len(pictures.axes), len(pictures.tiles)))
            y = self._lay_tiles(plan, pictures, tiles, y + 6)
        if columns:
            plan.names_width = columns[0].x()
        plan.height = y
        return plan

    def _lay_grid(self, plan: _Plan, pictures: CellPictures, columns: list[QRectF]) -> float:
        votes = {vote.axis: vote for vote in self._votes}
        for axis, column in zip(pictures.axes, columns, strict=False):
            vote = votes.get(axis)
            plan.heads.append((QRectF(column.x(), 0, column.width(), _HEAD), *_head(axis, vote)))
        y, edge = float(_HEAD), columns[0].width()
        for number, (name, images) in enumerate(pictures.rows):
            plan.names.append((QRectF(0, y, columns[0].x() - 8, edge), name))
            for place, (axis, column) in enumerate(zip(pictures.axes, columns, strict=False)):
                box = QRectF(column.x(), y, edge, edge)
                image = images[place] if images else None
                plan.pictures.append((box, image, f"{name}, projected along {axis}"))
                vote = votes.get(axis)
                if number == 0 and vote is not None and (vote.decides or vote.decides_stage):
                    plan.frames.append((box, not vote.decides))
            y += edge + _GAP
        return y - _GAP

    def _lay_line(self, plan: _Plan, pictures: CellPictures, width: int) -> float:
        """All pictures of a cell that has one view, side by side."""
        items = [(name, images[0] if images else None) for name, images in pictures.rows]
        items += list(pictures.tiles)
        columns = _columns(0, width, max(len(items), 3), largest=132)
        for (name, image), column in zip(items, columns, strict=False):
            plan.heads.append((QRectF(column.x(), 0, column.width(), _HEAD), name, False))
            box = QRectF(column.x(), _HEAD, column.width(), column.width())
            plan.pictures.append((box, image, name))
        return _HEAD + columns[0].width() if items else 0.0

    def _lay_tiles(
        self, plan: _Plan, pictures: CellPictures, columns: list[QRectF], y: float
    ) -> float:
        edge = columns[0].width()
        plan.names.append((QRectF(0, y + _HEAD, columns[0].x() - 8, edge), "slices"))
        for (name, image), column in zip(pictures.tiles, columns, strict=False):
            plan.heads.append((QRectF(column.x(), y, column.width(), _HEAD), name, False))
            plan.pictures.append((QRectF(column.x(), y + _HEAD, edge, edge), image, name))
        return y + _HEAD + edge

    def _lay_vote_heads(self, plan: _Plan, width: int, y: float) -> float:
        if len(self._votes) < 2:
            return y + 4
        for vote, column in zip(
            self._votes, _columns(_NAMES + 44, width, len(self._votes), largest=10_000), strict=True
        ):
            head = QRectF(column.x(), y, column.width(), _HEAD)
            plan.heads.append((head, *_head(vote.axis, vote)))
        return y + _HEAD

    def _lay_bars(self, plan: _Plan, columns: list[QRectF], y: float) -> float:
        assert self._phases is not None
        for leaf in range(len(self._phases.leaves)):
            plan.leaves.append((QRectF(0, y, columns[0].x() - 8, _BAR), leaf))
            for number, column in zip(range(len(self._votes)), columns, strict=False):
                plan.bars.append((QRectF(column.x(), y, column.width(), _BAR), number, leaf))
            y += _BAR + 1
        return y

    # --- how things look -------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the plan."""
        look, painter = Look.of(self), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for box, text, decides in self._plan.heads:
            font.setBold(decides)
            painter.setFont(font)
            painter.setPen(look.ink if decides else look.faint)
            painter.drawText(box.adjusted(-_GAP, 0, _GAP, 0), CENTER, text)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(look.faint)
        for box, text in self._plan.names:
            painter.drawText(box, RIGHT, text)
        for box, image, _ in self._plan.pictures:
            if image is None:
                painter.fillRect(box, look.card)
            else:
                painter.drawImage(box, image)
        if self._phases is not None:
            self._paint_votes(painter, look)
        for box, dashed in self._plan.frames:
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(self._color_of_predicted(), 2.5, style))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_votes(self, painter: QPainter, look: Look) -> None:
        assert self._phases is not None
        leaves, metrics = self._phases.leaves, painter.fontMetrics()
        for box, leaf in self._plan.leaves:
            chip = QRectF(box.right() - 9, box.center().y() - 4.5, 9, 9)
            draw_chip(painter, chip, QColor(leaves[leaf].color))
            name = box.adjusted(0, 0, -14, 0)
            painter.setPen(look.ink)
            elide = Qt.TextElideMode.ElideRight
            shown = metrics.elidedText(leaves[leaf].name, elide, int(name.width()))
            painter.drawText(name, RIGHT, shown)
        for box, number, leaf in self._plan.bars:
            p = float(self._votes[number].probabilities[leaf])
            best = p >= float(self._votes[number].probabilities.max())
            room = box.adjusted(0, 2, -_NUMBER, -2)
            painter.fillRect(room, look.line if best else look.card)
            bar = QRectF(room.x(), room.y(), room.width() * p, room.height())
            painter.fillRect(bar, QColor(leaves[leaf].color))
            painter.setPen(look.ink if best else look.faint)
            painter.drawText(box, RIGHT, f"{p:.2f}")

    def _color_of_predicted(self) -> QColor:
        assert self._phases is not None
        return phase_color(self._phases, self._predicted)

    def event(self, event: QEvent | None) -> bool:
        """Tell what a picture is, or a phase that is shortened."""
        if isinstance(event, QHelpEvent):
            text = self._tip(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        return super().event(event)

    def _tip(self, x: float, y: float) -> str:
        for box, _, text in self._plan.pictures:
            if box.contains(x, y):
                return text
        if self._phases is None:
            return ""
        for box, number, leaf in self._plan.bars:
            if box.contains(x, y):
                vote = self._votes[number]
                p = float(vote.probabilities[leaf])
                return f"{self._phases.leaves[leaf].name}: {p:.4f} along {vote.axis}"
        for box, leaf in self._plan.leaves:
            if box.contains(x, y):
                return self._phases.leaves[leaf].name
        return ""


def _columns(left: int, width: int, n: int, *, largest: int = _LARGEST) -> list[QRectF]:
    """Columns of one width, right of the names, which get a part of what is left over."""
    edge = min((width - left - (n - 1) * _GAP) / n, largest)
    if left:
        left = min(width - round(n * (edge + _GAP) - _GAP), max(left, _WIDEST_NAMES))
    return [QRectF(left + i * (edge + _GAP), 0, edge, 0) for i in range(n)]


def _head(axis: str, vote: Vote | None) -> tuple[str, bool]:
    """Words above a column, and whether they stand out."""
    if vote is None or not (vote.decides or vote.decides_stage):
        return axis, False
    both = vote.decides and vote.decides_stage
    role = "decides" if both or vote.decides else "stage"
    return f"{axis} {role}", True
