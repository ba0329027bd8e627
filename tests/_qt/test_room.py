"""Several docks of ours on a screen that is high enough for them, and on one that is not."""

from __future__ import annotations

import pytest

from napari_cellcycle._qt import room

PLUGIN = "napari-cellcycle"


@pytest.mark.parametrize("is_high", [True, False])
def test_docks_are_tabs_where_the_screen_is_low(viewer, qtbot, monkeypatch, is_high):
    window = viewer.__wrapped__.window._qt_window
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
