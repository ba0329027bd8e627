from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import CropSetError
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views, set_views
from napari_cellcycle.train.data.viewset import ViewSet, join, simulated_views
from napari_cellcycle.train.shipped.mitosis3d_data import MITOCHECK, MIXTURE

RECIPE = ViewRecipe()


def first(crops: CropSet, phase: str, n: int) -> CropSet:
    return crops.select(np.flatnonzero(crops.phase == phase)[:n])


def test_simulated_cells_do_not_depend_on_the_number_of_workers() -> None:
    options = {"recipe": RECIPE, "phases": MITOSIS_STAGES, "mixture": MIXTURE, "seed": 4}
    one = simulated_views(6, workers=1, **options)
    two = simulated_views(6, workers=2, **options)
    assert (one.images == two.images).all()
    assert (one.mitotic == two.mitotic).all()
    assert one.images.shape == (6, 3, 2, 64, 64)
    assert one.images[:, :, 0].max(axis=(1, 2, 3)).min() > 100
    # a cell that divides has one stage, another none
    assert (one.stages.sum(axis=1) == one.mitotic).all()


def test_real_crops_keep_what_their_labels_leave_open(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    chosen = join(
        [
            set_views(first(crops, phase, 3), RECIPE, MITOSIS_STAGES.slugs, allowed=MITOCHECK)
            for phase in ("Prometaphase", "Metaphase", "Apoptosis")
        ]
    )
    assert chosen.axes == ("z",)
    assert chosen.mitotic.tolist() == [1] * 6 + [0] * 3
    assert chosen.stages.sum(axis=1).tolist() == [2] * 3 + [1] * 3 + [0] * 3
    assert (chosen.images[:, 0, 1] == 0).all()  # no membrane


def test_labels_that_mean_nothing_are_refused(data_dir: Path) -> None:
    blurred = first(read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz"), "OutOfFocus", 3)
    with pytest.raises(CropSetError, match=r"No phase for the label OutOfFocus; .* \(--map "):
        set_views(blurred, RECIPE, MITOSIS_STAGES.slugs, allowed=MITOCHECK)


def test_joined_daughters_fill_the_view_with_both(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    pair = first(crops, "Anaphase", 3).select(np.array([2]))
    alone, both = (crop_views(pair, RECIPE, join_parts=j)[0][0, 0, 0] for j in (False, True))
    middle = slice(24, 40)
    assert alone[middle, middle].mean() > 127
    assert both[middle, middle].mean() < 0.5 * alone[middle, middle].mean()


def test_round_trip(tmp_path: Path) -> None:
    views = simulated_views(
        2, recipe=RECIPE, phases=MITOSIS_STAGES, mixture=MIXTURE, seed=1, workers=1
    )
    views.save(tmp_path / "views.npz")
    again = ViewSet.load(tmp_path / "views.npz")
    assert again.axes == views.axes
    assert (again.images == views.images).all()
    assert (again.stages == views.stages).all()


def test_no_dna() -> None:
    crops = CropSet(np.ones((1, 1, 8, 8)), ("tubulin",), np.array(["a"]), np.array(["a"]), "a.npz")
    with pytest.raises(CropSetError, match=r"a\.npz has no dna channel; it has tubulin"):
        set_views(crops, RECIPE, ("a",))
