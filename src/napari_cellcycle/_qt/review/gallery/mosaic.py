"""The mosaic: tiles of cells in bins, of which only those in sight are ever drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QRect, QSize, Qt, Signal
from qtpy.QtGui import QHelpEvent, QPainter
from qtpy.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from napari_cellcycle._qt.review.gallery.bins import Bins
from napari_cellcycle._qt.review.gallery.mosaic_gestures import Gestures
from napari_cellcycle._qt.review.gallery.mosaic_layout import HEADER, MosaicLayout
from napari_cellcycle._qt.review.gallery.mosaic_page import paint_page
from napari_cellcycle._qt.review.gallery.thumbnails import Thumbnails
from napari_cellcycle._qt.review.gallery.tiles import Tiles
from napari_cellcycle._qt.review.look import Look, cell_tip, is_branch
from napari_cellcycle._qt.review.selection import Picker
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent, QResizeEvent

    from napari_cellcycle._qt.review.source import CellSource

    Ints = NDArray[np.int64]

SMALLEST, LARGEST = 32, 192


class Mosaic(QAbstractScrollArea):
    """Cells in bins, one a phase, in the order of the vocabulary; those without a phase come last.

    Parameters
    ----------
    source : CellSource

    Attributes
    ----------
    assign_requested : Signal(object, str)
        Cells were dropped on a bin: their indices, and the slug of its phase.
    activated : Signal(int)
        A cell was double-clicked, or Enter was pressed on it.
    zoomed : Signal(int)
        The tiles have another size.
    counts_changed : Signal()
        Cells have come into a bin or left it.
    """

    assign_requested = Signal(object, str)
    activated = Signal(int)
    zoomed = Signal(int)
    counts_changed = Signal()

    def __init__(self, source: CellSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        view, bar = self.viewport(), self.verticalScrollBar()
        assert view is not None
        assert bar is not None
        self.view, self.bar = view, bar
        self.source = source
        self.thumbnails = Thumbnails(source, parent=self)
        self.tiles = Tiles(source, self.thumbnails)
        self.picker = Picker(source.selection, self)
        self.folded: set[int] = set()
        self._rows: Ints | None = None
        self._order = ("confidence", False)
        self._size = 64
        self.look = Look.of(self)
        self.drop_bin = -1
        self.band: QRect | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.setAccessibleName("Gallery of cells")
        self._asking = once(self, self._ask, 15)
        self._drawing_on = once(self, self.view.update)
        self.thumbnails.ready.connect(self._redraw)
        source.signals.changed.connect(self._change)
        source.signals.reloaded.connect(self.rebuild)
        source.selection.changed.connect(self.view.update)
        source.selection.current_changed.connect(self._follow)
        self.rebuild()
        self.gestures = Gestures(self)

    # --- what is shown -------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Read everything anew: there may be other cells."""
        if self._rows is not None and len(self._rows) and self._rows.max() >= len(self.source):
            self._rows = None
        self.thumbnails.forget()
        self.tiles.forget()
        self.picker.forget()
        self._sort()

    def set_rows(self, rows: Ints | None) -> None:
        """Show only these cells; None for all."""
        self._rows = rows
        self._sort()

    def set_order(self, column: str, *, descending: bool) -> None:
        """Sort by a column of the source, such as ``confidence``; unknown values come last."""
        self._order = (column, descending)
        self.tiles.by_entropy = column == "entropy"
        self.tiles.forget()
        self._sort()

    def set_axis(self, axis: str) -> None:
        """Show the projections along another axis."""
        self.thumbnails.set_axis(axis)
        self.tiles.forget()
        self.view.update()

    @property
    def tile_size(self) -> int:
        """Edge of a tile, pixels."""
        return self._size

    def set_tile_size(self, size: int) -> None:
        """Zoom; the first cell in sight stays in sight."""
        size = min(max(size, SMALLEST), LARGEST)
        if size == self._size:
            return
        top = next(iter(self.page.visible(self.offset, self.offset)), None)
        self._size = size
        self._arrange()
        if top is not None and self.offset:
            section, first, _ = top
            now = self.page.section(section.number)
            if now is not None:
                self.offset = self.page.rect(now, first).top() - HEADER
        self.zoomed.emit(size)

    def zoom_by(self, steps: float) -> None:
        """Zoom by steps of a wheel."""
        self.set_tile_size(round(self._size * 1.2**steps))

    def fold(self, number: int, *, folded: bool) -> None:
        """Show only the header of a bin, or its cells again."""
        (self.folded.add if folded else self.folded.discard)(number)
        self._arrange()

    def show_bin(self, number: int) -> None:
        """Scroll to a bin."""
        section = self.page.section(number)
        if section is not None:
            self.offset = section.top

    def ensure_visible(self, index: int) -> None:
        """Scroll to a cell, if it is shown and not in a folded bin."""
        number, place = self.bins.find(index)
        section = self.page.section(number)
        if section is None or place >= section.count:
            return
        rect = self.page.rect(section, place)
        height = self.view.height()
        if rect.top() < self.offset:
            self.offset = section.top if place < self.page.columns else rect.top() - 4
        elif rect.bottom() > self.offset + height:
            self.offset = rect.bottom() - height + 8

    @property
    def offset(self) -> int:
        """Height of the page above what is in sight, pixels."""
        return self.bar.value()

    @offset.setter
    def offset(self, value: int) -> None:
        self.bar.setValue(value)

    # --- the order in which cells are shown ------------------------------------------------------

    def __len__(self) -> int:
        return self.page.n_tiles

    def rank(self, index: int) -> int:
        """Place of a cell in the order in which tiles are shown, -1 where it is not."""
        number, place = self.bins.find(index)
        section = self.page.section(number)
        return -1 if section is None or place >= section.count else section.rank + place

    def at(self, rank: int) -> int:
        """Cell at a place."""
        return int(self.between(rank, rank)[0])

    def between(self, first: int, last: int) -> Ints:
        """Cells from a place up to and including another."""
        parts = [
            self.bins.members(s.number)[: s.count][
                max(first - s.rank, 0) : max(last + 1 - s.rank, 0)
            ]
            for s in self.page.sections
        ]
        return np.concatenate(parts)

    def cells_in(self, area: QRect) -> Ints:
        """Cells whose tiles a rectangle of the page touches."""
        parts = [self.bins.members(s.number)[places] for s, places in self.page.inside(area)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def tile_rect(self, index: int) -> QRect:
        """Rectangle of a tile in the viewport; empty where it is not shown."""
        number, place = self.bins.find(index)
        section = self.page.section(number)
        if section is None or place >= section.count:
            return QRect()
        return self.page.rect(section, place).translated(0, -self.offset)

    def mark_band(self, band: QRect | None) -> None:
        """Draw a rubber band, on the page."""
        self.band = band
        self.view.update()

    def mark_bin(self, number: int) -> None:
        """Show that cells can be dropped on a bin; -1 for none."""
        if number != self.drop_bin:
            self.drop_bin = number
            self.view.update()

    # --- inside ----------------------------------------------------------------------------------

    def code_of(self, number: int) -> int:
        """Code of the phase of a bin, -1 for the bin of cells without one."""
        return -1 if number == len(self.source.phases.phases) else number

    def _sort(self) -> None:
        source = self.source
        name, descending = self._order
        keys = np.asarray(getattr(source, name), np.float64)
        self.bins = Bins(
            source.phase, -keys if descending else keys, len(source.phases.phases), self._rows
        )
        self._arrange()
        self.counts_changed.emit()

    def _arrange(self) -> None:
        phases, counts = self.source.phases, self.bins.counts
        shown = [
            (number, 0 if number in self.folded else count)
            for number, count in enumerate(counts)
            if count or (number < len(phases.phases) and not is_branch(phases, number))
        ]
        self.page = MosaicLayout(shown, self.view.width(), self._size)
        self.tiles.set_size(self.page.tile, self.devicePixelRatioF())
        bar, height = self.bar, self.view.height()
        bar.setRange(0, max(self.page.height - height, 0))
        bar.setPageStep(height)
        bar.setSingleStep(max(self.page.pitch // 2, 1))
        self.view.update()

    def _change(self, indices: Ints) -> None:
        indices = np.unique(indices)
        self.tiles.forget(indices.tolist())
        if self.bins.move(indices, self.source.phase[indices]):
            self._arrange()
            self.counts_changed.emit()
        self.view.update()

    def _follow(self, index: int) -> None:
        if index >= 0:
            self.ensure_visible(index)
        self.view.update()

    def _ask(self) -> None:
        """Order the pictures of the cells in sight, then of those just below."""
        height = self.view.height()
        wanted: list[int] = []
        for top, bottom in (
            (self.offset, self.offset + height),
            (self.offset + height, self.offset + 2 * height),
        ):
            for section, first, last in self.page.visible(top, bottom):
                wanted += self.bins.members(section.number)[first:last].tolist()
        self.thumbnails.want(list(dict.fromkeys(wanted)))

    def _redraw(self, indices: list[int]) -> None:
        for index in indices:
            self.view.update(self.tile_rect(index).adjusted(-3, -3, 3, 3))

    # --- Qt --------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Room for a dock of the usual width."""
        return QSize(380, 420)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Shift what is drawn, so that only the new strip is drawn again."""
        self.view.scroll(dx, dy)
        if self.isVisible():  # else it follows the cell at hand; what is seen is asked for then
            self._asking.start()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Lay out for another width."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() in (
            QEvent.Type.PaletteChange,
            QEvent.Type.StyleChange,
        ):
            self.look = Look.of(self)
            self.tiles.forget()
            self.view.update()

    def viewportEvent(self, event: QEvent | None) -> bool:
        """Tell of the cell under the pointer."""
        if isinstance(event, QHelpEvent):
            found = self.page.tile_at(event.pos().x(), event.pos().y() + self.offset)
            if found is None:
                QToolTip.hideText()
            else:
                index = int(self.bins.members(found[0].number)[found[1]])
                QToolTip.showText(event.globalPos(), cell_tip(self.source, index), self)
            return True
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what is to be drawn again of what is in sight."""
        area = self.view.rect() if event is None else event.rect()
        painter = QPainter(self.view)
        painter.translate(0, -self.offset)
        missing, late = paint_page(painter, self, area.translated(0, self.offset))
        painter.end()
        if late:
            self._drawing_on.start()
        if missing and not self._asking.isActive():
            self._asking.start()
