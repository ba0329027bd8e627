"""Models of one level: other vocabularies, 2D fields, DNA content, volumes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.classify import classify
from napari_cellcycle.errors import ModelFormatError, SegmentationError, ViewError
from napari_cellcycle.figures.results import gallery_of, overlay_of
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.models.card import Architecture, ModelCard
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.models.networks import build
from napari_cellcycle.phases import VOCABULARIES


def model(
    vocabulary: str,
    recipe: ViewRecipe,
    architecture: str = "logistic-regression",
    phases: tuple[str, ...] = (),
) -> ProjectionClassifier:
    """An untrained model of one level."""
    phases = phases or VOCABULARIES[vocabulary].slugs
    torch.manual_seed(1)
    networks = {
        axis: build(
            architecture,
            n_channels=len(recipe.channels),
            n_outputs=len(phases),
            size=recipe.size,
        )
        for axis in recipe.axes
    }
    card = ModelCard(
        name="flat",
        version="1",
        description="",
        architecture=Architecture(architecture),
        vocabulary=vocabulary,
        phases=phases,
        recipe=recipe,
        temperatures={axis: {"level1": 1.0} for axis in recipe.axes},
        ranges={},
        missing_channels="",
        training_data=(),
        metrics={},
        package_version="0",
        licence="",
        limits="",
    )
    return ProjectionClassifier(card, networks)


NUCLEI = ViewRecipe(channels=("dna",), axes=("z",), size=16, extent=2.0, mask=False)
CONTENT = ViewRecipe(
    channels=("dna",), axes=("z",), size=16, unit="population", intensity="population"
)


def field(data_dir: Path):
    return (
        open_image(data_dir / "h2b_field_2d_t1.ome.tif"),
        open_labels(data_dir / "h2b_field_2d_t1_labels.ome.tif"),
    )


def test_one_level_decides_by_the_lowest_entropy() -> None:
    sure, unsure = [0.05, 0.9, 0.05], [0.5, 0.3, 0.2]
    decision = decide([[unsure, sure], [unsure, unsure]], None, ("y", "z"))
    assert decision.phase.tolist() == [1, 0]
    assert decision.deciding_axis.tolist() == ["z", "y"]
    assert decision.confidence == pytest.approx([0.9, 0.5])
    assert np.isnan(decision.stage_entropy).all()
    assert len(decide(np.empty((0, 1, 3)), None, ("z",))) == 0


def test_a_2d_field_in_the_vocabulary_of_its_model(data_dir: Path, tmp_path: Path) -> None:
    stack, labels = field(data_dir)
    result = classify(stack, labels, model=model("mitosis-2d", NUCLEI), channels={"dna": 0})
    table = result.to_frame()
    assert [c for c in table if c.startswith("p_")] == [
        *("p_non-mitotic", "p_prometaphase", "p_metaphase", "p_anaphase", "p_apoptosis")
    ]
    assert table["stage_entropy"].isna().all()
    assert set(table["deciding_axis"]) == {"z"}
    assert result.to_json_dict()["cells"][0]["stage_entropy"] is None
    np.testing.assert_allclose(result.decision.probabilities.sum(axis=1), 1)
    for draw in (gallery_of, overlay_of):
        draw(result, stack).savefig(tmp_path / "picture.png")


def test_dna_content_is_that_of_the_population(data_dir: Path) -> None:
    stack, labels = field(data_dir)
    result = classify(stack, labels, model=model("g1-s-g2-m", CONTENT), channels={"dna": 0})
    assert result.population is not None
    assert result.population.n == len(result)
    assert any("G1 peak" in note for note in result.notes) == (len(result) < 30)
    content = model("g1-s-g2-m", CONTENT)
    with pytest.raises(ViewError, match=r"has planes\. Project it"):
        classify(
            open_image(data_dir / "embryo16_nuclei_3d.ome.tif"),
            open_labels(data_dir / "embryo16_nuclei_3d_labels.ome.tif"),
            model=content,
            channels={"dna": 0},
            isotropic=True,
        )


def test_volumes_are_classified_and_drawn(data_dir: Path, tmp_path: Path) -> None:
    stack = open_image(data_dir / "embryo16_nuclei_3d.ome.tif")
    recipe = ViewRecipe(channels=("dna",), axes=("volume",), size=16)
    result = classify(
        stack,
        open_labels(data_dir / "embryo16_nuclei_3d_labels.ome.tif"),
        model=model("mine", recipe, "volume-cnn", ("round", "flat")),
        channels={"dna": 0},
        isotropic=True,
    )
    assert set(result.decision.deciding_axis) == {"volume"}
    assert sum(result.counts().values()) == 16
    gallery_of(result, stack).savefig(tmp_path / "gallery.png")


def test_a_model_without_dna_needs_labels(data_dir: Path) -> None:
    recipe = ViewRecipe(channels=("tubulin",), axes=("z",), size=16, unit="px", extent=8)
    stack = open_image(data_dir / "h2b_field_2d_t1.ome.tif")
    with pytest.raises(SegmentationError, match="Give labels"):
        classify(stack, model=model("exposure", recipe), channels={"tubulin": 0})


def test_a_card_without_two_phases_is_refused() -> None:
    card = model("mine", NUCLEI, phases=("one", "two")).card
    with pytest.raises(ModelFormatError, match="tells two at least"):
        replace(card, phases=("one",))
