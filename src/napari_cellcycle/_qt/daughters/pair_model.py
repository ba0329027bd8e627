"""The list of pairs: proposed ones by rank, merged cells, and pairs that were rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle.cells.merge import Group, named

if TYPE_CHECKING:
    from napari_cellcycle.review.daughters.daughters import Proposals
    from napari_cellcycle.review.daughters.merging import Merging

PROPOSED, MERGED, REJECTED = "proposed", "merged", "rejected"
_COLUMNS = ("cells", "score", "distance", "size", "why")
_TIPS = (
    "Labels of the two cells",
    "How much they look like daughters, 0 to 1",
    "Between the centres of their DNA, in sums of their radii",
    "Smaller over larger",
    "What speaks for it, and what against",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list.

    Parameters
    ----------
    group : (frame, labels)
        Labels as they are without merged cells.
    place : int
        Place in the proposals, -1 where it is none of them.
    """

    group: Group
    place: int


def entries(
    kind: str, merging: Merging, proposals: Proposals | None, at_least: float
) -> list[Entry]:
    """Make the list of one kind."""
    known = {} if proposals is None else _places(proposals)
    groups = merging.groups
    if kind == MERGED:
        return [Entry(group, known.get(group, -1)) for group in groups]
    rejected = merging.rejected
    if kind == REJECTED:
        return [Entry(group, known.get(group, -1)) for group in sorted(rejected)]
    if proposals is None:
        return []
    parts = {(frame, label) for frame, labels in groups for label in labels}
    order = list(known)
    apart = np.array(
        [
            group in rejected or any((group[0], label) in parts for label in group[1])
            for group in order
        ],
        bool,
    )
    return [Entry(order[i], i) for i in proposals.chosen(at_least, apart).tolist()]


def place_after(former: Sequence[Entry], at: int, now: Sequence[Entry], *, back: bool) -> int:
    """Where to go when a list is another one.

    Parameters
    ----------
    former, now : sequence of Entry
        The list before and after.
    at : int
        The line at hand before, -1 for none.
    back : bool
        Whether something was taken back: the first pair that has come back is wanted then.

    Returns
    -------
    int
        Where the pair at hand is now; else the first of those that came after it and are still
        there; else the last line, or the first one where the lists have nothing in common.
    """
    places = {entry.group: place for place, entry in enumerate(now)}
    known = {entry.group for entry in former}
    come = [place for group, place in places.items() if group not in known] if back else []
    left = [places[entry.group] for entry in former[max(at, 0) :] if entry.group in places]
    last = len(now) - 1
    return (come + left + [min(last, 0) if known.isdisjoint(places) else last])[0]


def _places(proposals: Proposals) -> dict[Group, int]:
    keys = zip(proposals.frame.tolist(), np.sort(proposals.labels).tolist(), strict=True)
    return {(frame, tuple(pair)): place for place, (frame, pair) in enumerate(keys)}


class PairModel(QAbstractTableModel):
    """The list as a table."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._proposals: Proposals | None = None
        self._several = False

    def set(self, entries: Sequence[Entry], proposals: Proposals | None, n_frames: int) -> None:
        """Show these entries."""
        self.beginResetModel()
        self.entries, self._proposals = list(entries), proposals
        self._several = n_frames > 1
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Entries."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Cells, score, distance, size, why."""
        return len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns, and what they are."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a field."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (1, 2, 3):
            return int(RIGHT)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return self.text(index.row())[index.column()]

    def text(self, row: int) -> tuple[str, ...]:
        """All fields of an entry."""
        entry, proposals = self.entries[row], self._proposals
        (frame, labels), place = entry.group, entry.place
        cells = f"{named(labels)} · frame {frame}" if self._several else named(labels)
        if proposals is None or place < 0:
            return (cells, "", "", "", "by hand")
        return (
            cells,
            f"{proposals.score[place]:.2f}",
            f"{proposals['distance'][place]:.2f}",
            f"{proposals['size'][place]:.2f}",
            proposals.reason(place),
        )
