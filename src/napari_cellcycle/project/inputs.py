"""The files that the images of a project are made of: where they were, and where they are now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import CellCycleError, InputChangedError, ProjectError
from napari_cellcycle.image.signatures import signature
from napari_cellcycle.project.cell_files import digest_of

if TYPE_CHECKING:
    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store

Role = Literal["image", "labels", "nuclei"]


@dataclass(frozen=True, slots=True)
class Input:
    """A file that belongs to an image.

    Parameters
    ----------
    image : int
        Number of the image.
    role : {"image", "labels", "nuclei"}
    name : str
        Of the file or layer.
    relative, absolute : str
        Where it was, from the project's folder and from the root; empty if it was no file.
    size, modified : int
        Bytes, and nanoseconds since 1970, of a file; -1 for a folder.
    signature : str
        Of its pixels; of a segmentation, the digest of its cells.
    """

    image: int
    role: Role
    name: str
    relative: str
    absolute: str
    size: int
    modified: int
    signature: str


class Inputs:
    """The files of a project's images."""

    def __init__(self, store: Store, segmentations: Segmentations) -> None:
        self._store = store
        self._segmentations = segmentations

    def of(self, number: int) -> dict[Role, Input]:
        """Files of an image, by role."""
        rows = self._store.database.query(
            "SELECT image, role, name, relative, absolute, size, modified, signature FROM input "
            "WHERE image = ?",
            (number,),
        )
        return {row[1]: Input(*row) for row in rows}

    def locate(self, number: int, role: Role = "image") -> Path:
        """Find a file of an image again, and make sure that it is the same one.

        It is looked for where it was, seen from the project's folder and from the root, and beside
        the project. A file of the same size and age is taken for the same; any other is read.

        Raises
        ------
        InputChangedError
            If it is nowhere, or what is there is another image.
        """
        known = self._input(number, role)
        if not known.absolute:
            raise InputChangedError(
                f"{known.name} was never a file: it was a layer of a viewer. Save it as a file, "
                "then say where it is: in napari, Review cells, Find image…"
            )
        others = []
        for path in self._places(known):
            if not path.exists():
                continue
            if known.size >= 0 and _stamp(path) == (known.size, known.modified):
                return path
            try:
                self._check(known, path)
            except InputChangedError as error:
                others.append(str(error))
                continue
            return path
        if others:
            raise InputChangedError(others[0])
        raise InputChangedError(
            f"{known.name} is not at {known.absolute} any more, nor beside the project. Put it "
            "there, or say where it is: in napari, Review cells, Find image…"
        )

    def relocate(self, number: int, role: Role, path: str | os.PathLike[str]) -> Path:
        """Say where a file is now.

        Raises
        ------
        InputChangedError
            If it is another image.
        """
        path = Path(path).expanduser().resolve()
        known = self._input(number, role)
        self._check(known, path)
        with self._store.transaction() as changes:
            self.put(changes, number, role, known.name, path, known.signature)
        return path

    def put(
        self,
        changes: Transaction,
        number: int,
        role: str,
        name: str,
        path: Path | None,
        mark: str,
    ) -> None:
        """Write down a file of an image, in place of what was known of it.

        Parameters
        ----------
        changes : Transaction
            It is one of these.
        number, role, name, mark
            As :class:`Input` has them; ``mark`` is the signature.
        path : Path or None
            Where it is; None if it is no file.
        """
        relative = absolute = ""
        size = modified = -1
        if path is not None:
            full = Path(path).resolve()
            absolute = str(full)
            size, modified = _stamp(full)
            try:
                relative = Path(os.path.relpath(full, self._store.folder)).as_posix()
            except ValueError:  # another drive of Windows
                relative = ""
        changes.run(
            "INSERT INTO input VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (image, role) DO UPDATE "
            "SET relative = excluded.relative, absolute = excluded.absolute, size = excluded.size, "
            "modified = excluded.modified, signature = excluded.signature",
            (number, role, name, relative, absolute, size, modified, mark),
        )

    def _input(self, number: int, role: Role) -> Input:
        known = self.of(number)
        if role not in known:
            query = "SELECT name FROM image WHERE number = ?"
            name = self._store.database.value(query, (number,))
            if name is None:
                raise ProjectError(f"The project has no image of number {number}.")
            raise ProjectError(f"{name} has no {role} in the project.")
        return known[role]

    def _places(self, known: Input) -> list[Path]:
        folder = self._store.folder
        places = [Path(known.absolute), folder.parent / Path(known.absolute).name]
        if known.relative:
            places.insert(0, folder / known.relative)
        return list(dict.fromkeys(Path(os.path.normpath(place)) for place in places))

    def _check(self, known: Input, path: Path) -> None:
        """Refuse a file that is another image, or another segmentation."""
        from napari_cellcycle.image.reading import open_image, open_labels

        query = "SELECT scene FROM image WHERE number = ?"
        scene = self._store.database.value(query, (known.image,)) or None
        try:
            if known.role == "labels":
                cells = self._segmentations.cells(self._segmentations.current(known.image))
                labels = open_labels(path, labels_are=cells.labels_are, scene=scene)
                found = digest_of(cell_table(labels, cells.spacing))
            elif known.role == "nuclei":
                found = signature(open_labels(path, scene=scene))
            else:
                found = signature(open_image(path, scene=scene))
        except CellCycleError as error:
            raise InputChangedError(
                f"{path} is not the {known.role} of this project: {error}"
            ) from error
        right = found == known.signature or (
            known.role == "labels"
            and self._segmentations.number_of(known.image, found)
            == self._segmentations.below(known.image)
        )
        if not right:
            advice = (
                "Take the new segmentation into the project as an edit, and words will follow "
                "their cells; or put the former file back"
                if known.role == "labels"
                else "Put the former file back, or make a new project for this image"
            )
            raise InputChangedError(
                f"{path} is another {'segmentation' if known.role == 'labels' else known.role} "
                f"than the one this project was made with: its pixels differ. {advice}."
            )


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file; a folder (OME-Zarr) has none that could be trusted."""
    if path.is_dir():
        return -1, -1
    try:
        found = path.stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns
