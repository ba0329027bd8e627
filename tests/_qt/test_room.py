"""Docks of ours on a screen that is high enough for them, and on one that is not."""

from __future__ import annotations

import itertools

import pytest
from films import make_film, predict_film
from qtpy.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication
from resting import rest

from napari_cellcycle._qt import room

PLUGIN = "napari-cellcycle"
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
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
def review(viewer, qtbot, tmp_path):
    """ "Review cells" with a film open."""
    with make_film(tmp_path) as project:
        predict_film(project)
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Review cells")
    widget.form.who.setText("Ann")
    widget.open_project(project.folder)
    qtbot.waitUntil(lambda: widget.desk is not None, timeout=30_000)
    yield widget
    widget.close_project()


def drag(qtbot, dock, to):
    """Press on the title of a dock widget, move it to a place on the screen, and let go."""
    at = dock.titleBarWidget().geometry().center()
    way = [dock.mapToGlobal(at) + (to - dock.mapToGlobal(at)) * step / 8 for step in range(9)]
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * 8]
    kinds.append(QEvent.Type.MouseButtonRelease)
    for kind, place in zip(kinds, [*way, to], strict=True):
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
        held = Qt.MouseButton.NoButton if kind == kinds[-1] else LEFT
        inside = QPointF(dock.mapFromGlobal(place))
        event = QMouseEvent(kind, inside, QPointF(place), button, held, NONE)
        QApplication.sendEvent(dock, event)
        QApplication.processEvents()


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
        rest(qtbot, widget)
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
        rest(qtbot, widget)
        qtbot.waitUntil(lambda: fits(window))
        shared.append({other.windowTitle() for other in window.tabifiedDockWidgets(dock)})
        viewer.window.remove_dock_widget(dock)
        widget.deleteLater()
        qtbot.waitUntil(review.isVisible)
    # beside napari's own the layer list stays in sight; Review is a tab only where it is
    assert "layer list" not in shared[0]
    assert shared[1] == set()
    assert [any("Review" in title for title in titles) for titles in shared] == [False, False, True]


@pytest.mark.parametrize("name", ["Classify cells", "Train"])
def test_a_form_beside_another_is_seen_as_a_whole(viewer, qtbot, laptop, name):
    window = window_of(viewer)
    docks = []
    for title in (name, "Review cells"):
        dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, title)
        qtbot.waitUntil(widget.isVisible)
        docks.append(dock)
        rest(qtbot, widget)
    docks[0].raise_()
    [scrolled] = docks[0].findChildren(room.Scrolled)
    qtbot.waitUntil(lambda: not scrolled.visibleRegion().isEmpty())
    qtbot.waitUntil(lambda: scrolled.verticalScrollBar().maximum() == 0)
    assert fits(window)


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
    rest(qtbot, window)
    assert window.height() == 660  # as it was
    room.make_room(review)
    rest(qtbot, window)
    assert behind.visibleRegion().isEmpty()
    assert not dock.visibleRegion().isEmpty()


def test_a_dock_is_dragged_to_any_side_and_back(viewer, qtbot, laptop, review):
    window = window_of(viewer)
    window.resize(1360, 764)
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Daughters")
    [scrolled] = widget.findChildren(room.Scrolled)
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())
    rest(qtbot, window)
    corner, wide, high = window.mapToGlobal(QPoint(0, 0)), window.width(), window.height()
    sides = {
        "left": QPoint(20, high // 2),
        "bottom": QPoint(wide // 2, high - 60),
        "right": QPoint(wide - 20, high // 2),
    }
    drag(qtbot, dock, corner + QPoint(wide // 2, high // 2))
    assert dock.isFloating()
    for side, place in sides.items():
        drag(qtbot, dock, corner + place)
        qtbot.waitUntil(lambda: not dock.isFloating())
        assert window.dockWidgetArea(dock) == AREAS[side]
        rest(qtbot, window)
        qtbot.waitUntil(lambda: fits(window))
        assert not dock.visibleRegion().isEmpty()
        seen = [d for d in room._docks(window) if not d.visibleRegion().isEmpty()]
        for one, other in itertools.combinations(seen, 2):
            assert not one.geometry().intersects(other.geometry())
    # on the right there is room for all of it again
    assert scrolled.verticalScrollBar().maximum() == 0
