"""One dock widget of each kind: from the menu, from a button, or from a folder that is dropped."""

from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget

from napari_cellcycle._qt.review.dock import ReviewWidget
from napari_cellcycle._qt.review.opening import reader


def choose_in_menu(command):
    get_app_model().commands.execute_command(f"napari-cellcycle.{command}").result()


def reviews(viewer):
    return [w for w in viewer.window.dock_widgets.values() if isinstance(w, ReviewWidget)]


@pytest.mark.parametrize("menu_first", [True, False])
def test_the_menu_and_a_button_open_one_review(viewer, qtbot, menu_first):
    _, curate = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Curate")
    qtbot.waitUntil(curate.isVisible)
    if menu_first:
        choose_in_menu("review")
    qtbot.mouseClick(curate.open_review, Qt.MouseButton.LeftButton)
    (review,) = reviews(viewer)
    qtbot.waitUntil(lambda: not review.visibleRegion().isEmpty())
    if not menu_first:  # the menu hides what is there
        choose_in_menu("review")
        assert reviews(viewer) == [review]
        assert not review.isVisible()


def test_a_project_is_opened_in_the_review_that_the_menu_has_opened(viewer, qtbot, monkeypatch):
    choose_in_menu("review")
    (review,) = reviews(viewer)
    opened = []
    monkeypatch.setattr(ReviewWidget, "open_project", lambda *of: opened.append(of))
    window = viewer.__wrapped__.window._qt_window
    (dock,) = (dock for dock in window.findChildren(QDockWidget) if dock.isAncestorOf(review))
    dock.hide()
    reader.read_project("field.cellcycle")
    assert reviews(viewer) == [review]
    assert opened == [(review, "field.cellcycle")]
    qtbot.waitUntil(review.isVisible)
