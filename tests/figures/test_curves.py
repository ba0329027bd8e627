import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.curves import draw_curves


def curve(n: int) -> list[dict[str, float]]:
    return [
        {
            "epoch": i + 1,
            "train_loss": 2 / (i + 1),
            "validation_loss": 2.5 / (i + 1),
            "accuracy": 1 - 0.5 / (i + 1),
            "balanced_accuracy": 1 - 0.6 / (i + 1),
        }
        for i in range(n)
    ]


def test_every_axis_has_its_losses_and_accuracies() -> None:
    figure = draw_curves({"x": curve(5), "z": curve(8)}, {"x": 4, "z": 8}, title="Training")
    page, *panels = figure.axes
    assert len(panels) == 4
    drawn = panels[2].lines[1]
    assert drawn.get_xdata().tolist() == list(range(1, 9))
    assert drawn.get_ydata() == pytest.approx([2.5 / i for i in range(1, 9)])
    assert [panel.lines[2].get_xdata()[0] for panel in panels] == [4, 4, 8, 8]
    texts = [text.get_text() for text in page.texts]
    assert {"Training", "Loss, axis x", "kept: epoch 8"} <= set(texts)
    figure.canvas.draw()
    boxes = [panel.get_position() for panel in panels]
    assert all(box.x0 >= 0 and box.x1 <= 1 and box.y0 >= 0 for box in boxes)
    # panels beside and below each other do not touch
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[2].y1 < boxes[0].y0


def test_one_epoch_is_a_point_that_is_seen() -> None:
    figure = draw_curves({"z": curve(1)}, {"z": 1})
    figure.canvas.draw()
    _, loss, _ = figure.axes
    assert np.isfinite(loss.get_ylim()).all()
    assert loss.lines[0].get_marker() == "o"
    low, high = loss.get_xlim()
    assert [tick for tick in loss.get_xticks() if low <= tick <= high] == [1], "no epoch 0.6"


def test_nothing_to_draw() -> None:
    with pytest.raises(CellCycleError, match="no epochs"):
        draw_curves({"z": []}, {"z": 0})
