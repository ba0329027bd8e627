"""Our dock widgets in a window: one of each, however it is opened."""

from __future__ import annotations

from typing import Any

from napari_cellcycle._qt.room import bring_forward

_PLUGIN = "napari-cellcycle"


def open_dock(viewer: Any, name: str) -> Any:
    """Show a dock widget of ours: the one that there is, or a new one as the menu would make it.

    The menu knows its docks by the display name of the plugin, ``add_plugin_dock_widget`` by that
    of the package: what one has opened, the other would open a second time.

    Parameters
    ----------
    viewer : napari.Viewer
        Its window has the dock.
    name : str
        Display name of the widget, as in the manifest.

    Returns
    -------
    QWidget
        The widget within the dock.
    """
    from npe2 import PluginManager

    manager = PluginManager.instance()
    offered = {w.display_name: w for w in manager.iter_widgets() if w.plugin_name == _PLUGIN}
    kind: Any = offered[name].get_callable()
    docks = viewer.window.dock_widgets.values()
    found: Any = next((widget for widget in docks if isinstance(widget, kind)), None)
    if found is None:
        found = kind(viewer)
        title = f"{name} ({manager.get_manifest(_PLUGIN).display_name})"
        viewer.window.add_dock_widget(found, name=title)
    bring_forward(found)
    return found
