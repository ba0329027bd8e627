"""Docks of ours on a screen that is high enough for them, and on one that is not."""

from __future__ import annotations

import pytest
from films import make_film, predict_film
from qtpy.QtCore import QSize, Qt

from napari_cellcycle._qt import room
from napari_cellcycle._qt.review import key_file

PLUGIN = "napari-cellcycle"
LAPTOP = QSize(1366, 768)
NAMES = ("Segment nuclei", "Classify cells", "Train", "Curate", "Daughters", "Tracks")
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
}


def window_of(viewer):
    return viewer.__wrapped__.window._qt_window


@pytest.fixture
def laptop(viewer, monkeypatch):
    """A small screen, which the window does not fill."""
    monkeypatch.setattr(room, "_screen_of", lambda main: LAPTOP)
    window_of(viewer).resize(1300, 660)


@pytest.fixture
def review(viewer, qtbot, monkeypatch, tmp_path):
    """ "Review cells" with a film open."""
    monkeypatch.setattr(key_file, "key_path", lambda: tmp_path / "keys.json")
    with make_film(tmp_path) as project:
        predict_film(project)
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Review cells")
    widget.form.who.setText("Ann")
    widget.open_project(project.folder)
    qtbot.waitUntil(lambda: widget.desk is not None, timeout=30_000)
    yield widget
    widget.close_project()


def fits(window):
    most = LAPTOP.height()
    return window.minimumSizeHint().height() <= most and window.height() <= most


@pytest.mark.parametrize("is_high", [True, False])
def test_docks_are_tabs_where_the_screen_is_low(viewer, qtbot, monkeypatch, is_high):
    window = window_of(viewer)
    most = window.screen().availableSize().height()
    before = window.height()
    needed = window.minimumSizeHint().height()
    monkeypatch.setattr(room, "_SPARE", 0 if is_high else most - needed)
    docks = []
    for name in ("Segment nuclei", "Train", "Classify cells"):
        dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name)
        docks.append(dock)
        qtbot.waitUntil(widget.isVisible)
        widget.setMinimumHeight(needed // 2)
        room.make_room(widget)
        qtbot.wait(10)
    tabs = [len(window.tabifiedDockWidgets(dock)) for dock in docks]
    assert tabs == ([0, 0, 0] if is_high else [2, 2, 2])
    assert docks[-1].visibleRegion().isEmpty() is False
    assert is_high or window.height() <= max(before, needed)


@pytest.mark.parametrize("name", NAMES)
def test_no_dock_forces_the_window_beyond_a_small_screen(viewer, qtbot, laptop, name):
    window = window_of(viewer)
    for area in AREAS.values():
        dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name)
        qtbot.waitUntil(widget.isVisible)
        window.addDockWidget(area, dock)
        qtbot.waitUntil(lambda: fits(window))
        viewer.window.remove_dock_widget(dock)
        widget.deleteLater()


@pytest.mark.parametrize("name", NAMES)
def test_no_dock_beside_review_forces_it_either(viewer, qtbot, laptop, review, name):
    window = window_of(viewer)
    qtbot.waitUntil(lambda: fits(window))
    shared = []
    for area in AREAS.values():
        dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name)
        qtbot.waitUntil(widget.isVisible)
        window.addDockWidget(area, dock)
        qtbot.wait(50)
        qtbot.waitUntil(lambda: fits(window))
        shared.append({other.windowTitle() for other in window.tabifiedDockWidgets(dock)})
        viewer.window.remove_dock_widget(dock)
        widget.deleteLater()
        qtbot.waitUntil(review.isVisible)
    # beside napari's own the layer list stays in sight; Review is a tab only where it is
    assert "layer list" not in shared[0]
    assert shared[1] == set()
    assert [any("Review" in title for title in titles) for titles in shared] == [False, False, True]


def test_what_does_not_fit_scrolls(viewer, qtbot, laptop, review):
    window = window_of(viewer)
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Daughters")
    window.addDockWidget(AREAS["left"], dock)
    [scrolled] = widget.findChildren(room.Scrolled)
    bar = scrolled.verticalScrollBar()
    qtbot.waitUntil(lambda: scrolled.minimumSizeHint().height() < scrolled.needed.height())
    window.resize(1300, 660)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    window.resize(1300, 760)
    qtbot.waitUntil(lambda: bar.maximum() == 0)


def test_a_dock_behind_another_stays_there_when_it_makes_room(viewer, qtbot, laptop, review):
    window = window_of(viewer)
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, "Daughters")
    behind = review.parentWidget()
    qtbot.waitUntil(lambda: behind in window.tabifiedDockWidgets(dock))
    assert behind.visibleRegion().isEmpty()
    qtbot.wait(50)
    assert window.height() == 660  # as it was
    room.make_room(review)
    qtbot.wait(50)
    assert behind.visibleRegion().isEmpty()
    assert not dock.visibleRegion().isEmpty()
