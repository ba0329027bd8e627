"""What the canvas shows beside the phases: names, outlines, and whether it follows the cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from napari_cellcycle._qt.review.keys.keys import with_key

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.canvas.scene import Scene


class CanvasBar(QWidget):
    """Boxes to check, for the canvas.

    Parameters
    ----------
    scene : Scene
        What is checked is done in it.
    labels : QWidget
        Stands at the end.
    """

    def __init__(self, scene: Scene, labels: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self.follows, self.names, self.outlines = (
            QCheckBox(text) for text in ("centre", "names", "outlines")
        )
        self.follows.setToolTip("Bring each cell to the middle of the canvas")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(QLabel("Canvas"))
        for box, name in (
            (self.follows, "follows"),
            (self.names, "names"),
            (self.outlines, "outlines"),
        ):
            box.setObjectName(name)
            row.addWidget(box)
        row.addStretch(1)
        row.addWidget(labels)
        self._show()
        self.follows.toggled.connect(self._follow)
        self.names.clicked.connect(scene.name_phases)
        self.outlines.clicked.connect(scene.outline)
        scene.marked.connect(self._show)

    def name_keys(self, keys: Mapping[str, str]) -> None:
        """Tell the keys of actions in the tooltips."""
        for box, name, tip in (
            (self.names, "names", "Write the phases on the cells, as far as there is room"),
            (self.outlines, "outline", "Outline uncertain cells that nobody has judged"),
        ):
            box.setToolTip(with_key(tip, keys.get(name, "")))

    def _show(self) -> None:
        self.follows.setChecked(self._scene.follows)
        self.names.setChecked(self._scene.named)
        self.outlines.setChecked(self._scene.outlined)

    def _follow(self, on: bool) -> None:
        self._scene.follows = on
