"""Files of a project that are not where they were."""

from __future__ import annotations

from qtpy.QtWidgets import QFileDialog
from review_hands import LEFT, LONG, name, settle, shown

from napari_cellcycle.project.project import Project


def test_files_that_moved_are_asked_for(two_images, three_files, viewer, dock, qtbot, monkeypatch):
    answers = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(answers.pop(0)), ""))

    def lose(*roles):
        with Project.open(two_images, who="Ann") as made, made.store.transaction() as changes:
            for role in roles:
                changes.run(
                    "UPDATE input SET absolute = '/gone.tif', relative = '' "
                    f"WHERE image = 1 AND role = '{role}'"
                )

    # the image: cells are there without pictures, and another image is refused
    lose("image")
    dock.open_project(two_images)
    settle(qtbot, dock)
    notice = dock.bench.notice
    assert "is not at /gone.tif any more" in notice.text()
    assert notice.button.text() == "Find image…"
    answers += [three_files / "t302.ome.tif", three_files / "t301.ome.tif"]
    with qtbot.captureExceptions() as caught:
        qtbot.mouseClick(notice.button, LEFT)
        qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert not caught
    assert "is another image than the one this project was made with" in dock.bench.message.text()
    assert dock.desk.undertaking.stack is None
    assert "H2B" not in shown(viewer)
    qtbot.mouseClick(notice.button, LEFT)
    settle(qtbot, dock)
    assert not notice.isVisible()
    assert dock.desk.undertaking.stack is not None
    assert "H2B" in shown(viewer)
    assert dock.desk.project.inputs.locate(1) == three_files / "t301.ome.tif"

    # the labels of the second image to be shown: what is on screen stays until they are found
    dock.bench.images.image.choose(2)
    settle(qtbot, dock)
    dock.close_project()
    lose("labels")
    dock.open_project(two_images)
    settle(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    dock.bench.images.image.choose(1)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert name(dock) == "t302.ome.tif"
    assert dock.bench.images.image.key() == 2
    assert "t301_nuclei.ome.tif is not at /gone.tif any more" in dock.bench.lost.text()
    answers.append(three_files / "t301_nuclei.ome.tif")
    qtbot.mouseClick(dock.bench.lost.button, LEFT)
    settle(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    dock.close_project()

    # and those of the first one
    lose("labels")
    dock.open_project(two_images)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench is None
    assert dock.lost.isVisible()
    answers.append(three_files / "t301_nuclei.ome.tif")
    qtbot.mouseClick(dock.lost.button, LEFT)
    settle(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert not dock.lost.isVisible()
