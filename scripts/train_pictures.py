"""Make docs/images/train.png: the widget Train after a short training on simulated nuclei.

Needs a display. Without one:
``xvfb-run -a -s "-screen 0 1366x1600x24" python scripts/train_pictures.py``
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from qtpy.QtCore import QDir, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget
from side_by_side import save

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 370, 1180
N_CELLS, N_FIELDS = 480, 24


def main() -> None:
    """Train once, and save the widget in both themes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "train.png")
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    app = QApplication([])
    app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    from napari._qt.qt_resources import get_stylesheet
    from napari.resources._icons import _theme_path

    for name in ("dark", "light"):
        QDir.addSearchPath(f"theme_{name}", str(_theme_path(name)))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CELLCYCLE_HOME"] = folder
        from napari_cellcycle._qt.train_widget import TrainWidget

        widget = TrainWidget(None)
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        host.resize(WIDTH, HEIGHT)
        host.show()
        widget.data.add(some_cells(Path(folder)))
        while widget.data.is_reading:
            QTest.qWait(50)
        widget.form.start.choose("mitosis-2d")
        widget.form.epochs.setValue(args.epochs)
        widget.form.recipe.choose("mitosis-2d-wider")
        widget.form.renames.setText("prometaphase-metaphase=metaphase, prophase=")
        widget.form.licence.setText("BSD-3-Clause")
        widget.form.attribution.setText("napari_cellcycle.simulate")
        widget.progress.start.click()
        while widget.is_running:
            QTest.qWait(50)
        print(widget.message.text())  # noqa: T201
        shots = []
        for theme in ("dark", "light"):
            host.setStyleSheet(get_stylesheet(theme))
            host.resize(WIDTH, HEIGHT)
            QTest.qWait(500)
            host.resize(WIDTH, widget.scrolled.widget().height() + 4)
            QTest.qWait(500)
            shots.append(host.grab())
        host.close()
    save(shots, args.out)


def some_cells(folder: Path) -> Path:
    """Simulated nuclei in fields, with a seed that no model has learned from."""
    from napari_cellcycle.simulate import simulate_nucleus_set

    path = folder / "simulated nuclei.npz"
    found = simulate_nucleus_set(N_CELLS, seed=77)
    field = np.array([f"field {1 + i * N_FIELDS // N_CELLS:02}" for i in range(N_CELLS)])
    np.savez(path, **{key: found[key] for key in ("images", "phase", "mask")}, group=field)
    return path


if __name__ == "__main__":
    main()
