from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.figures import GalleryCell, choose_cells, draw_gallery, save_figure
from napari_cellcycle.figures.gallery import reading_key
from napari_cellcycle.phases import MITOSIS_STAGES


def cell(label: int, phase: str, confidence: float = 0.9, **more: object) -> GalleryCell:
    rng = np.random.default_rng(label)
    values = {"frame": 0, "views": rng.random((3, 2, 16, 16)), "entropy": 0.1} | more
    return GalleryCell(label=label, phase=phase, confidence=confidence, **values)  # type: ignore[arg-type]


def words(figure: object) -> list[str]:
    (axes,) = figure.axes  # type: ignore[attr-defined]
    return [text.get_text() for text in axes.texts if text.get_text()]


def frames(figure: object, color: str) -> list[str]:
    """Line styles of the rectangles outlined in a colour."""
    from matplotlib.colors import to_hex

    (axes,) = figure.axes  # type: ignore[attr-defined]
    return [
        "solid" if patch.get_linestyle() in ("solid", "-") else "dashed"
        for patch in axes.patches
        if patch.get_linewidth() > 0 and to_hex(patch.get_edgecolor()).upper() == color
    ]


def test_the_most_and_the_least_certain_of_each_phase_are_chosen() -> None:
    phase = ["b"] * 2 + ["a"] * 6
    confidence = np.array([0.5, 0.6, 0.91, 0.99, 0.4, 0.7, 0.95, 0.5])
    chosen = choose_cells(phase, confidence, per_phase=4)
    assert chosen.tolist() == [1, 0, 3, 6, 7, 4]


def test_no_cells_gives_no_choice() -> None:
    assert choose_cells([], np.zeros(0), per_phase=4).tolist() == []


def test_a_section_names_phase_and_count() -> None:
    figure = draw_gallery(
        [cell(1, "prophase"), cell(2, "prophase")],
        MITOSIS_STAGES,
        counts={"prophase": 7, "non-mitotic": 0},
    )
    texts = words(figure)
    assert "prophase" in texts
    assert any("7 cells" in t and "1 most and the 1 least certain" in t for t in texts)
    assert any(t.startswith("No cell:") and "non-mitotic" in t for t in texts)


def test_cards_say_label_probability_and_entropy() -> None:
    texts = words(draw_gallery([cell(42, "prophase", 0.876, entropy=0.31)], MITOSIS_STAGES))
    assert {"#42", "p 0.88", "H 0.31"} <= set(texts)


def test_the_deciding_views_are_framed_in_the_colour_of_the_phase() -> None:
    figure = draw_gallery(
        [cell(1, "prophase", deciding_axis="z", stage_deciding_axis="x")], MITOSIS_STAGES
    )
    assert sorted(frames(figure, MITOSIS_STAGES["prophase"].color)) == ["dashed", "solid"]
    assert "by z, stage by x" in words(figure)


def test_one_frame_where_one_view_decided_both() -> None:
    figure = draw_gallery(
        [cell(1, "prophase", deciding_axis="y", stage_deciding_axis="y")], MITOSIS_STAGES
    )
    assert frames(figure, MITOSIS_STAGES["prophase"].color) == ["solid"]


def test_wrong_cells_are_marked_with_the_true_phase() -> None:
    figure = draw_gallery(
        [cell(1, "prophase", truth="prophase"), cell(2, "prophase", truth="non-mitotic")],
        MITOSIS_STAGES,
    )
    texts = words(figure)
    assert "✗ truth: non-mitotic" in texts
    assert texts.count("✓") == 1
    assert any("1 agree with the truth" in text for text in texts)


def test_frames_of_a_time_series_are_told_apart() -> None:
    texts = words(draw_gallery([cell(3, "prophase", frame=2)], MITOSIS_STAGES))
    assert "t2 #3" in texts


@pytest.mark.parametrize("n_axes", [1, 3])
def test_2d_and_3d_galleries_are_written(n_axes: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import imageio.v3 as iio

    views = np.random.default_rng(0).random((n_axes, 1, 16, 16))
    figure = draw_gallery(
        [cell(i, "prophase", views=views) for i in range(9)],
        MITOSIS_STAGES,
        axes=("x", "y", "z")[-n_axes:],
        roles=("dna",),
        title="a $name_with$ signs",
    )
    path = save_figure(figure, tmp_path / "new" / "gallery.png")
    picture = iio.imread(path)
    assert picture.shape[1] == round(figure.get_figwidth() * 144)
    assert picture[..., :3].std() > 10
    assert [p.name for p in path.parent.iterdir()] == ["gallery.png"]


def test_an_empty_gallery_says_so() -> None:
    assert any(t.startswith("No cell:") for t in words(draw_gallery([], MITOSIS_STAGES)))


def test_the_key_explains_only_what_is_drawn() -> None:
    assert "membrane" not in reading_key(("z",), ("dna",))
    assert "dashed" in reading_key(("x", "y", "z"), ("dna", "membrane"))
