"""Ways from all versions of a segmentation to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.project.merged import merged_versions
from napari_cellcycle.project.routes import Route, Transfer, merged_differently

if TYPE_CHECKING:
    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.project.store import Store


def find_routes(store: Store, image: int, last: int) -> dict[int, Route]:
    """Find the way of every version from which cells lead to the last one, by number.

    The shortest way counts: the same cells have the same version, so an edit that was taken back
    takes no way at all. Between versions in which other labels of the same segmentation are merged,
    every cell that is the same in both goes on.
    """
    into: dict[int, list[tuple[int, bytes]]] = {}
    for old, new, moved in store.database.query(
        "SELECT old, new, moved FROM revision JOIN segmentation ON old = number "
        "WHERE image = ? ORDER BY revision.time",
        (image,),
    ):
        into.setdefault(new, []).append((old, moved))
    merged = {one.number: (one.below, one.groups) for one in merged_versions(store, image, last)}
    alike: dict[int, dict[int, tuple[Group, ...]]] = {}
    for number, (below, groups) in merged.items():
        alike.setdefault(below, {below: ()})[number] = groups
    routes = {last: Route()}
    edge = [last]
    while edge:
        for number in list(edge):
            below, groups = merged.get(number, (number, ()))
            for other, theirs in alike.get(below, {}).items():
                if other not in routes:
                    routes[other] = routes[number].past(merged_differently(theirs, groups))
                    edge.append(other)
        further = []
        for new in edge:
            for old, moved in into.get(new, ()):
                if old not in routes:
                    routes[old] = routes[new].before(Transfer.from_bytes(moved))
                    further.append(old)
        edge = further
    return routes
