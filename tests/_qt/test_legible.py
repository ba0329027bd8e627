"""Errors can be read in both of napari's themes."""

from __future__ import annotations

import pytest
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_cellcycle._qt.legible import CONTRAST, contrast, legible


def _color(value: object) -> QColor:
    return QColor(value.as_hex("long"))  # type: ignore[attr-defined]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_errors_are_legible_and_still_red(name: str) -> None:
    theme = get_theme(name)
    background, text = _color(theme.background), _color(theme.text)
    found = legible(_color(theme.error), background, text)
    assert contrast(found, background) >= CONTRAST
    assert found.red() > found.green() + 40
    assert found.red() > found.blue() + 40


def test_a_legible_colour_stays() -> None:
    assert legible(QColor("white"), QColor("black"), QColor("red")) == QColor("white")
