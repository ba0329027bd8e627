"""The colours of the phases: a person changes them, and is told if two look alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QMenu

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.phases import MITOSIS_STAGES, UNCLASSIFIED

if TYPE_CHECKING:
    from qtpy.QtCore import QPoint
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.phases import Phase

_MOST_TOLD = 2


class PhaseColors(QObject):
    """Changes colours in the project, so that every widget and every export has them.

    Parameters
    ----------
    desk : Desk
        Its review has the phases.
    """

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk

    def ask(self, slug: str, beside: QWidget) -> None:
        """Let a person choose the colour of a phase."""
        project = self._desk.project
        if project.read_only:
            self._desk.refused.emit(project.reason)
            return
        phase = self._desk.review.phases[slug]
        safe = dict.fromkeys(p.color for p in (*self._as_made, *MITOSIS_STAGES))
        for place, color in enumerate([*safe, UNCLASSIFIED]):
            QColorDialog.setCustomColor(place, QColor(color))
        dialog = QColorDialog(QColor(phase.color), beside.window())
        dialog.setObjectName("phase-color")
        dialog.setWindowTitle(f"Colour of {phase.name}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda color: self._set(slug, color.name()))
        dialog.open()

    def offer(self, slug: str, beside: QWidget, at: QPoint) -> None:
        """Offer the ways back to the colours of the vocabulary."""
        menu = QMenu(beside)
        menu.setObjectName("color-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        now, made = self._colors, {p.slug: p.color for p in self._as_made}
        for text, colors in (
            ("First colour", {**now, slug: made[slug]}),
            ("All first colours: safe for the colour-blind", {}),
        ):
            action = menu.addAction(text)
            assert action is not None
            action.setEnabled({**made, **colors} != now)
            action.triggered.connect(lambda _=False, colors=colors: self._keep(colors))
        menu.popup(beside.mapToGlobal(at))

    @property
    def _as_made(self) -> tuple[Phase, ...]:
        project, name = self._desk.project, self._desk.review.phases.name
        return project.vocabularies.as_made(name).phases

    @property
    def _colors(self) -> dict[str, str]:
        return {phase.slug: phase.color for phase in self._desk.review.phases}

    def _set(self, slug: str, color: str) -> None:
        self._keep({**self._colors, slug: color})

    def _keep(self, colors: Mapping[str, str]) -> None:
        from napari_cellcycle.colors import look_alike

        desk = self._desk
        try:
            desk.review.recolor(colors)
        except CellCycleError as error:
            desk.refused.emit(str(error))
            return
        desk.source.signals.reloaded.emit()
        pairs = look_alike(desk.review.phases.leaves)
        if not pairs:
            desk.told.emit("Colours are kept in the project.")
            return
        told = [f"{a.name} and {b.name} {sight}" for a, b, sight in pairs[:_MOST_TOLD]]
        more = f", and {len(pairs) - _MOST_TOLD} more pairs" if len(pairs) > _MOST_TOLD else ""
        desk.told.emit(f"Hard to tell apart: {'; '.join(told)}{more}.")
