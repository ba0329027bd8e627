"""The layer of phases, when somebody has removed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle._qt.review.canvas.scene import Scene


class LostPhases(Notice):
    """Says that the layer of phases was removed, and brings it back.

    Parameters
    ----------
    scene : Scene
        Whose layer it is.
    """

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__("lost-phases", parent)
        self._scene = scene
        self._later = once(self, self._look)  # another may be on its way to its place
        self.pressed.connect(scene.rebuild)
        scene.painted.connect(lambda layer: self._look())
        scene.layers.events.removed.connect(self._on_removed)

    def close_notice(self) -> None:
        """Follow the layers no more."""
        self._later.stop()
        self._scene.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, event: Any) -> None:
        self._later.start(0)

    def _look(self) -> None:
        scene = self._scene
        is_lost = scene.segmentation in scene.layers and not scene.is_there
        if is_lost and not any(overlays_of(scene, scene.segmentation)):
            self.hint("The layer of phases was removed.", "Show it again")
        else:
            self.clear()
