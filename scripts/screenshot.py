"""Make docs/images/viewer.png: napari with "Classify cells" after a run on a simulated field.

Needs a display with OpenGL. Without one:
``xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/screenshot.py``
"""

from __future__ import annotations

import argparse
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "viewer.png"


def main() -> None:
    """Open the sample, click Run, wait, and save the picture of the whole window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--model", help="name of a model; the widget's own default otherwise")
    parser.add_argument("--image", type=Path, help="an image instead of the simulated field")
    parser.add_argument("--labels", type=Path, help="its nuclei")
    parser.add_argument("--plane", type=int, help="plane to show; the middle one by default")
    parser.add_argument("--size", type=int, nargs=2, default=(1400, 860))
    args = parser.parse_args()

    viewer = napari.Viewer(show=True)
    viewer.window.resize(*args.size)
    if args.image is None:
        viewer.open_sample("napari-cellcycle", "simulated_field")
    else:
        open_layers(viewer, args.image, args.labels)
    _, panel = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Classify cells")
    if args.model is not None:
        panel.form.model.choose(args.model)
    wait()
    QTest.mouseClick(panel.progress.start, Qt.MouseButton.LeftButton)
    wait(lambda: not panel.is_running)
    if panel.result is None:
        raise SystemExit(panel.message.text())
    status = point_at_a_dividing_cell(viewer, panel, args.plane)
    wait()
    viewer.status = status
    picture = viewer.screenshot(canvas_only=False, flash=False)
    save(picture[..., :3], args.out)
    viewer.close()


def open_layers(viewer: napari.Viewer, image: Path, labels: Path) -> None:
    """Open an image file and its nuclei as layers with their spacing."""
    from napari_cellcycle.image import open_image, open_labels

    stack, nuclei = open_image(image), open_labels(labels)
    spacing = stack.spacing
    place = {"axis_labels": ("z", "y", "x")}
    if spacing is not None:
        place |= {"scale": spacing.zyx, "units": ("um",) * 3}
    colors = ["gray", "green", "cyan", "magenta"]
    for index, name in enumerate(stack.channels):
        volume = stack.volume(0, index)
        viewer.add_image(volume, name=name, colormap=colors[index], blending="additive", **place)
    viewer.add_labels(nuclei.volume(0), name="nuclei", **place)


def point_at_a_dividing_cell(viewer: napari.Viewer, panel: object, plane: int | None) -> object:
    """Show the plane with the most phases; return the status bar over a mitotic cell in it."""
    result = panel.result
    cells, phase = result.cells, result.decision.phase
    if plane is None:
        planes = np.arange(cells.bbox[:, 1, 0].max())
        crossing = (cells.bbox[:, 0, 0, None] <= planes) & (cells.bbox[:, 1, 0, None] > planes)
        kinds = [len(np.unique(phase[here])) for here in crossing.T]
        plane = int(np.lexsort((crossing.sum(axis=0), kinds))[-1])
    viewer.dims.set_current_step(0, plane)
    viewer.reset_view()
    here = (cells.bbox[:, 0, 0] <= plane) & (cells.bbox[:, 1, 0] > plane)
    shown = np.flatnonzero(here & (phase > 0))
    if len(shown):
        layer = panel.form.labels.value()
        inside = np.argwhere(layer.data[plane] == cells.label[shown[0]])
        where = np.array([plane, *inside[len(inside) // 2]])
        return layer.get_status(layer.data_to_world(where), world=True)
    return viewer.status


def wait(until: object = None, rounds: int = 50) -> None:
    """Let Qt work until something holds, then settle."""
    while until is not None and not until():
        QApplication.processEvents()
    for _ in range(rounds):
        QApplication.processEvents()


def save(picture: np.ndarray, path: Path) -> None:
    """Write a PNG without transparency."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, {picture.shape[1]}x{picture.shape[0]}")  # noqa: T201


if __name__ == "__main__":
    main()
