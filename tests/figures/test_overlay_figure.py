from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_cellcycle.figures import draw_overlay, project_frame, save_figure
from napari_cellcycle.figures.overlay import OverlayFrame, scale_bar_length
from napari_cellcycle.image.window import Window
from napari_cellcycle.phases import MITOSIS_STAGES, UNCLASSIFIED

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def frame() -> OverlayFrame:
    rng = np.random.default_rng(0)
    labels = np.zeros((3, 40, 60), np.uint16)
    labels[0, 5:15, 5:20] = 7
    labels[1:, 10:30, 30:50] = 300
    boxes = np.array([[[0, 5, 5], [1, 15, 20]], [[1, 10, 30], [3, 30, 50]]])
    dna = rng.integers(0, 100, labels.shape).astype(np.uint16)
    return project_frame([dna], labels, np.array([7, 300]), boxes)


def words(figure: object) -> list[str]:
    (axes,) = figure.axes  # type: ignore[attr-defined]
    return [text.get_text() for text in axes.texts if text.get_text()]


def colors(figure: object) -> set[str]:
    """Colours that occur in the picture of the first panel, exactly."""
    (axes,) = figure.axes  # type: ignore[attr-defined]
    pixels = np.asarray(axes.images[0].get_array()).reshape(-1, 3)
    return {"#" + "".join(f"{round(v * 255):02X}" for v in p) for p in np.unique(pixels, axis=0)}


def test_silhouettes_are_the_projected_masks(frame: OverlayFrame) -> None:
    (first, corner, mask), (second, _, other) = frame.silhouettes
    assert (first, corner, mask.shape, bool(mask.all())) == (7, (5, 5), (10, 15), True)
    assert (second, other.shape) == (300, (20, 20))


def test_a_large_volume_is_projected_block_by_block() -> None:
    rng = np.random.default_rng(1)
    dna = rng.normal(-50, 9, (7, 20, 30))
    labels = (rng.random(dna.shape) < 0.2).astype(np.uint8)
    read: list[int] = []

    def window(volume: NDArray[Any]) -> Window:
        def part(box: tuple[slice, ...]) -> NDArray[Any]:
            read.append(volume[box].size)
            return volume[box]

        return Window((7, 20, 30), volume.dtype, (2, 8, 16), part)

    cell = np.array([1]), np.array([[[0, 0, 0], [7, 20, 30]]])
    whole, found = (project_frame([make(dna)], make(labels), *cell) for make in (np.array, window))
    np.testing.assert_array_equal(found.images, dna.max(axis=0)[None])
    np.testing.assert_array_equal(found.images, whole.images)
    np.testing.assert_array_equal(found.silhouettes[0][2], whole.silhouettes[0][2])
    assert max(read) == 2 * 8 * 16


def test_outlines_have_the_colours_of_the_phases(frame: OverlayFrame) -> None:
    figure = draw_overlay(
        [frame], {(0, 7): "prophase", (0, 300): "non-mitotic"}, MITOSIS_STAGES, roles=("dna",)
    )
    found = colors(figure)
    assert MITOSIS_STAGES["prophase"].color in found
    assert MITOSIS_STAGES["non-mitotic"].color in found
    assert UNCLASSIFIED not in found


def test_the_bare_picture_is_the_panel_alone(frame: OverlayFrame) -> None:
    full = draw_overlay([frame], {(0, 7): "prophase"}, MITOSIS_STAGES, roles=("dna",), title="a")
    bare = draw_overlay(
        [frame], {(0, 7): "prophase"}, MITOSIS_STAGES, roles=("dna",), title="a", bare=True
    )
    assert bare.get_figwidth() < full.get_figwidth()
    rows, columns = frame.images.shape[1:]
    assert bare.get_figheight() / bare.get_figwidth() == pytest.approx(rows / columns)
    assert sorted(words(bare)) == ["300", "7"]
    assert MITOSIS_STAGES["prophase"].color in colors(bare)
    assert "Maximum projection along z" in words(full)
    flat = draw_overlay([frame], {}, MITOSIS_STAGES, roles=("dna",), projected=False)
    assert "Maximum projection along z" not in words(flat)


def test_a_cell_without_a_phase_is_grey(frame: OverlayFrame) -> None:
    figure = draw_overlay([frame], {(0, 7): "prophase"}, MITOSIS_STAGES, roles=("dna",))
    assert UNCLASSIFIED in colors(figure)


def test_the_legend_counts_and_the_cells_bear_their_labels(frame: OverlayFrame) -> None:
    figure = draw_overlay(
        [frame],
        {},
        MITOSIS_STAGES,
        roles=("dna",),
        counts={"non-mitotic": 1234, "prophase": 2},
        title="field.ome.tif",
    )
    assert {"1,234", "1,236", "prophase", "7", "300", "field.ome.tif"} <= set(words(figure))


def test_a_scale_bar_only_where_micrometres_are_known(frame: OverlayFrame) -> None:
    known = draw_overlay([frame], {}, MITOSIS_STAGES, roles=("dna",), pixel_um=(0.5, 0.5))
    unknown = draw_overlay([frame], {}, MITOSIS_STAGES, roles=("dna",))
    assert "5 µm" in words(known)
    assert not any("µm" in text for text in words(unknown))


@pytest.mark.parametrize(
    ("width", "bar"), [(30.0, 5.0), (100.0, 20.0), (1.0, 0.2), (49.9, 5.0), (5000.0, 1000.0)]
)
def test_scale_bars_are_round(width: float, bar: float) -> None:
    assert scale_bar_length(width) == pytest.approx(bar)


@pytest.mark.parametrize("n", [1, 2, 4, 7])
def test_frames_become_panels(n: int, frame: OverlayFrame, tmp_path: Path) -> None:
    frames = [OverlayFrame(frame.images, frame.silhouettes, t) for t in range(n)]
    figure = draw_overlay(frames, {}, MITOSIS_STAGES, roles=("dna",))
    assert len(figure.axes[0].images) == n
    assert save_figure(figure, tmp_path / "overlay.png").stat().st_size > 1000


def test_a_cell_without_area_in_a_constant_image_is_drawn() -> None:
    labels = np.ones((1, 2, 2), np.uint8)
    frame = project_frame(
        [np.zeros((1, 2, 2))], labels, np.array([1]), np.array([[[0, 0, 0], [1, 2, 2]]])
    )
    figure = draw_overlay([frame], {(0, 1): "prophase"}, MITOSIS_STAGES, roles=("dna",))
    assert MITOSIS_STAGES["prophase"].color in colors(figure)
