"""The gallery under a person's hands: real clicks, keys, drags and drops on a real screen."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QCursor, QImage, QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_cellcycle._qt.review.gallery.gallery import Gallery
from napari_cellcycle._qt.review.gallery.tiles import DOUBT
from napari_cellcycle.project.words import STATUSES

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def click(gallery, index, modifiers=NONE):
    rect = gallery.mosaic.tile_rect(index)
    assert gallery.mosaic.view.rect().contains(rect.center())
    QTest.mouseClick(gallery.mosaic.view, LEFT, modifiers, rect.center())


def press(gallery, key, modifiers=NONE):
    QTest.keyClick(gallery.mosaic, key, modifiers)


def move(view, to, modifiers=NONE):
    """Move the pointer with the left button held."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(to),
        QPointF(view.mapToGlobal(to)),
        Qt.MouseButton.NoButton,
        LEFT,
        modifiers,
    )
    QApplication.sendEvent(view, event)


def drag(qtbot, view, start, target, at):
    """Drag from a point of a view to a point of a widget, through a real drag and drop."""
    steps = [0]

    def step():
        steps[0] += 1
        point = at + QPoint(steps[0] % 2, 0)
        QCursor.setPos(target.mapToGlobal(point))
        QTest.mouseMove(target, point)
        if steps[0] > 6:
            timer.stop()
            QTest.mouseRelease(target, LEFT, NONE, point)

    timer = QTimer()
    timer.timeout.connect(step)
    timer.start(40)
    QTest.mousePress(view, LEFT, NONE, start)
    move(view, start + QPoint(4, 4))
    move(view, start + QPoint(40, 40))
    qtbot.waitUntil(lambda: steps[0] > 6)


def first_of(gallery, slug, n=1):
    phases = [phase.slug for phase in gallery.mosaic.source.phases]
    return gallery.mosaic.bins.members(phases.index(slug))[:n]


# --- what is shown --------------------------------------------------------------------------------


def test_bins_hold_every_cell_least_confident_first(gallery, nuclei):
    bins = gallery.mosaic.bins
    assert sum(bins.counts) == len(nuclei)
    for number in range(len(bins) - 1):
        members = bins.members(number)
        assert (nuclei.phase[members] == number).all()
        assert (np.diff(nuclei.confidence[members]) >= 0).all()


def test_pictures_come_for_what_is_in_sight_and_just_below_only(gallery, qtbot):
    mosaic = gallery.mosaic
    seen = mosaic.cells_in(mosaic.view.rect())
    qtbot.waitUntil(lambda: all(mosaic.thumbnails.get(i) is not None for i in seen.tolist()))
    last = mosaic.bins.members(mosaic.source.phases.slugs.index("apoptosis"))[-1]
    assert mosaic.thumbnails.get(int(last)) is None
    mosaic.offset = mosaic.bar.maximum()
    qtbot.waitUntil(lambda: mosaic.thumbnails.get(int(mosaic.at(len(mosaic) - 1))) is not None)


def test_a_tile_shows_the_views_of_its_cell(gallery, nuclei, qtbot):
    mosaic = gallery.mosaic
    index = mosaic.at(1)
    qtbot.waitUntil(lambda: mosaic.thumbnails.get(index) is not None)
    nuclei.confidence[index] = 0.99  # without the outline of an uncertain one
    mosaic.tiles.forget()
    shot = mosaic.view.grab(mosaic.tile_rect(index)).toImage().scaled(64, 64)
    shot = shot.convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.array([[shot.pixelColor(x, y).red() for x in range(64)] for y in range(48)])
    truth = nuclei.views(np.array([index])).images[0, 0, 0, :48] * 255
    assert np.corrcoef(grey.ravel(), truth.ravel())[0, 1] > 0.97


def test_a_frame_marks_what_is_outlined_on_the_canvas(gallery, nuclei, qtbot):
    mosaic = gallery.mosaic
    below, above = (int(mosaic.at(i)) for i in (1, 2))
    qtbot.waitUntil(lambda: all(mosaic.thumbnails.get(i) is not None for i in (below, above)))
    nuclei.status[[below, above]] = STATUSES.index("predicted")
    nuclei.confidence[[below, above]] = DOUBT - 0.01, DOUBT
    mosaic.tiles.forget()

    def frame(index):
        shot = mosaic.view.grab(mosaic.tile_rect(index)).toImage()
        edge = [shot.pixelColor(0, y) for y in range(shot.height())]
        return sum(c.red() > 200 and c.blue() < 150 for c in edge) > shot.height() // 2

    assert (frame(below), frame(above)) == (True, False)


