"""Where everything lies in the mosaic: headers and rows of tiles, bin below bin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtpy.QtCore import QRect

HEADER = 26
MARGIN = 8
GAP = 6


@dataclass(frozen=True, slots=True)
class Section:
    """One bin on the page.

    Parameters
    ----------
    number : int
        Of the bin.
    top : int
        Of its header, pixels.
    count : int
        Tiles that are laid out; none while it is folded.
    rank : int
        Tiles before its first one.
    """

    number: int
    top: int
    count: int
    rank: int


class MosaicLayout:
    """Geometry of a page of tiles.

    Parameters
    ----------
    shown : sequence of (int, int)
        Number of each bin that is shown, and how many tiles of it.
    width : int
        Of the page, pixels.
    tile : int
        Least edge of a tile, pixels; they grow until they fill the width.
    """

    def __init__(self, shown: Sequence[tuple[int, int]], width: int, tile: int) -> None:
        self.width = width
        room = width - 2 * MARGIN + GAP
        self.columns = max(room // (tile + GAP), 1)
        self.pitch = max(room // self.columns, tile + GAP)
        self.tile = self.pitch - GAP
        self.sections: list[Section] = []
        top = rank = 0
        for number, count in shown:
            self.sections.append(Section(number, top, count, rank))
            top += HEADER + -(-count // self.columns) * self.pitch + (GAP if count else 0)
            rank += count
        self.height = top
        self.n_tiles = rank
        self._by_number = {section.number: section for section in self.sections}

    def section(self, number: int) -> Section | None:
        """Section of a bin, None where it is not shown."""
        return self._by_number.get(number)

    def header(self, section: Section) -> QRect:
        """Rectangle of a header."""
        return QRect(0, section.top, self.width, HEADER)

    def rect(self, section: Section, place: int) -> QRect:
        """Rectangle of a tile."""
        row, column = divmod(place, self.columns)
        x = MARGIN + column * self.pitch
        return QRect(x, section.top + HEADER + row * self.pitch + GAP // 2, self.tile, self.tile)

    def section_at(self, y: int) -> Section | None:
        """Section at a height; the last one below all."""
        found = None
        for section in self.sections:
            if section.top > y:
                break
            found = section
        return found

    def tile_at(self, x: int, y: int) -> tuple[Section, int] | None:
        """Tile at a point, None beside tiles."""
        section = self.section_at(y)
        if section is None:
            return None
        column = (x - MARGIN) // self.pitch
        place = (y - section.top - HEADER) // self.pitch * self.columns + column
        if not (0 <= column < self.columns and 0 <= place < section.count):
            return None
        return (section, place) if self.rect(section, place).contains(x, y) else None

    def visible(self, top: int, bottom: int) -> Iterator[tuple[Section, int, int]]:
        """Sections that a strip of the page cuts, with the first and one past the last tile."""
        for section in self.sections:
            start = section.top + HEADER
            rows = -(-section.count // self.columns)
            if section.top > bottom or start + rows * self.pitch < top:
                continue
            first = max((top - start) // self.pitch, 0)
            last = min((bottom - start) // self.pitch + 1, rows)
            yield (
                section,
                min(first * self.columns, section.count),
                max(min(last * self.columns, section.count), 0),
            )

    def inside(self, box: QRect) -> Iterator[tuple[Section, list[int]]]:
        """Places of the tiles that a rectangle touches."""
        for section, first, last in self.visible(box.top(), box.bottom()):
            touched = [i for i in range(first, last) if self.rect(section, i).intersects(box)]
            if touched:
                yield section, touched

    def above(self, section: Section, place: int, rows: int) -> tuple[Section, int]:
        """Tile some rows further up (or down, if negative) in the same column.

        Empty and folded bins are jumped over; at either end it stays in the last row there is.
        """
        full = [s for s in self.sections if s.count]
        at = full.index(section)
        column = place % self.columns
        row = place // self.columns - rows
        while row < 0 and at > 0:
            at -= 1
            row += -(-full[at].count // self.columns)
        while row >= (n := -(-full[at].count // self.columns)) and at < len(full) - 1:
            row -= n
            at += 1
        row = min(max(row, 0), -(-full[at].count // self.columns) - 1)
        return full[at], min(row * self.columns + column, full[at].count - 1)
