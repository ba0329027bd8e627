"""Files of a project that are not where they were, and the way to find them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_cellcycle._qt.review.opening.undertaking import Found, Lost

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.notice import Notice
    from napari_cellcycle.project.inputs import Role

_OF_ZARR = (".zattrs", ".zgroup", "zarr.json")


class Search(QObject):
    """Asks a person where a file is now.

    Parameters
    ----------
    parent : QWidget
        Over which the question is asked.

    Attributes
    ----------
    found : Signal(object, object)
        A :class:`Lost` image, and the place that the person gives: a :class:`Found`.
    """

    found = Signal(object, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._lost: Lost | None = None

    def offer(self, lost: Lost, notice: Notice) -> None:
        """Say in a notice that the labels of an image were not found; its button looks for them."""
        self._lost = lost
        notice.error(lost.problem, "Find labels…")

    def forget(self) -> None:
        """Nothing is lost any more."""
        self._lost = None

    def find_labels(self) -> None:
        """Ask where the labels that were offered last are now."""
        if self._lost is not None:
            self.find(self._lost, "labels")

    def find(self, lost: Lost, role: Role) -> None:
        """Ask where a file of an image is now."""
        path, _ = QFileDialog.getOpenFileName(self._parent, f"Find the {role}")
        if not path:
            return
        place = Path(path)
        if place.name in _OF_ZARR:  # an OME-Zarr is a folder, chosen by a file in it
            place = place.parent
        self.found.emit(lost, Found(lost.image, role, place))