def test_sorting_by_entropy_puts_the_highest_first(gallery, nuclei, qtbot):
    qtbot.keyClicks(gallery.order, "highest entropy")
    members = gallery.mosaic.bins.members(0)
    assert (np.diff(nuclei.entropy[members]) <= 0).all()


def test_only_the_cells_of_a_filter_are_shown(gallery, nuclei):
    rows = np.arange(0, 500, 7)
    gallery.set_rows(rows)
    assert sum(gallery.mosaic.bins.counts) == len(rows)
    assert gallery.mosaic.rank(1) == -1
    nuclei.assign([1, 7], "metaphase")
    assert sum(gallery.mosaic.bins.counts) == len(rows)
    gallery.set_rows(None)
    assert sum(gallery.mosaic.bins.counts) == 500


def test_a_change_moves_one_cell_and_keeps_all_others(gallery, nuclei, monkeypatch):
    mosaic = gallery.mosaic
    monkeypatch.setattr(mosaic, "_sort", lambda: pytest.fail("everything was sorted anew"))
    before = [mosaic.bins.members(b).tolist() for b in range(len(mosaic.bins))]
    index = before[0][2]
    nuclei.assign([index], "anaphase")
    place = [phase.slug for phase in nuclei.phases].index("anaphase")
    after = [mosaic.bins.members(b).tolist() for b in range(len(mosaic.bins))]
    assert after[0] == [i for i in before[0] if i != index]
    assert sorted(after[place]) == sorted([*before[place], index])
    assert gallery.bar._counts[place] == len(after[place])


def test_other_cells_after_a_reload(gallery, nuclei):
    gallery.set_rows(np.array([499]))
    small = nuclei.phase[:20]
    for name in ("phase", "predicted", "status", "confidence", "entropy", "label", "frame", "seen"):
        setattr(nuclei, name, getattr(nuclei, name)[:20])
    nuclei.selection.resize(20)
    nuclei.signals.reloaded.emit()
    assert sum(gallery.mosaic.bins.counts) == len(small)


def test_a_failure_of_the_images_is_told(nuclei, qtbot):
    def views(indices):
        raise OSError("field.tif is gone")

    nuclei._make_views = views
    widget = Gallery(nuclei)
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    qtbot.waitUntil(lambda: "field.tif is gone" in widget.message.text())
    widget.close_worker()


# --- selecting ------------------------------------------------------------------------------------


def test_click_ctrl_click_and_shift_click(gallery, nuclei):
    cells = gallery.mosaic.between(0, 9).tolist()
    click(gallery, cells[2])
    assert nuclei.selection.indices.tolist() == [cells[2]]
    assert nuclei.selection.current == cells[2]
    click(gallery, cells[5], CTRL)
    assert set(nuclei.selection.indices.tolist()) == {cells[2], cells[5]}
    click(gallery, cells[8], SHIFT)
    assert set(nuclei.selection.indices.tolist()) == set(cells[5:9])
    click(gallery, cells[0])
    assert nuclei.selection.indices.tolist() == [cells[0]]
    assert gallery.picked.text() == ""


def test_a_click_beside_the_tiles_selects_nothing(gallery, nuclei):
    click(gallery, gallery.mosaic.at(0))
    rect = gallery.mosaic.tile_rect(gallery.mosaic.at(0))
    QTest.mouseClick(gallery.mosaic.view, LEFT, NONE, rect.bottomLeft() + QPoint(5, 3))
    assert not nuclei.selection.mask.any()


@pytest.mark.parametrize("start", ["beside the tiles", "on a tile, with Shift"])
def test_a_rubber_band_selects_what_it_touches(gallery, nuclei, start):
    mosaic, view = gallery.mosaic, gallery.mosaic.view
    kept = mosaic.at(mosaic.page.columns - 1)
    click(gallery, kept)
    modifiers = NONE if start == "beside the tiles" else SHIFT
    first = mosaic.tile_rect(mosaic.at(0))
    begin = QPoint(2, first.top() + 3) if modifiers == NONE else first.center()
    end = mosaic.tile_rect(mosaic.at(mosaic.page.columns + 1)).center()
    QTest.mousePress(view, LEFT, modifiers, begin)
    move(view, begin + QPoint(6, 6), modifiers)
    move(view, end, modifiers)
    columns = mosaic.page.columns
    touched = {mosaic.at(i) for i in (0, 1, columns, columns + 1)}
    assert set(nuclei.selection.indices.tolist()) == touched | ({kept} if modifiers else set())
    assert mosaic.band is not None
    QTest.mouseRelease(view, LEFT, modifiers, end)
    assert mosaic.band is None
    assert gallery.picked.text() == f"{len(touched) + bool(modifiers)} selected"


