"""The panel of the current cell: real nuclei of an organoid, with votes along three axes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from array_source import ArraySource
from qtpy.QtGui import QColor, QImage, QPalette
from qtpy.QtWidgets import QApplication

from napari_cellcycle._qt.review.cell.cell_panel import CellPanel
from napari_cellcycle._qt.review.source import Facts, Pictures, Vote, votes_of
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary


@pytest.fixture
def open_panel(qtbot):
    panels = []

    def open_panel(source, width=360):
        panel = CellPanel(source)
        qtbot.addWidget(panel)
        panel.resize(width, 620)
        with qtbot.waitExposed(panel):
            panel.show()
        panels.append(panel)
        return panel

    yield open_panel
    for panel in panels:
        panel.close_worker()


@pytest.fixture
def shown(classified, open_panel, qtbot):
    """The panel with cell 4, its pictures drawn."""
    classified.selection.go_to(4)
    panel = open_panel(classified)
    qtbot.waitUntil(lambda: panel.loader.get(4) is not None)
    yield panel
    classified.selection.go_to(-1)


def pixels(image: QImage):
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return data.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), 2::-1]


def test_views_are_shown_as_the_networks_got_them(shown, classified):
    pictures = shown.loader.get(4)
    views = classified.views(np.array([4]))
    assert pictures.axes == ("x", "y", "z")
    assert [name for name, _ in pictures.rows] == ["composite", "DNA", "membrane"]
    for axis, image in enumerate(pictures.rows[1][1]):
        assert np.abs(pixels(image)[..., 0] / 255 - views.images[0, axis, 0]).max() < 0.003
    assert [name for name, _ in pictures.tiles] == ["below", "centre", "above"]


def test_without_a_second_channel_there_is_no_composite(classified, open_panel, qtbot):
    def views(indices):
        found = classified.views(indices)
        found.images[:, :, 1] = 0
        return found

    source = ArraySource(MITOSIS_STAGES, [0, 2], views, confidence=[0.9, 0.8])
    panel = open_panel(source)
    source.selection.go_to(1)
    qtbot.waitUntil(lambda: panel.loader.get(1) is not None)
    rows = panel.loader.get(1).rows
    assert [name for name, _ in rows] == ["DNA", "membrane"]
    assert not any(pixels(image).any() for image in rows[1][1])


def test_columns_of_views_votes_and_slices_share_their_edges(shown):
    plan = shown.sheet._plan
    lefts = sorted({box.x() for box, _, _ in plan.pictures})
    assert len(lefts) == 3
    assert sorted({box.x() for box, _, _ in plan.bars}) == lefts
    assert len(plan.bars) == 3 * len(MITOSIS_STAGES.leaves)
    right = max(box.right() for box, _, _ in plan.pictures)
    assert right <= shown.sheet.width()
    assert plan.height == shown.sheet.height()


@pytest.mark.parametrize("width", [320, 400, 480])
def test_nothing_is_cut_off_at_the_widths_of_a_dock(classified, open_panel, width, qtbot):
    classified.selection.go_to(2)
    panel = open_panel(classified, width)
    qtbot.waitUntil(lambda: panel.loader.get(2) is not None)
    plan = panel.sheet._plan
    boxes = [box for box, *_ in (*plan.pictures, *plan.bars, *plan.leaves, *plan.heads)]
    assert all(box.left() >= 0 and box.right() <= panel.sheet.width() + 0.1 for box in boxes)
    assert panel.sheet.width() <= width
    # all of it on a small screen: 768 pixels less bars and titles
    assert panel.minimumSizeHint().width() <= 320
    assert panel._inner.sizeHint().height() < 620


def test_each_axis_votes_and_who_decided_is_framed(shown, classified):
    votes = {vote.axis: vote for vote in classified.facts(4).votes}
    decided = str(classified.deciding_axis[4])
    assert votes[decided].decides
    assert next(head for _, head, bold in shown.sheet._plan.heads if bold).endswith(
        ("decides", "stage")
    )
    frame = next(box for box, dashed in shown.sheet._plan.frames if not dashed)
    column = next(box for box, head, _ in shown.sheet._plan.heads if head == f"{decided} decides")
    assert frame.x() == column.x()
    for box, number, leaf in shown.sheet._plan.bars:
        p = votes["xyz"[number]].probabilities[leaf]
        if p > 0.3:
            name = MITOSIS_STAGES.leaves[leaf].color
            drawn = shown.sheet.grab().toImage().pixelColor(int(box.x()) + 3, int(box.center().y()))
            assert drawn.name() == QColor(name).name()


def test_facts_tell_prediction_and_people(shown, classified, qtbot):
    made = classified._make_facts
    classified._make_facts = lambda index: replace(
        made(index),
        said=(("Ann", "prophase"), ("Ben", "mitotic, stage unknown")),
        reviewed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
        note="<b>bold</b> claims & more",
    )
    status = classified.status.copy(), classified.phase.copy()
    try:
        classified.assign([4], "prophase")
        facts = dict(shown._facts)
        predicted = MITOSIS_STAGES.phases[classified.predicted[4]].name
        assert facts["predicted"] == predicted
        assert facts["confidence"].startswith(f"{classified.confidence[4]:.3f}, entropy ")
        assert facts["model"] == "drawn at random"
        assert facts["Ann:"] == "prophase"
        assert facts["reviewed"].startswith("2026-11-2")
        assert "&lt;b&gt;bold&lt;/b&gt; claims &amp; more" in shown.facts.text()
        assert (shown.phase.text, shown.phase.status) == ("prophase", "corrected")
    finally:
        classified.status[:], classified.phase[:] = status
        classified._make_facts = made


def test_the_next_cell_is_ready_before_it_is_asked_for(shown, classified, qtbot):
    shown.prefetch([5, 6])
    qtbot.waitUntil(lambda: shown.loader.get(6) is not None)
    classified.selection.go_to(6)
    assert all(image is not None for _, image, _ in shown.sheet._plan.pictures)
    assert shown.title.text() == f"<b>Cell {classified.label[6]}</b>"


def test_pictures_of_another_cell_are_never_shown_under_its_name(shown, classified, qtbot):
    classified.selection.go_to(9)
    assert all(image is None for _, image, _ in shown.sheet._plan.pictures)
    qtbot.waitUntil(lambda: shown.loader.get(9) is not None)
    assert all(image is not None for _, image, _ in shown.sheet._plan.pictures)


def test_one_axis_shows_channels_side_by_side_over_a_wide_vote(nuclei, open_panel, qtbot):
    nuclei._make_facts = lambda index: Facts(
        "mitosis-2d 1", votes_of(("z",), [[0.1, 0.2, 0.6, 0.05, 0.05]], None, "z")
    )
    nuclei.selection.go_to(3)
    panel = open_panel(nuclei)
    qtbot.waitUntil(lambda: panel.loader.get(3) is not None)
    plan = panel.sheet._plan
    assert [text for _, text, _ in plan.heads] == ["DNA"]
    assert len(plan.bars) == 5
    assert min(box.width() for box, _, _ in plan.bars) > 150


def test_a_volume_shows_three_views_and_one_vote(plain, open_panel, qtbot):
    p = np.full(5, 0.2)
    plain._make_facts = lambda index: Facts("volume 1", (Vote("volume", p, decides=True),))
    plain.selection.go_to(1)
    panel = open_panel(plain)
    qtbot.waitUntil(lambda: panel.loader.get(1) is not None)
    assert len(panel.sheet._plan.pictures) == 9
    assert len(panel.sheet._plan.bars) == 5


def test_without_a_model_there_are_pictures_and_no_votes(open_panel, qtbot):
    phases = flat_vocabulary("mine", ["round", "flat"])
    images = np.random.default_rng(0).random((3, 1, 1, 16, 16)).astype(np.float32)
    source = ArraySource(phases, [-1] * 3, lambda i: Pictures(images[i], ("z",), ("dna",)))
    panel = open_panel(source)
    assert not panel._inner.isVisible()
    source.selection.go_to(1)
    qtbot.waitUntil(lambda: panel.loader.get(1) is not None)
    assert (panel.phase.text, panel._facts) == ("no phase", [])
    assert panel.sheet._plan.bars == []
    assert len(panel.sheet._plan.pictures) == 1


def test_a_failure_of_the_images_is_told_beside_the_facts(open_panel, qtbot):
    def views(indices):
        raise OSError("field.tif is gone")

    source = ArraySource(MITOSIS_STAGES, [0, 2], views, confidence=[0.9, 0.8])
    panel = open_panel(source)
    source.selection.go_to(1)
    qtbot.waitUntil(lambda: "field.tif is gone" in panel.message.text())
    assert panel.phase.text == "prophase"
    source.selection.go_to(-1)
    assert not panel._inner.isVisible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_can_be_read_in_the_themes_of_the_viewer(shown, theme):
    from napari._qt.qt_resources import get_stylesheet

    shown.setStyleSheet(get_stylesheet(theme))
    palette = shown.palette()
    paper = palette.color(QPalette.ColorRole.Window)
    faint = shown.facts.text().split("color:")[1][:7]
    assert abs(QColor(faint).lightness() - paper.lightness()) > 80


def test_the_layout_settles_at_every_height(shown, classified, qtbot):
    made = classified._make_facts
    classified._make_facts = lambda index: replace(made(index), note="a long note " * 12)
    try:
        classified.signals.changed.emit(np.array([4]))
        for height in range(200, 760, 20):
            shown.resize(360, height)
            QApplication.processEvents()
        facts = shown.facts.geometry()
        assert facts.top() > shown.sheet.geometry().bottom()
        assert shown.facts.heightForWidth(facts.width()) <= facts.height()
    finally:
        classified._make_facts = made
