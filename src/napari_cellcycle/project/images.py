"""The images of a project: by path and signature, never copied, never changed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_cellcycle.cells.merge import merge_labels
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import CellCycleError, InputChangedError, ProjectError
from napari_cellcycle.image.signatures import signature
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.project.cell_files import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store

Role = Literal["image", "labels", "nuclei"]


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """An image of a project.

    Parameters
    ----------
    number : int
        Its number in this project.
    name, scene : str
        First half of each cell's key.
    signature : str
        Of its pixels.
    settings : dict
        What was said of it: ``channels`` by role, ``spacing`` and the like; for the caller.
    """

    number: int
    name: str
    scene: str
    signature: str
    settings: dict[str, Any]


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


class Images:
    """The images of a project."""

    def __init__(self, store: Store, segmentations: Segmentations) -> None:
        self._store = store
        self._segmentations = segmentations

    def all(self) -> tuple[ProjectImage, ...]:
        """Every image, in the order in which they came."""
        rows = self._store.database.query(
            "SELECT number, name, scene, signature, settings FROM image ORDER BY number"
        )
        return tuple(
            ProjectImage(number, name, scene, mark, json.loads(text))
            for number, name, scene, mark, text in rows
        )

    def __getitem__(self, number: int) -> ProjectImage:
        for image in self.all():
            if image.number == number:
                return image
        raise ProjectError(f"The project has no image of number {number}.")

    def find(self, name: str, scene: str = "") -> ProjectImage | None:
        """Look for an image by name and scene."""
        return next((i for i in self.all() if (i.name, i.scene) == (name, scene)), None)

    def add(
        self,
        stack: Stack,
        segmentation: Segmentation,
        *,
        cells: CellTable | None = None,
        nuclei: Segmentation | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> ProjectImage:
        """Take an image and its segmentation into the project.

        A segmentation that is no file, such as a layer of napari, is kept inside the project.

        Parameters
        ----------
        stack : Stack
            The image.
        segmentation : Segmentation
            Its cells or nuclei.
        cells : CellTable, optional
            Measured from them; measured here by default.
        nuclei : Segmentation, optional
            Where ``segmentation`` holds cells.
        settings : mapping, optional
            Anything that JSON can hold, given back as it is.

        Raises
        ------
        ProjectError
            If another image of that name and scene is in the project.
        """
        self._store.check_writable()
        found = signature(stack)
        known = self.find(stack.name, stack.scene)
        if known is not None:
            if known.signature != found:
                raise ProjectError(
                    f"The project has another image called {stack.name}"
                    f"{f', scene {stack.scene}' if stack.scene else ''}: its pixels differ. Rename "
                    "the new one, or make a project of its own for it."
                )
            return known
        if cells is None:
            spacing = stack.spacing or segmentation.spacing or Spacing(1, 1, 1, "isotropic")
            cells = cell_table(
                segmentation, spacing, image=stack.name, scene=stack.scene, nuclei=nuclei
            )
        written = self._segmentations.write(cells, segmentation if not segmentation.path else None)
        inputs: list[tuple[Role, Stack | Segmentation, str]] = [("image", stack, found)]
        inputs.append(("labels", segmentation, written[0]))
        if nuclei is not None:
            inputs.append(("nuclei", nuclei, signature(nuclei)))
        with self._store.transaction() as changes:
            number = changes.insert(
                "INSERT INTO image (name, scene, signature, settings) VALUES (?, ?, ?, ?)",
                (stack.name, stack.scene, found, json.dumps(dict(settings or {}))),
            )
            version = self._segmentations.enter(changes, number, written)
            changes.run("UPDATE image SET segmentation = ? WHERE number = ?", (version, number))
            for role, data, mark in inputs:
                self._put(changes, number, role, data.name, data.path, mark)
        return self[number]

    def set_settings(self, number: int, settings: Mapping[str, Any]) -> None:
        """Keep what was said of an image, in place of what was said before."""
        with self._store.transaction() as changes:
            changes.run(
                "UPDATE image SET settings = ? WHERE number = ?",
                (json.dumps(dict(settings)), number),
            )

    def inputs(self, number: int) -> dict[Role, Input]:
        """Files of an image, by role."""
        rows = self._store.database.query(
            "SELECT image, role, name, relative, absolute, size, modified, signature FROM input "
            "WHERE image = ?",
            (number,),
        )
        return {row[1]: Input(*row) for row in rows}

    def stack(self, number: int) -> Stack:
        """Open an image, see :meth:`locate`."""
        from napari_cellcycle.image.reading import open_image

        return open_image(self.locate(number), scene=self[number].scene or None)

    def labels(self, number: int) -> Segmentation:
        """Open the present segmentation: the edited one inside the project, or the input.

        Labels that are one cell have the same number in it.

        Raises
        ------
        InputChangedError
            If it is the input, and that was moved or changed.
        """
        version = self._segmentations.current(number)
        kept = self._segmentations.kept_labels(version)
        if kept is not None:
            return kept
        return merge_labels(self.labels_below(number), self._segmentations.derivation(version)[1])

    def labels_below(self, number: int) -> Segmentation:
        """Open the present segmentation as it is without merged cells, see :meth:`labels`."""
        from napari_cellcycle.image.reading import open_labels

        below, _ = self._segmentations.derivation(self._segmentations.current(number))
        kept = self._segmentations.kept_labels(below)
        if kept is not None:
            return kept
        labels_are = self._segmentations.cells(below).labels_are
        path = self.locate(number, "labels")
        return open_labels(path, labels_are=labels_are, scene=self[number].scene or None)

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
                "then say where it is."
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
            f"{known.name} is not at {known.absolute} any more, nor beside the project. Say where "
            "it is now; nothing else is needed."
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
            self._put(changes, number, role, known.name, path, known.signature)
        return path

    def _input(self, number: int, role: Role) -> Input:
        try:
            return self.inputs(number)[role]
        except KeyError:
            raise ProjectError(f"{self[number].name} has no {role} in the project.") from None

    def _places(self, known: Input) -> list[Path]:
        folder = self._store.folder
        places = [Path(known.absolute), folder.parent / Path(known.absolute).name]
        if known.relative:
            places.insert(0, folder / known.relative)
        return list(dict.fromkeys(Path(os.path.normpath(place)) for place in places))

    def _check(self, known: Input, path: Path) -> None:
        """Refuse a file that is another image, or another segmentation."""
        from napari_cellcycle.image.reading import open_image, open_labels

        image = self[known.image]
        try:
            if known.role == "labels":
                cells = self._segmentations.cells(self._segmentations.current(known.image))
                labels = open_labels(path, labels_are=cells.labels_are, scene=image.scene or None)
                found = digest_of(cell_table(labels, cells.spacing))
            elif known.role == "nuclei":
                found = signature(open_labels(path, scene=image.scene or None))
            else:
                found = signature(open_image(path, scene=image.scene or None))
        except CellCycleError as error:
            raise InputChangedError(
                f"{path} is not the {known.role} of this project: {error}"
            ) from error
        right = found == known.signature or (
            known.role == "labels"
            and self._segmentations.number_of(known.image, found)
            == self._segmentations.derivation(self._segmentations.current(known.image))[0]
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

    def _put(
        self,
        changes: Transaction,
        number: int,
        role: str,
        name: str,
        path: Path | None,
        mark: str,
    ) -> None:
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


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file; a folder (OME-Zarr) has none that could be trusted."""
    if path.is_dir():
        return -1, -1
    try:
        found = path.stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns
