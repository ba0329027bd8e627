"""Versions of a segmentation in which some labels are one cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.project.store import Store


@dataclass(frozen=True, slots=True)
class MergedVersion:
    """A version that was derived from another one.

    Parameters
    ----------
    number : int
        Its number.
    below : int
        Of the version whose labels it is made of.
    groups : tuple of (frame, labels)
        Labels of that version that are one cell.
    revised : bool
        Whether its labels were edited, or others took their place.
    """

    number: int
    below: int
    groups: tuple[Group, ...]
    revised: bool


def merged_versions(store: Store, image: int, current: int) -> list[MergedVersion]:
    """All versions of an image with merged cells: the present one first, then the newest."""
    if not store.has_table("derivation"):
        return []
    rows = store.database.query(
        "SELECT derivation.segmentation, base, merged, "
        "EXISTS (SELECT 1 FROM revision WHERE old = derivation.segmentation) "
        "FROM derivation JOIN segmentation ON number = derivation.segmentation "
        "WHERE image = ? ORDER BY number = ? DESC, number DESC",
        (image, current),
    )
    return [
        MergedVersion(number, base, groups_of(merged), bool(revised))
        for number, base, merged, revised in rows
    ]


def groups_of(text: str) -> tuple[Group, ...]:
    """Read what is one cell, as the table of derivations has it."""
    return tuple((frame, tuple(labels)) for frame, *labels in json.loads(text))
