"""Several notices in the room of one line."""

from __future__ import annotations

from qtpy.QtCore import Qt

from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle._qt.review.notices import Notices


def test_the_last_told_is_shown_and_the_others_are_a_click_away(qtbot):
    image, edits, words = (Notice(name) for name in ("image", "edits", "words"))
    image.error("The image is not there. Say where it is.", "Find image…")
    box = Notices(image, edits, words)
    qtbot.addWidget(box)
    box.show()
    assert (image.isVisible(), box.more.isVisible()) == (True, False)
    line = box.sizeHint().height()

    edits.hint("Labels were edited.", "Update")
    words.hint("Words wait.", "Check 3")

    assert [one.isVisible() for one in (image, edits, words)] == [False, False, True]
    assert box.more.text() == "2 more"
    qtbot.waitUntil(lambda: box.sizeHint().height() == line)
    assert box.more.toolTip() == "Labels were edited.\nThe image is not there. Say where it is."
    edits.hint("Labels were edited.", "Update")  # nothing new
    assert not edits.isVisible()
    for shown in (edits, image, words):
        qtbot.mouseClick(box.more, Qt.MouseButton.LeftButton)
        assert [one for one in (image, edits, words) if one.isVisible()] == [shown]
        assert box.more.text() == "2 more"

    words.clear()
    assert [one.isVisible() for one in (image, edits, words)] == [False, True, False]
    assert box.more.text() == "1 more"
    image.clear()
    assert not box.more.isVisible()
    edits.clear()
    assert not box.isVisible()
