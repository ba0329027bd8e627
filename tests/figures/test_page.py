from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures import page
from napari_cellcycle.figures.blend import blend, stretch
from napari_cellcycle.figures.page import Page, save_figure, shorten, text_width
from napari_cellcycle.figures.theme import LIGHT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CellCycleError, match=r"\.png"):
        save_figure(Page(10, 10, LIGHT).figure, tmp_path / "gallery.bmp")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_older_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery.png"
    path.write_bytes(b"older")
    figure = Page(10, 10, LIGHT).figure

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="no space left"):
        save_figure(figure, path)
    assert path.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == ["gallery.png"]


def test_long_lines_lose_their_middle() -> None:
    text = "organoid_h2b_membrane_3d_t301_nuclei_labels.ome.tif"
    short = shorten(text, 10, 150)
    assert text_width(short, 10) <= 150
    assert short.startswith("organoid")
    assert short.endswith(".tif")
    assert "…" in short
    assert shorten("field.tif", 10, 150) == "field.tif"


def test_names_in_chinese_are_written_in_a_font_that_has_their_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page, "EAST_ASIA", ("no such font", "STIXGeneral"))
    page._east_asian.cache_clear()
    assert page.families("Zelle Ä µm.tif") == ["DejaVu Sans"]
    assert page.families("细胞.tif") == ["DejaVu Sans", "STIXGeneral"]
    monkeypatch.undo()
    page._east_asian.cache_clear()
    if len(page.families("细胞.tif")) == 1:
        pytest.skip("no font with Chinese letters, or none that Matplotlib knows of")
    drawn = Page(200, 40, LIGHT)
    drawn.text(5, 20, "细胞.tif")
    drawn.figure.canvas.draw()  # would warn of a missing glyph


def test_dna_is_white_and_membrane_never_hides_it() -> None:
    both = np.stack([np.ones((2, 2)), np.ones((2, 2))])
    np.testing.assert_allclose(blend(both, ("dna", "membrane")), 1)
    membrane = blend(np.stack([np.zeros((2, 2)), np.ones((2, 2))]), ("dna", "membrane"))[0, 0]
    assert membrane[0] > membrane[1] < membrane[2]


def test_stretching_a_constant_image_does_not_divide_by_zero() -> None:
    assert stretch(np.full((2, 2), 7), 7, 7).tolist() == [[0, 0], [0, 0]]
    assert stretch(np.array([0, 5, 20, np.nan]), 0, 10).tolist() == [0, 0.5, 1, 0]
