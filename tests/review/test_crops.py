"""Training data from a review: crops of cells, and a model that learns from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imageio.v3
import numpy as np
import pytest
from fields import make_project

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, export_project
from napari_cellcycle.review.export.crop_size import LARGEST, MARGIN
from napari_cellcycle.review.export.folder import safe_name
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views
from napari_cellcycle.train.data.dataset import read_data
from napari_cellcycle.train.training import train

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# by eye, data/README.md: label of the nucleus in frame 301, 302 and 303
STAGED = {
    301: {19: "prometaphase-metaphase"},
    302: {19: "early-prometaphase", 11: "early-prometaphase"},
    303: {},
}
RECIPE = """
source = "tests"
[architecture]
name = "logistic-regression"
[views]
size = 16
[fit]
epochs = 2
learning_rate = 0.01
"""


@pytest.fixture(scope="module")
def organoid(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Three frames of a real organoid, every nucleus judged, one unsure and one excluded."""
    folder = tmp_path_factory.mktemp("organoid")
    with Project.create(folder / "organoid", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        for frame, staged in STAGED.items():
            stem = data_dir / f"organoid_h2b_membrane_3d_t{frame}"
            image = project.images.add(
                open_image(f"{stem}.ome.tif"), open_labels(f"{stem}_nuclei_labels.ome.tif")
            )
            review = Review(project, image.number)
            review.say(np.arange(len(review)), "non-mitotic")
            for label, slug in staged.items():
                review.say(review.row_of(0, label), slug)
            # every phase in every image, so that any split can be learned from
            review.say(len(review) - 1, "mitotic")
        review.unsure(0)
        review.exclude(1)
        yield project


def test_crops_are_the_voxels_of_the_image(organoid: Project, tmp_path: Path) -> None:
    done = export_project(organoid, tmp_path / "crops.npz", what="crops")
    crops = read_crop_set(tmp_path / "crops.npz")
    reviews = [Review(organoid, number) for number in (1, 2, 3)]
    assert done.n == len(crops) == sum(map(len, reviews)) - 2
    assert "2 cells without a final phase" in done.notes[0]
    assert crops.channels == ("dna", "membrane")
    assert crops.spacing_um == reviews[0].cells.spacing.zyx
    assert sorted(set(crops.group)) == [f"organoid_h2b_membrane_3d_t{i}.ome.tif" for i in STAGED]
    assert done.phases == {str(p): int((crops.phase == p).sum()) for p in np.unique(crops.phase)}
    assert set(crops.columns["vocabulary"]) == {"mitosis-stages"}
    stack, labels = organoid.images.stack(1), organoid.images.labels(1)
    cells = reviews[0].cells
    for i in range(0, len(cells), 4):
        label = int(crops.columns["label"][i])
        row = reviews[0].row_of(0, label)
        assert crops.mask is not None
        assert crops.mask[i].sum() == cells.voxels[row]
        for channel in (0, 1):
            inside = stack.volume(0, channel)[labels.volume(0) == label]
            np.testing.assert_array_equal(crops.images[i, channel][crops.mask[i]], inside)


def test_every_cell_fits_with_its_surroundings(organoid: Project, tmp_path: Path) -> None:
    export_project(organoid, tmp_path / "crops.npz", what="crops")
    crops = read_crop_set(tmp_path / "crops.npz")
    assert crops.mask is not None
    where = np.argwhere(crops.mask.any(axis=0))
    edges = np.array(crops.mask.shape[1:])
    volume = np.median(crops.mask.sum(axis=(1, 2, 3))) * np.prod(crops.spacing_um)
    radius = np.cbrt(volume * 0.75 / np.pi)
    margin = np.ceil(MARGIN * radius / np.array(crops.spacing_um))
    assert (where.min(axis=0) >= margin).all()
    assert (edges - 1 - where.max(axis=0) >= margin).all()


@pytest.mark.parametrize("outlined", ["nucleus", "cell"])
def test_views_of_crops_are_those_of_the_image(
    data_dir: Path, tmp_path: Path, outlined: Any
) -> None:
    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    name = {"nucleus": "nuclei", "cell": "cells"}[outlined]
    stack = open_image(f"{stem}.ome.tif")
    labels = open_labels(f"{stem}_{name}_labels.ome.tif", labels_are=outlined)
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        project.images.add(stack, labels)
        review = Review(project)
        review.say(np.arange(len(review)), "non-mitotic")
        export_project(project, tmp_path / "crops.npz", what="crops")
    recipe = ViewRecipe(size=32)
    images, _ = crop_views(read_crop_set(tmp_path / "crops.npz"), recipe)
    volumes = [stack.volume(0, channel) for channel in (0, 1)]
    direct = make_views(volumes, labels.volume(0), review.cells, recipe)
    apart = np.abs(images / 255 - direct.images).mean(axis=(1, 2, 3, 4))
    # neighbours are not in the mask, and count as unlabelled
    assert np.median(apart) < 0.003
    assert apart.max() < 0.03


def test_a_model_learns_from_an_exported_set(organoid: Project, tmp_path: Path) -> None:
    export_project(organoid, tmp_path / "crops.npz", what="crops")
    (tmp_path / "small.toml").write_text(RECIPE)
    result = train(
        tmp_path / "crops.npz",
        tmp_path / "small.toml",
        tmp_path / "model",
        merge={"mitotic": [p.slug for p in MITOSIS_STAGES if p.slug != "non-mitotic"]},
        device="cpu",
    )
    assert result.card.phases == ("mitotic", "non-mitotic")
    assert sum(result.parts.values()) == len(read_crop_set(tmp_path / "crops.npz"))
    assert (tmp_path / "model").exists()


def test_one_image_can_be_split_by_region(organoid: Project, tmp_path: Path) -> None:
    export_project(organoid, tmp_path / "crops.npz", what="crops", image=1)
    crops = read_crop_set(tmp_path / "crops.npz", group_key="region")
    names, sizes = np.unique(crops.group, return_counts=True)
    assert len(names) == 6
    assert sizes.max() - sizes.min() <= 1


def test_a_folder_of_pictures_is_read_again(organoid: Project, tmp_path: Path) -> None:
    done = export_project(organoid, tmp_path / "pictures", what="folder", image=1)
    crops = read_data(tmp_path / "pictures", channels={"dna": 0, "membrane": 1})
    assert len(crops) == done.n == len(Review(organoid, 1))
    assert {str(p): int((crops.phase == p).sum()) for p in np.unique(crops.phase)} == done.phases
    assert len(set(crops.group)) == 1
    picture = imageio.v3.imread(next((tmp_path / "pictures").rglob("*.png")))
    assert picture.shape[2] == 3
    assert picture[..., 0].max() > 100
    assert (picture[..., 2] == 0).all()
    with pytest.raises(CellCycleError, match="there already"):
        export_project(organoid, tmp_path / "pictures", what="folder")


def test_a_border_is_filled_with_background(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review = Review(project)
        review.say(np.arange(12), "mitotic")
        stack, labels = project_pixels(project)
        pixels = {1: (stack, labels)}
        export_project(project, tmp_path / "crops.npz", what="crops", pixels=pixels)
        crops = read_crop_set(tmp_path / "crops.npz")
    assert crops.is_2d
    assert crops.images.shape[2:] == (12, 12)
    first = crops.images[0, 0]
    middle = stack.volume(0, 0)[0, 0:11, 0:11]
    np.testing.assert_array_equal(first[1:, 1:], middle)
    free = middle[labels.volume(0)[0, 0:11, 0:11] == 0]
    assert set(first[0].tolist()) == {int(np.median(free))}


def project_pixels(project: Project) -> tuple[Stack, Segmentation]:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (1, 1, 1, 30, 40)).astype(np.uint8)
    return Stack(data, ("dna",), None, "field"), project.images.labels(1)


def test_2d_crops_say_what_is_typical_of_their_image(data_dir: Path, tmp_path: Path) -> None:
    stem = data_dir / "h2b_field_2d_t70"
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        labels = open_labels(f"{stem}_labels.ome.tif")
        project.images.add(open_image(f"{stem}.ome.tif"), labels)
        Review(project).say([0, 1], "non-mitotic")
        cells = Review(project).cells
        export_project(project, tmp_path / "crops.npz", what="crops")
    crops = read_crop_set(tmp_path / "crops.npz")
    radius = np.sqrt(np.median(cells.voxels) / np.pi) * cells.spacing.x
    assert crops.columns["typical_radius"] == pytest.approx([radius] * 2, rel=0.2)
    assert (crops.columns["g1_content"] > 0).all()
    assert crops.columns["labels_are"].tolist() == ["nucleus"] * 2


def test_a_cell_much_larger_than_the_others_is_left_out_and_named(tmp_path: Path) -> None:
    labels = np.zeros((1, 1, 40, 60), np.uint16)
    for i in range(5):
        labels[0, 0, 2:6, 6 * i + 1 : 6 * i + 5] = i + 1
    labels[0, 0, 10:30, 10 : 10 + 4 * LARGEST + 1] = 77
    stack = Stack(labels[:, None].astype(np.uint8), ("dna",), None, "field")
    segmentation = Segmentation(labels, "nucleus", "labels")
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        project.images.add(stack, segmentation)
        Review(project).say(np.arange(6), "mitotic")
        pixels = {1: (stack, segmentation)}
        done = export_project(project, tmp_path / "crops.npz", what="crops", pixels=pixels)
    assert done.n == 5
    assert done.notes[0].endswith(": 77")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "Review some"),
        ({"only": "final", "channels": {"dna": 4}}, "no channel"),
        (
            {"only": "final", "channels": {"dna": 0, "membrane": "dna"}},
            r"Roles 'dna' and 'membrane' are both given channel 0 \(dna\) of field; each needs",
        ),
        ({"only": "corrected"}, "Review some"),
    ],
)
def test_what_cannot_be_cut_is_told(project: Project, tmp_path: Path, more: Any, told: str) -> None:
    pixels = {1: project_pixels(project)}
    with pytest.raises(CellCycleError, match=told):
        export_project(project, tmp_path / "crops.npz", what="crops", pixels=pixels, **more)
    assert not (tmp_path / "crops.npz").exists()


def test_a_layer_without_a_file_is_named(project: Project, tmp_path: Path) -> None:
    Review(project).say(0, "mitotic")
    with pytest.raises(CellCycleError, match="never a file"):
        export_project(project, tmp_path / "crops.npz", what="crops")


@pytest.mark.parametrize(
    ("text", "name"),
    [("g1", "g1"), ("a/b", "a%2Fb"), ("..", "%2E%2E"), ("x.", "x%2E"), ("50%", "50%25"), ("", "%")],
)
def test_names_of_folders_cannot_leave_theirs(text: str, name: str) -> None:
    assert safe_name(text) == name
