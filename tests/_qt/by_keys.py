"""A review done with keys alone, by a person who knows the truth.

``by_keys.py PROJECT TRUTH``: do it as a program of its own, and print each label when its word was
said; to be killed.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from review_hands import CTRL, press

from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_A_PICTURE = 25
"""So many cells are judged before the screen is drawn: keys come faster than that."""


def wanted(label: int, slug: str) -> tuple[str, str]:
    """What is said of a cell: a kind of word, and a phase."""
    if label % 17 == 0:
        return "exclude", ""
    return ("unsure", "") if label % 19 == 0 else ("phase", slug)


def judge(widget: Any, row: int, label: int, slug: str) -> None:
    """Say what is wanted of the cell at hand; of some cells a wrong word first, which is undone."""
    review = widget.desk.review
    leaves = [leaf.slug for leaf in review.phases.leaves]
    kind, phase = wanted(label, slug)
    if label % 23 == 0:
        press(widget, str(1 + (leaves.index(slug) + 1) % len(leaves)))
        press(widget, Qt.Key.Key_Z, CTRL)
        assert widget.desk.current == row
    if kind != "phase":
        press(widget, Qt.Key.Key_X if kind == "exclude" else Qt.Key.Key_U)
    elif review.slugs(review.shown.phase[[row]]) == [phase]:
        press(widget, Qt.Key.Key_Return)
    else:
        press(widget, str(1 + leaves.index(phase)))


def walk(
    widget: Any, truth: Mapping[int, str], told: Callable[[int], object] | None = None
) -> None:
    """Go through the queue to its end, and judge every cell that is not judged yet."""
    desk = widget.desk
    for step in itertools.count():
        row = desk.current
        label = int(desk.review.cells.label[row])
        if STATUSES[desk.review.status[row]] == "predicted":
            judge(widget, row, label, truth[label])
            if told is not None:
                told(label)
        else:
            press(widget, Qt.Key.Key_D)
        if step % _A_PICTURE == 0:
            QApplication.processEvents()
        if desk.current == row:
            return


def main(project: str, truth: str) -> None:
    import napari

    viewer = napari.Viewer(show=True, show_welcome_screen=False)
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    widget.open_project(project)
    while widget.bench is None:
        QTest.qWait(20)
        assert not widget.message.text(), widget.message.text()
    widget.activateWindow()
    while not widget.isActiveWindow():
        QTest.qWait(20)
    phases = {int(k): v for k, v in json.loads(Path(truth).read_text()).items()}
    walk(widget, phases, lambda label: print(label, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
