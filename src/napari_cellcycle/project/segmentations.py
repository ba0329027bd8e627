"""Versions of a segmentation: which cells each has, and which cell became which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.merge import merge_cells, merge_labels
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project.cell_files import (
    digest_of,
    digest_with,
    identity_of,
    read_cells,
    write_cells,
)
from napari_cellcycle.project.columns import Columns, write_columns
from napari_cellcycle.project.merged import MergedVersion, groups_of, merged_versions
from napari_cellcycle.project.ways import find_routes
from napari_cellcycle.project.words import now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.routes import Route, Transfer
    from napari_cellcycle.project.store import Store

    Ints = NDArray[np.int64]

_DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a segmentation.

    Parameters
    ----------
    number : int
        Its number in the project.
    time : int
        When it came, microseconds since 1970, UTC.
    who : str
        Who brought it.
    """

    number: int
    time: int
    who: str


class Segmentations:
    """The versions of the segmentations of a project; none is ever removed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def current(self, image: int) -> int:
        """Number of the version that an image is shown with."""
        number = self._store.database.value(
            "SELECT segmentation FROM image WHERE number = ?", (image,)
        )
        if number is None:
            raise ProjectError(f"The project has no segmentation of its image {image}.")
        return int(number)

    def number_of(self, image: int, digest: str) -> int | None:
        """Number of the version with these cells, if there is one."""
        number = self._store.database.value(
            "SELECT number FROM segmentation WHERE image = ? AND digest = ?", (image, digest)
        )
        return None if number is None else int(number)

    def digest(self, number: int) -> str:
        """By what a version is known, in other projects too."""
        return str(
            self._store.database.value(
                "SELECT digest FROM segmentation WHERE number = ?", (number,)
            )
        )

    def cells(self, number: int) -> CellTable:
        """Cells of a version."""
        base, groups = self.derivation(number)
        if groups:
            return merge_cells(self.cells(base), groups)
        file = self._store.database.value(
            "SELECT cells FROM segmentation WHERE number = ?", (number,)
        )
        return read_cells(self._store.folder / str(file))

    def kept_labels(self, number: int) -> Segmentation | None:
        """Label image of a version that no input file holds, if it is kept in the project."""
        file = self._store.database.value(
            "SELECT labels FROM segmentation WHERE number = ?", (number,)
        )
        if file is None:
            base, groups = self.derivation(number)
            kept = self.kept_labels(base) if groups else None
            return None if kept is None else merge_labels(kept, groups)
        cells = self.cells(number)
        columns = Columns(self._store.folder / str(file))
        spacing = cells.spacing if cells.spacing.is_physical else None
        return Segmentation(
            columns["labels"], cells.labels_are, Path(str(file)).stem, spacing=spacing
        )

    def derivation(self, number: int) -> tuple[int, tuple[Group, ...]]:
        """What a version was derived from: the labels below it, and which of them are one cell.

        A version that was not derived has itself below it, and no groups.
        """
        if not self._store.has_table("derivation"):
            return number, ()
        rows = self._store.database.query(
            "SELECT base, merged FROM derivation WHERE segmentation = ?", (number,)
        )
        return (rows[0][0], groups_of(rows[0][1])) if rows else (number, ())

    def below(self, image: int) -> int:
        """Number of the version below the present one: its labels without merged cells."""
        return self.derivation(self.current(image))[0]

    def merged(self, image: int) -> list[MergedVersion]:
        """Versions of an image in which labels are one cell, see :func:`merged_versions`."""
        return merged_versions(self._store, image, self.current(image))

    def enter_merged(
        self, changes: Transaction, image: int, base: int, groups: Iterable[Group]
    ) -> int:
        """Enter the version in which some labels of another one are one cell; returns its number.

        Raises
        ------
        SegmentationError
            If a label is not there, or in two groups.
        """
        groups = sorted(groups)
        if not groups:
            return base
        cells = self.cells(base)
        digest, below = digest_of(merge_cells(cells, groups)), self.digest(base)
        if below != digest_of(cells):  # measures do not tell it from another version
            digest = sha256(f"{digest}{below}".encode()).hexdigest()
        changes.run(
            "INSERT OR IGNORE INTO segmentation (image, digest, time, who, cells) "
            "SELECT image, ?, ?, ?, cells FROM segmentation WHERE number = ?",
            (digest, now(), self._store.who, base),
        )
        number = self.number_of(image, digest)
        assert number is not None
        changes.run(
            "INSERT OR IGNORE INTO derivation VALUES (?, ?, ?)",
            (number, base, json.dumps([[frame, *labels] for frame, labels in groups])),
        )
        return number

    def write(
        self, cells: CellTable, labels: Segmentation | None, digest: str | None = None
    ) -> tuple[str, str, str | None]:
        """Write the files of a version, before it is entered.

        Parameters
        ----------
        cells : CellTable
            Measured from the labels.
        labels : Segmentation or None
            To be kept in the project, because no file holds them.
        digest : str, optional
            By which it is known; that of its cells by default.

        Returns
        -------
        digest, cells, labels : str
            The latter two are names of files.
        """
        self._store.check_writable()
        digest = digest or digest_of(cells)
        # two images may have the same labels, and each its own name, spacing and nuclei
        file = f"segmentations/{identity_of(cells, digest)[:16]}-cells.npz"
        if not (self._store.folder / file).exists():
            write_cells(self._store.folder / file, cells)
        kept = None
        if labels is not None:
            kept = f"segmentations/{digest[:16]}-labels.npz"
            if not (self._store.folder / kept).exists():
                data = np.stack([labels.volume(t) for t in range(labels.grid[0])])
                write_columns(self._store.folder / kept, {"labels": data}, compressed=True)
        return digest, file, kept

    def enter(self, changes: Transaction, image: int, written: tuple[str, str, str | None]) -> int:
        """Enter a version whose files are written; returns its number, an older one if it has."""
        digest, cells, labels = written
        changes.run(
            "INSERT INTO segmentation (image, digest, time, who, cells, labels) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (image, digest) DO UPDATE SET "
            "labels = coalesce(labels, excluded.labels)",
            (image, digest, now(), self._store.who, cells, labels),
        )
        number = self.number_of(image, digest)
        assert number is not None
        return number

    def versions(self, image: int) -> tuple[Version, ...]:
        """All versions of an image's segmentation but those with merged cells, oldest first."""
        derived = {one.number for one in merged_versions(self._store, image, 0)}
        rows = self._store.database.query(
            "SELECT number, time, who FROM segmentation WHERE image = ? ORDER BY number", (image,)
        )
        return tuple(Version(*row) for row in rows if row[0] not in derived)

    def digests(self, image: int) -> dict[int, str]:
        """Digest of every version of an image's segmentation by number, oldest first."""
        return dict(
            self._store.database.query(
                "SELECT number, digest FROM segmentation WHERE image = ? ORDER BY number", (image,)
            )
        )

    def revisions(self) -> list[tuple[int, int, bytes]]:
        """Versions and those that came of them, with a transfer as it is stored, oldest first."""
        rows = self._store.database.query("SELECT old, new, moved FROM revision ORDER BY time")
        return [(old, new, moved) for old, new, moved in rows]

    def show(self, image: int, number: int) -> None:
        """Show an image with a version that the project has; words follow their cells there."""
        found = self._store.database.value(
            "SELECT image FROM segmentation WHERE number = ?", (number,)
        )
        if found != image:
            raise ProjectError(f"The project has no version {number} of the labels of this image.")
        with self._store.transaction() as changes:
            self.show_within(changes, image, number)

    def revise(
        self,
        image: int,
        cells: CellTable,
        labels: Segmentation | None,
        transfer: Transfer,
        back: Transfer | None = None,
        merged: tuple[Transfer, Iterable[Group]] | None = None,
    ) -> int:
        """Show an image with another version of its segmentation.

        Words on the cells stay with the cells that they are about; what a word is about never
        changes.

        Parameters
        ----------
        image : int
            Its number.
        cells : CellTable
            Of the new version.
        labels : Segmentation or None
            The new version, to be kept in the project; None if its file is an input.
        transfer : Transfer
            From the present version to the new one.
        back : Transfer, optional
            From the new version to the present one, for whoever goes back to it.
        merged : tuple of Transfer and groups, optional
            Where ``cells`` and ``labels`` are those below a version with merged cells: from what
            is below the present one to them, and what is one cell in the new one.

        Returns
        -------
        int
            Number of the version.
        """
        old = self.current(image)
        below, steps = (old, transfer) if merged is None else (self.below(image), merged[0])
        digest = digest_of(cells)
        if digest == digest_of(self.cells(below)):
            if labels is None or not len(steps):
                digest = self.digest(below)
            else:
                digest = digest_with(digest, labels)
        written = self.write(cells, labels, digest)
        with self._store.transaction() as changes:
            new = self.enter(changes, image, written)
            if merged is not None:
                self.link(changes, below, new, merged[0])
                new = self.enter_merged(changes, image, new, merged[1])
            if new != old:
                self.link(changes, old, new, transfer)
                if back is not None:
                    self.link(changes, new, old, back)
                self.show_within(changes, image, new)
        return new

    def show_within(self, changes: Transaction, image: int, number: int) -> None:
        """As :meth:`show`, together with other changes."""
        changes.run("UPDATE image SET segmentation = ? WHERE number = ?", (number, image))

    def link(self, changes: Transaction, old: int, new: int, transfer: Transfer) -> None:
        """Record which cells of a version became which of another."""
        self.link_bytes(changes, old, new, transfer.to_bytes())
        if len(transfer.doubtful):
            self.doubt(changes, old, new, transfer.doubtful)

    def link_bytes(self, changes: Transaction, old: int, new: int, moved: bytes) -> None:
        """As :meth:`link`, with a transfer as it is stored."""
        changes.run(
            "INSERT OR IGNORE INTO revision VALUES (?, ?, ?, ?, ?)",
            (old, new, now(), self._store.who, moved),
        )

    def doubt(self, changes: Transaction, old: int, new: int, doubtful: Ints) -> None:
        """Record which cells of a version may be which of another, as :meth:`doubts` gives them."""
        changes.run(
            "INSERT OR IGNORE INTO project VALUES (?, ?)",
            (f"{_DOUBTFUL}/{old}/{new}", json.dumps(doubtful.tolist())),
        )

    def doubts(self, image: int) -> list[tuple[int, int, int, Ints]]:
        """Cells of versions that have no heir in another one, and what may be it.

        Returns
        -------
        list of tuple
            Number of the one and of the other version, time, and rows as
            :attr:`~napari_cellcycle.project.routes.Transfer.doubtful`.
        """
        rows = self._store.database.query(
            "SELECT old, new, revision.time, value FROM revision "
            "JOIN segmentation ON old = number JOIN project ON name = ? || old || '/' || new "
            "WHERE image = ? ORDER BY revision.time",
            (f"{_DOUBTFUL}/", image),
        )
        return [(old, new, time, np.array(json.loads(v), np.int64)) for old, new, time, v in rows]

    def routes(self, image: int, to: int | None = None) -> dict[int, Route]:
        """The way of every version from which cells lead to one of them, by number.

        See :func:`napari_cellcycle.project.ways.find_routes`.

        Parameters
        ----------
        image : int
            Its number.
        to : int, optional
            Number of the version; the present one by default.
        """
        return find_routes(self._store, image, self.current(image) if to is None else to)
