"""Long work on an open review: edited or other labels taken over, and more predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.review.revision.other_labels import Replaced, go_back, take_labels
from napari_cellcycle._qt.review.revision.reclassify import classify_all, take_run
from napari_cellcycle._qt.review.revision.update import Updated, update
from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.canvas.scene import Scene
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.project.predictions import PredictionSet


class Errands(QObject):
    """Runs one piece of work at a time, in the background, and shows what came of it.

    Attributes
    ----------
    ended : Signal()
        Another one may begin.
    replaced : Signal(object)
        The image has other labels: a
        :class:`~napari_cellcycle._qt.review.revision.other_labels.Replaced`.
    """

    ended = Signal()
    replaced = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = Job(self)
        self._desk: Desk | None = None
        self._scene: Scene | None = None
        self._job.stepped.connect(self._tell)
        self._job.refused.connect(self._refuse)
        self._job.succeeded.connect(self._on_done)
        self._job.ended.connect(self.ended)

    @property
    def is_running(self) -> bool:
        """Whether something is under way."""
        return self._job.is_running

    def serve(self, desk: Desk | None, scene: Scene | None) -> None:
        """Work for a review from now on, or for none."""
        self._desk, self._scene = desk, scene

    def update_labels(self) -> None:
        """Take edited labels over, and classify the cells that they touched again."""
        desk, scene = self._free()
        if desk is None or scene is None:
            return
        labels = _labels_of(desk, scene.segmentation)
        desk.told.emit("Comparing labels…")
        # what is painted from now on is told of again
        scene.labels.set_edited(False)
        self._job.start(
            "Classify edited cells",
            update,
            desk.undertaking,
            labels,
            desk.review.chosen_set,
        )

    def take_labels(self, given: Any) -> None:
        """Put other labels in the place of those that are reviewed.

        Parameters
        ----------
        given : napari.layers.Labels or Path
            A layer, or a file.
        """
        desk, scene = self._free()
        if desk is None or scene is None or self._has_edits(desk, scene):
            return
        if isinstance(given, Path):
            self._job.start("Take other labels", take_labels, desk.undertaking, given)
        else:
            labels = _labels_of(desk, given)
            self._job.start("Take other labels", take_labels, desk.undertaking, labels, given)

    def go_back(self, version: int) -> None:
        """Show the image with a version of its labels that the project has."""
        desk, scene = self._free()
        if desk is not None and scene is not None and not self._has_edits(desk, scene):
            layers = inputs.label_layers(scene.layers)
            self._job.start("Go back to labels", go_back, desk.undertaking, version, layers)

    def _has_edits(self, desk: Desk, scene: Scene) -> bool:
        if scene.labels.is_edited:
            desk.refused.emit("The labels were edited: update the cells first, or undo the edits.")
        return scene.labels.is_edited

    def classify(self, entry: ModelEntry) -> None:
        """Classify all cells with a model: one more prediction set, which is shown then."""
        desk, _ = self._free()
        if desk is not None:
            self._job.start("Classify again", classify_all, desk.undertaking, entry)

    def take(self, finished: Finished) -> None:
        """Take what "Classify cells" has found for these labels."""
        desk, scene = self._free()
        if desk is None or scene is None:
            return
        scene.rebuild()  # the phases of the run have taken the place of ours
        self._job.start("Add predictions", take_run, desk.undertaking, finished.classification)

    def _free(self) -> tuple[Desk | None, Scene | None]:
        """The review to work for; none while there is other work, or it may only be read."""
        if self._desk is None or self.is_running:
            return None, None
        if self._desk.project.read_only:
            self._desk.refused.emit(self._desk.project.reason)
            return None, None
        self._desk.saving.finish()
        return self._desk, self._scene

    def _tell(self, text: Any) -> None:
        if self._desk is not None:
            self._desk.told.emit(str(text))

    def _refuse(self, text: str) -> None:
        if self._desk is not None:
            self._desk.refused.emit(text)

    def _on_done(self, done: Updated | Replaced | PredictionSet) -> None:
        if self._desk is None:
            return
        if isinstance(done, Replaced):
            self.replaced.emit(done)
        elif isinstance(done, Updated):
            self._on_updated(self._desk, done)
        else:
            self._desk.show_set(done.id)
            cells = counted(done.n_cells, "cell")
            self._desk.told.emit(f"{cells} classified by {done.model}; what people said stays.")

    def _on_updated(self, desk: Desk, done: Updated) -> None:
        if done.revision is None and not done.classified and not done.problem:
            desk.told.emit("No label was edited, and no cell is stale.")
            return
        desk.reload(done.undertaking)
        told = [] if done.revision is None else [str(done.revision)]
        told += [f"{counted(done.classified, 'cell')} classified again."] if done.classified else []
        if done.problem:
            desk.refused.emit(" ".join([*told, done.problem]))
        else:
            desk.told.emit(" ".join(told))


def _labels_of(desk: Desk, layer: Any) -> Segmentation:
    """Labels as they are in a layer, whatever its file has."""
    time, labels_are = desk.segmentation.grid[0] > 1, desk.segmentation.labels_are
    return replace(inputs.segmentation(layer, labels_are, time=time), path=None)
