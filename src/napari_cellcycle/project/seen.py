"""Which cells a person has looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellcycle.project.store import Store


class Seen:
    """Cells of a project that the person who works has looked at."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, image: int) -> list[tuple[int, int, int]]:
        """Segmentation, frame and label of the cells of an image."""
        rows = self._store.database.query(
            "SELECT segmentation, frame, label FROM seen WHERE who = ? AND segmentation IN "
            "(SELECT number FROM segmentation WHERE image = ?)",
            (self._store.who, image),
        )
        return [(segmentation, frame, label) for segmentation, frame, label in rows]

    def add(self, segmentation: int, cells: Iterable[tuple[int, int]]) -> None:
        """Note frames and labels of a version of the segmentation.

        Raises
        ------
        ProjectError
            If the project may not be written.
        """
        with self._store.transaction() as changes:
            changes.run_many(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)",
                ((segmentation, self._store.who, frame, label) for frame, label in cells),
            )
