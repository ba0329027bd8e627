"""One viewer for the tests of a module: making and closing one costs more than most tests."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from napari import Viewer
from napari._app_model._app import NapariApplication, _napari_names
from napari._qt._qapp_model.qactions import init_qactions
from napari._qt.qt_viewer import QtViewer
from napari.plugins import _initialize_plugins
from napari.settings import get_settings
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

APPLICATION = "shared_viewer"
SIZE = (1000, 760)
"""Of the window: the larger, the longer each picture takes."""


class SharedViewer:
    """Opens a viewer when one is wanted, and puts it back as it was after each test.

    What napari's own fixture does around one viewer is done here around several tests.

    Attributes
    ----------
    kept : dict
        What stays in the viewer for the next test that wants it, by the fixture that put it there.
    """

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self._viewer: Any = None
        self._callbacks: dict[str, list[Any]] = {}
        self._angles: Any = None
        self.kept: dict[str, Any] = {}

    def open(self) -> Any:
        """The viewer as a plugin gets it."""
        if self._viewer is None:
            self._open()
        return PublicOnlyProxy(self._viewer)

    def _open(self) -> None:
        gc.freeze()  # napari collects whenever layers go: that should not look at all modules
        get_settings().reset()
        application = NapariApplication(APPLICATION)
        application.injection_store.namespace = _napari_names
        _forget_actions()
        patch = self._patch
        patch.setattr(NapariApplication, "get_app_model", lambda: application)
        patch.setattr("napari._qt.threads.status_checker.StatusChecker.start", lambda self: None)
        patch.setattr("napari._qt.qt_main_window.SHOW_QT_WARNING", False)
        patch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "True")
        self._viewer = Viewer(show=True, show_welcome_screen=False)
        self._viewer.window._qt_window._save_current_window_settings = lambda: None
        assert QTest.qWaitForWindowExposed(self._viewer.window._qt_window, 5000)
        self._viewer.window.resize(*SIZE)
        self._callbacks = self._listeners()
        self._angles = self._viewer.scene.camera.angles

    def clean(self) -> None:
        """Take away what a test has put there, and find what it has left behind."""
        viewer = self._viewer
        if viewer is None:
            return
        self.kept.clear()
        viewer.dims.ndisplay = 2  # first, as drawing in 3D is slow
        for widget in dict(viewer.window.dock_widgets).values():
            viewer.window.remove_dock_widget(widget)
            widget.deleteLater()
        viewer.layers.clear()
        viewer.dims.reset()
        viewer.scene.camera.angles = self._angles
        get_settings().reset()
        QApplication.sendPostedEvents(None, 0)
        QApplication.processEvents()
        assert self._listeners() == self._callbacks, "something still listens to the viewer"

    def close(self, *, check: bool = True) -> None:
        """Close the viewer, and check that nothing is left of it."""
        if self._viewer is None:
            return
        if hasattr(self._viewer.window, "_qt_window"):  # a test may have closed it
            self._viewer.close()
        self._viewer = None
        self._callbacks = {}
        self.kept.clear()
        self._patch.undo()
        NapariApplication.destroy(APPLICATION)
        _forget_actions()
        get_settings().reset()
        gc.unfreeze()
        gc.collect()
        QApplication.processEvents()
        n = len(QtViewer._instances)
        QtViewer._instances.clear()
        assert not (check and n), "the viewer was closed, and something still holds it"

    def _listeners(self) -> dict[str, list[Any]]:
        viewer = self._viewer
        return {
            name: list(getattr(viewer, name))
            for name in (
                "mouse_drag_callbacks",
                "mouse_move_callbacks",
                "mouse_wheel_callbacks",
                "mouse_double_click_callbacks",
            )
        }


def _forget_actions() -> None:
    _initialize_plugins.cache_clear()
    init_qactions.cache_clear()
