from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QRect

from napari_cellcycle._qt.review.gallery.mosaic_layout import HEADER, MosaicLayout

SHOWN = [(0, 23), (2, 0), (3, 7), (4, 1)]


@pytest.fixture(params=[100, 333, 1000])
def page(request):
    return MosaicLayout(SHOWN, request.param, 48)


def test_each_tile_is_found_where_it_lies_and_none_overlap(page):
    seen = QRect()
    for section in page.sections:
        for place in range(section.count):
            rect = page.rect(section, place)
            assert page.tile_at(rect.center().x(), rect.center().y()) == (section, place)
            assert page.tile_at(rect.left() - 2, rect.center().y()) is None
            assert not rect.intersects(page.header(section))
            assert rect.right() < page.width
            assert seen.isNull() or not rect.intersects(seen)
            seen = rect
    assert page.n_tiles == 31
    assert page.rect(page.sections[-1], 0).bottom() < page.height


def test_a_strip_shows_what_it_cuts_and_little_more(page):
    for top in range(0, page.height, 17):
        strip = QRect(0, top, page.width, 60)
        found = {
            (section.number, place)
            for section, first, last in page.visible(strip.top(), strip.bottom())
            for place in range(first, last)
        }
        cut = {
            (section.number, place)
            for section in page.sections
            for place in range(section.count)
            if page.rect(section, place).intersects(strip)
        }
        assert cut <= found
        assert len(found) <= len(cut) + 2 * page.columns


def test_a_band_holds_the_tiles_that_it_touches(page):
    band = QRect(QPoint(20, HEADER + 10), QPoint(75, HEADER + 90))
    found = {(s.number, i) for s, places in page.inside(band) for i in places}
    assert found == {
        (s.number, i)
        for s in page.sections
        for i in range(s.count)
        if page.rect(s, i).intersects(band)
    }
    assert found


def test_up_and_down_keep_to_the_column_and_jump_over_empty_bins():
    page = MosaicLayout(SHOWN, 8 * 54 + 20, 48)
    assert page.columns == 8
    first, _, third, last = page.sections
    assert page.above(first, 10, 1) == (first, 2)
    assert page.above(first, 2, 1) == (first, 2)
    assert page.above(first, 18, -1) == (third, 2)
    assert page.above(third, 2, 1) == (first, 18)
    assert page.above(first, 15, -1) == (first, 22)
    assert page.above(third, 5, -1) == (last, 0)
    assert page.above(last, 0, -5) == (last, 0)