def test_arrows_move_and_with_shift_extend(gallery, nuclei):
    mosaic = gallery.mosaic
    columns = mosaic.page.columns
    click(gallery, mosaic.at(0))
    press(gallery, Qt.Key.Key_Right)
    press(gallery, Qt.Key.Key_Down)
    assert nuclei.selection.current == mosaic.at(columns + 1)
    press(gallery, Qt.Key.Key_Up, SHIFT)
    assert set(nuclei.selection.indices.tolist()) == set(mosaic.between(1, columns + 1).tolist())
    press(gallery, Qt.Key.Key_End)
    assert nuclei.selection.current == mosaic.at(len(mosaic) - 1)
    assert mosaic.view.rect().contains(mosaic.tile_rect(nuclei.selection.current))
    press(gallery, Qt.Key.Key_PageUp)
    assert mosaic.rank(nuclei.selection.current) < len(mosaic) - columns
    press(gallery, Qt.Key.Key_Home)
    assert mosaic.offset == 0
    press(gallery, Qt.Key.Key_Escape)
    assert not nuclei.selection.mask.any()


def test_ctrl_a_selects_the_bin_of_the_current_cell(gallery, nuclei):
    click(gallery, gallery.mosaic.at(3))
    press(gallery, Qt.Key.Key_A, CTRL)
    assert set(nuclei.selection.indices.tolist()) == set(gallery.mosaic.bins.members(0).tolist())


def test_enter_and_a_double_click_activate(gallery, qtbot):
    index = gallery.mosaic.at(1)
    click(gallery, index)
    with qtbot.waitSignal(gallery.activated) as told:
        press(gallery, Qt.Key.Key_Return)
    assert told.args == [index]
    with qtbot.waitSignal(gallery.activated):
        center = gallery.mosaic.tile_rect(index).center()
        QTest.mouseDClick(gallery.mosaic.view, LEFT, NONE, center)


def test_digits_are_left_to_the_dock(gallery, qtbot):
    seen = []
    gallery.keyPressEvent = lambda event: seen.append(event.key())
    click(gallery, gallery.mosaic.at(0))
    press(gallery, Qt.Key.Key_3)
    assert seen == [Qt.Key.Key_3]


def test_a_cell_that_another_widget_makes_current_comes_into_sight(gallery, nuclei):
    last = gallery.mosaic.at(len(gallery.mosaic) - 1)
    nuclei.selection.go_to(last)
    assert gallery.mosaic.view.rect().contains(gallery.mosaic.tile_rect(last))


# --- from bin to bin ------------------------------------------------------------------------------


def test_cells_dragged_to_a_field_of_the_bar_ask_for_its_phase(gallery, nuclei, qtbot):
    cells = gallery.mosaic.between(0, 2).tolist()
    click(gallery, cells[0])
    click(gallery, cells[2], SHIFT)
    before = nuclei.phase.copy()
    field = gallery.bar.field([phase.slug for phase in nuclei.phases].index("metaphase"))
    start = gallery.mosaic.tile_rect(cells[1]).center()
    with qtbot.waitSignal(gallery.assign_requested) as told:
        drag(qtbot, gallery.mosaic.view, start, gallery.bar, field.center())
    assert sorted(told.args[0].tolist()) == sorted(cells)
    assert told.args[1] == "metaphase"
    assert (nuclei.phase == before).all()


def test_a_cell_dragged_to_another_bin_of_the_mosaic(gallery, nuclei, qtbot):
    mosaic = gallery.mosaic
    index = int(first_of(gallery, "prometaphase")[0])
    gallery.set_rows(np.concatenate([first_of(gallery, "anaphase", 3), [index]]))
    start = mosaic.tile_rect(index).center()
    place = [phase.slug for phase in nuclei.phases].index("anaphase")
    target = mosaic.page.header(mosaic.page.section(place)).center()
    with qtbot.waitSignal(gallery.assign_requested) as told:
        drag(qtbot, mosaic.view, start, mosaic.view, target)
    assert (told.args[0].tolist(), told.args[1]) == ([index], "anaphase")
    assert nuclei.selection.indices.tolist() == [index]


