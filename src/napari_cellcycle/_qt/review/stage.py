"""The image of a project that is shown, with all that belongs to it; images take turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.review.canvas.scene import Scene
from napari_cellcycle._qt.review.desk import Desk
from napari_cellcycle._qt.review.opening.image_layers import ImageLayers
from napari_cellcycle._qt.review.opening.prepared import Prepared, known
from napari_cellcycle._qt.review.opening.undertaking import AtHand, enter
from napari_cellcycle._qt.review.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_cellcycle._qt.review.exchange.take_in import Taken
    from napari_cellcycle._qt.review.opening.undertaking import Lost, Undertaking
    from napari_cellcycle._qt.review.revision.other_labels import Replaced
    from napari_cellcycle.review.loaded import Loaded


class Stage(QObject):
    """Shows one image at a time.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    layers : ImageLayers
        Of all images that were shown.
    desk, scene, bench
        Of the image that is shown; None without one.
    came : Signal()
        They are there.
    going : Signal(object)
        The :class:`Workbench` is about to go.
    left : Signal()
        No image is shown.
    """

    came = Signal()
    going = Signal(object)
    left = Signal()

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._entered: dict[int, Undertaking] = {}
        self.layers = ImageLayers(viewer)
        self.desk: Desk | None = None
        self.scene: Scene | None = None
        self.bench: Workbench | None = None

    # --- one image after the other --------------------------------------------------------------

    def show(self, prepared: Prepared) -> None:
        """Show an image; none may be shown now."""
        undertaking = prepared.undertaking
        desk = Desk(undertaking, self, read=prepared.review)
        if prepared.first is not None:
            desk.source.pixels.take(prepared.frame, *prepared.first)
        layer = self.layers.bring(prepared, desk.review.cells.spacing)
        time = undertaking.segmentation.grid[0] > 1
        self.desk = desk
        self.scene = Scene(self._viewer, desk, layer, inputs.axes_of(layer, time=time), self)
        edited = self.layers.holds_edits(undertaking)
        self.bench = Workbench(desk, self.scene)
        self.bench.panel.loader.came.connect(self._on_pictures)
        self.came.emit()
        self.scene.labels.set_edited(edited)
        desk.begin()

    def leave(self) -> None:
        """Take down what belongs to the image that is shown; the project stays open."""
        if self.bench is not None:
            self.bench.close_bench()
            self.going.emit(self.bench)
            self.bench.deleteLater()
        if self.scene is not None:
            self.scene.close()
            self.scene.deleteLater()
        if self.desk is not None:
            self.desk.leave()
            self.desk.deleteLater()
        self.bench = self.scene = self.desk = None
        self.left.emit()

    def let_go(self) -> None:
        """Close the project when the window was closed: else it stays locked until Python ends."""
        if self.desk is not None:
            self.desk.let_go()
            self.desk.project.close()

    def put_away(self) -> None:
        """Make room for another image of the project."""
        assert self.desk is not None
        assert self.scene is not None
        former, labels = self.desk.undertaking, self.scene.segmentation
        edited = self.scene.labels.is_edited
        self._entered[former.image] = former
        self.scene.phases.stop()  # they go
        self.leave()
        self.layers.put_away(former, labels, edited=edited)

    def opening(self, number: int) -> Generator[str, None, Undertaking | Lost]:
        """How to enter another image of the project; one that was shown before is known."""
        assert self.desk is not None
        former = self._entered.get(number)
        if former is not None:
            return known(former)
        return enter(self.desk.project, number, AtHand(self.layers.stacks()))

    def forget(self) -> None:
        """Forget the images of a project; their layers are the user's now."""
        self._entered.clear()
        self.layers.forget()

    # --- what comes to the image that is shown --------------------------------------------------

    def take_image(self, found: Prepared) -> None:
        """Show the pixels that were found for the cells that are reviewed already."""
        assert self.desk is not None
        stack = found.undertaking.stack
        self.desk.reload(found.undertaking)
        if stack is not None:
            self.layers.add_found(found, self.desk.review.cells.spacing)
            self.desk.told.emit(f"Found: {stack.name}.")

    def take_labels(self, replaced: Replaced) -> None:
        """Show the image with other labels."""
        if self.scene is None:
            return
        former, found = self.scene.segmentation, replaced.prepared
        self.leave()
        layer = self.layers.exchange(found.undertaking, former, found.layer)
        self.show(Prepared(found.undertaking, found.review, layer))
        if self.desk is not None:
            self.desk.told.emit(replaced.told)

    def take_merged(
        self, undertaking: Undertaking, read: Loaded, cells: Sequence[tuple[int, int]]
    ) -> None:
        """Show labels in which other labels are one cell, in a layer of our own.

        Parameters
        ----------
        undertaking : Undertaking
            With the labels as they are now.
        read : Loaded
            What the review reads of them.
        cells : sequence of (frame, label)
            Those of its cells that are other ones now.
        """
        if self.desk is None or self.scene is None:
            return
        layer = self.scene.segmentation
        if self.layers.take_merged(undertaking, layer, read, cells):
            self.desk.reload(undertaking, read)
            self.scene.labels.set_edited(False)
            return
        self.leave()
        self.show(Prepared(undertaking, read, self.layers.add_merged(undertaking, layer)))

    def take_joined(self, taken: Taken) -> None:
        """Show and tell which labels are one cell now, by what others said."""
        self._entered.clear()  # images that were shown before have other labels, too
        desk, found = self.desk, taken.undertaking
        if desk is None or taken.read is None:
            return
        if found is None:
            desk.reload(desk.undertaking, taken.read)
        elif (found.project, found.image) == (desk.project, desk.undertaking.image):
            self.take_merged(found, taken.read, taken.cells)
        if self.bench is not None:
            self.bench.tabs.setCurrentWidget(self.bench.people)
            self.bench.people.take_in.tell(taken)

    # --- inside ---------------------------------------------------------------------------------

    def _on_pictures(self, row: int) -> None:
        """Do what nobody has asked for, after what is seen."""
        if self.layers.filling.is_waiting:
            self.layers.filling.begin()
        if self.scene is not None:
            self.scene.canvas.make_ring_soon()
