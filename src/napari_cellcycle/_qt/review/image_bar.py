"""The images of a project: which one is shown, and the way to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle.review.names import shortened

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.project.images import ProjectImage


class ImageBar(QWidget):
    """Chooses among the images of a project; hidden where there is one only.

    Parameters
    ----------
    desk : Desk
        Of the image that is shown.

    Attributes
    ----------
    wanted : Signal(int)
        Number of the image that is to be shown.
    """

    wanted = Signal(int)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.image = ChoiceBox("project-image", tooltip="The image that is reviewed")
        self.next = QToolButton()
        self.next.setObjectName("next-image")
        self.next.setText("Next ▶")
        self.next.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(QLabel("Image"))
        row.addWidget(self.image, 1)
        row.addWidget(self.next)
        self.image.changed.connect(self._choose)
        self.next.clicked.connect(self.go_on)
        self.fill()

    def fill(self) -> None:
        """Offer the images that the project has."""
        images = self._desk.project.images.all()
        self.setVisible(len(images) > 1)
        names = shortened([name_of(image) for image in images])
        self.image.set_choices(
            [(image.number, name, image) for image, name in zip(images, names, strict=True)]
        )
        self.image.setToolTip(name_of(self._desk.project.images[self._desk.undertaking.image]))
        self.show_current()
        ahead = self._desk.next_image
        self.next.setEnabled(ahead is not None)
        self.next.setToolTip(
            "This is the last image" if ahead is None else f"Go on with {name_of(ahead)}"
        )

    def show_current(self) -> None:
        """Choose the image that is shown, as when another could not be opened."""
        self.image.follow(self._desk.undertaking.image)

    def go_on(self) -> None:
        """Ask for the next image."""
        ahead = self._desk.next_image
        if ahead is None:
            self._desk.told.emit("This is the last image of the project.")
        else:
            self.wanted.emit(ahead.number)

    def _choose(self) -> None:
        self.wanted.emit(int(str(self.image.key())))


def name_of(image: ProjectImage) -> str:
    """What a person reads: the name, with the scene where there is one."""
    return f"{image.name}, {image.scene}" if image.scene else image.name