def test_a_drop_on_its_own_bin_or_on_no_phase_asks_for_nothing(gallery, nuclei, qtbot):
    nuclei.set_status([int(first_of(gallery, "anaphase")[0])], "excluded")
    cells = gallery.mosaic.between(0, 1).tolist()
    start = gallery.mosaic.tile_rect(cells[0]).center()
    own = gallery.mosaic.tile_rect(cells[1]).center()
    with qtbot.assertNotEmitted(gallery.assign_requested, wait=100):
        drag(qtbot, gallery.mosaic.view, start, gallery.mosaic.view, own)
        no_phase = gallery.bar.field(len(nuclei.phases.phases)).center()
        drag(qtbot, gallery.mosaic.view, start, gallery.bar, no_phase)


def test_cells_of_another_source_are_not_taken(gallery, nuclei, plain):
    from napari_cellcycle._qt.review.gallery.dragging import pack, unpack

    cells = np.array([1, 2])
    assert unpack(nuclei, pack(nuclei, cells)).tolist() == [1, 2]
    assert unpack(nuclei, pack(plain, cells)) is None


# --- the ways around ------------------------------------------------------------------------------


def test_a_click_on_the_bar_goes_to_a_bin_and_one_on_its_header_folds_it(gallery, nuclei):
    mosaic = gallery.mosaic
    place = [phase.slug for phase in nuclei.phases].index("metaphase")
    QTest.mouseClick(gallery.bar, LEFT, NONE, gallery.bar.field(place).center())
    section = mosaic.page.section(place)
    assert mosaic.offset == section.top
    QTest.mouseClick(mosaic.view, LEFT, NONE, QPoint(60, 12))
    assert mosaic.page.section(place).count == 0
    assert mosaic.rank(int(mosaic.bins.members(place)[0])) == -1
    QTest.mouseClick(gallery.bar, LEFT, NONE, gallery.bar.field(place).center())
    assert mosaic.page.section(place).count == mosaic.bins.counts[place]


def test_ctrl_and_wheel_zoom_and_the_slider_follows(gallery):
    mosaic = gallery.mosaic
    columns, size = mosaic.page.columns, mosaic.tile_size
    at = QPointF(mosaic.view.rect().center())
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        CTRL,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(mosaic.view, event)
    assert mosaic.tile_size == round(size * 1.2) == gallery.zoom.value()
    gallery.zoom.setValue(128)
    assert mosaic.page.columns < columns
    press(gallery, Qt.Key.Key_Minus)
    assert mosaic.tile_size == round(128 / 1.2)


def test_zoom_keeps_the_place(gallery):
    mosaic = gallery.mosaic
    index = int(mosaic.bins.members(0)[-1])
    mosaic.ensure_visible(index)
    first = mosaic.cells_in(mosaic.view.rect().translated(0, mosaic.offset))[0]
    mosaic.set_tile_size(100)
    assert mosaic.view.rect().intersects(mosaic.tile_rect(int(first)))


def test_the_bar_fits_its_width(gallery):
    for width in (320, 420, 900):
        gallery.resize(width, 640)
        QApplication.processEvents()
        fields = [gallery.bar.field(n) for n in gallery.bar._shown()]
        assert all(gallery.bar.rect().contains(field) for field in fields)
    gallery.resize(240, 160)  # cells have the room then
    assert not gallery.bar.isVisible()
    assert gallery.mosaic.height() > 80
    gallery.resize(420, 640)
    assert gallery.bar.isVisible()


def test_axes_can_be_chosen_where_there_are_several(plain, qtbot):
    widget = Gallery(plain)
    qtbot.addWidget(widget)
    widget.resize(420, 500)
    widget.show()
    qtbot.waitUntil(widget.axis.isVisible)
    assert widget.axis.currentText() == "z"
    qtbot.keyClicks(widget.axis, "x")
    assert widget.mosaic.thumbnails.axis == "x"
    qtbot.waitUntil(lambda: widget.mosaic.thumbnails.get(0) is not None)
    widget.close_worker()
