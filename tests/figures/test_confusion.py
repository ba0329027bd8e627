from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures import draw_confusion, save_figure
from napari_cellcycle.phases import MITOSIS_STAGES

if TYPE_CHECKING:
    from pathlib import Path


def words(figure: object) -> list[str]:
    (axes,) = figure.axes  # type: ignore[attr-defined]
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_rows_are_the_truth_and_shares_are_of_rows() -> None:
    figure = draw_confusion(np.array([[3, 1], [0, 1000]]), ["non-mitotic", "mitotic"])
    texts = words(figure)
    assert {"75 %", "25 %", "0 %", "100 %", "n = 4", "n = 1,000"} <= set(texts)


def test_almost_all_is_not_rounded_to_all() -> None:
    texts = words(draw_confusion(np.array([[999, 1], [0, 1]]), ["a", "b"]))
    assert {">99 %", "<1 %"} <= set(texts)


def test_a_class_without_cells_has_dashes() -> None:
    assert words(draw_confusion(np.array([[1, 0], [0, 0]]), ["a", "b"])).count("–") == 2


def test_names_come_from_the_vocabulary(tmp_path: Path) -> None:
    matrix = np.eye(5, dtype=int)
    figure = draw_confusion(matrix, MITOSIS_STAGES.slugs, phases=MITOSIS_STAGES, title="T" * 300)
    assert "prometaphase/metaphase" in words(figure)
    assert "prometaphase-metaphase" not in words(figure)
    save_figure(figure, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").stat().st_size > 1000


def test_a_matrix_that_does_not_fit_its_labels_is_refused() -> None:
    with pytest.raises(CellCycleError, match=r"2 labels has shape \(2, 2\), not \(3, 3\)"):
        draw_confusion(np.eye(3), ["a", "b"])
