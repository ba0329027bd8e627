"""The images of a project: by path and signature, never copied, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.merge import merge_labels
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import CellCycleError, ProjectError
from napari_cellcycle.image.signatures import signature
from napari_cellcycle.image.spacing import Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.project.inputs import Inputs, Role
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store

FRAME_MINUTES = "frame_minutes"
"""Setting of an image: minutes between two frames, as its metadata state them."""


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
        ``frame_minutes`` is what the metadata of a movie state.
    """

    number: int
    name: str
    scene: str
    signature: str
    settings: dict[str, Any]


class Images:
    """The images of a project."""

    def __init__(self, store: Store, segmentations: Segmentations, inputs: Inputs) -> None:
        self._store = store
        self._segmentations = segmentations
        self._inputs = inputs

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
            Anything that JSON can hold, given back as it is; with ``frame_minutes``, where the
            image states it.

        Raises
        ------
        ProjectError
            If another image of that name and scene is in the project.
        """
        self._store.check_writable()
        found = signature(stack)
        said = dict(settings or {})
        if stack.frame_minutes is not None and stack.n_frames > 1:
            said.setdefault(FRAME_MINUTES, stack.frame_minutes)
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
                (stack.name, stack.scene, found, json.dumps(said)),
            )
            version = self._segmentations.enter(changes, number, written)
            changes.run("UPDATE image SET segmentation = ? WHERE number = ?", (version, number))
            for role, data, mark in inputs:
                self._inputs.put(changes, number, role, data.name, data.path, mark)
        return self[number]

    def stack(self, number: int) -> Stack:
        """Open an image, see :meth:`Inputs.locate`."""
        from napari_cellcycle.image.reading import open_image

        return open_image(self._inputs.locate(number), scene=self[number].scene or None)

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

    def nuclei(self, number: int) -> Segmentation | None:
        """Open the nuclei of an image's cells; None where there are none, or their file is lost."""
        from napari_cellcycle.image.reading import open_labels

        if "nuclei" not in self._inputs.of(number):
            return None
        try:
            path = self._inputs.locate(number, "nuclei")
            return open_labels(path, scene=self[number].scene or None)
        except CellCycleError:
            return None  # sizes of nuclei are not known then

    def labels_below(self, number: int) -> Segmentation:
        """Open the present segmentation as it is without merged cells, see :meth:`labels`."""
        from napari_cellcycle.image.reading import open_labels

        below = self._segmentations.below(number)
        kept = self._segmentations.kept_labels(below)
        if kept is not None:
            return kept
        labels_are = self._segmentations.cells(below).labels_are
        path = self._inputs.locate(number, "labels")
        return open_labels(path, labels_are=labels_are, scene=self[number].scene or None)
