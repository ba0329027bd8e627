"""Saving what widgets look like, such as in the dark and the light theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QImage, QPainter, QPixmap

if TYPE_CHECKING:
    from pathlib import Path


def save(shots: list[QPixmap], path: Path) -> None:
    """Put pictures side by side."""
    whole = QPixmap(sum(shot.width() for shot in shots), max(shot.height() for shot in shots))
    painter, x = QPainter(whole), 0
    for shot in shots:
        painter.drawPixmap(x, 0, shot)
        x += shot.width()
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(path), "PNG", 0)
    print(f"{path} {path.stat().st_size // 1024} kB")  # noqa: T201
