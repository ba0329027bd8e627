"""Colours that can be read on the background they lie on."""

from __future__ import annotations

from qtpy.QtGui import QColor

CONTRAST = 4.5
"""Ratio that WCAG 2 asks of text (level AA)."""
_STEPS = 20


def contrast(first: QColor, second: QColor) -> float:
    """Ratio of the luminances of two colours, as WCAG 2 defines it: 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def legible(color: QColor, background: QColor, text: QColor) -> QColor:
    """Mix as much of the colour of text into a colour as it takes to read it.

    Parameters
    ----------
    color : QColor
        That of an error, say.
    background : QColor
        What it is written on.
    text : QColor
        What is read well on that background.

    Returns
    -------
    QColor
        The colour itself where that reads well already.
    """
    for step in range(_STEPS + 1):
        share = step / _STEPS
        channels = zip(color.getRgbF()[:3], text.getRgbF()[:3], strict=True)
        mixed = QColor.fromRgbF(*((1 - share) * a + share * b for a, b in channels))
        if contrast(mixed, background) >= CONTRAST:
            return mixed
    return text


def _luminance(color: QColor) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in color.getRgbF()[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
