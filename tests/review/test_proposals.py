"""Pairs of daughters proposed in a project: by the model, and by what people say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import layer_field, make_project

from napari_cellcycle.classify import classify
from napari_cellcycle.errors import ChannelError, ProjectError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import Merging, PairLimits, Review, propose_pairs
from napari_cellcycle.review.daughters.daughters import dividing, iter_proposals, rejected
from napari_cellcycle.review.places import Source, open_sources
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.review import Proposals

LATE = "anaphase-telophase-cytokinesis"


def pairs(found: Proposals, at_least: float = PairLimits().at_least) -> list[list[int]]:
    chosen: list[list[int]] = found.labels[found.chosen(at_least)].tolist()
    return chosen


def test_pairs_of_an_organoid_by_the_model_and_by_words(data_dir: Path, tmp_path: Path) -> None:
    name = data_dir / "organoid_h2b_membrane_3d_t303"
    image, labels = open_image(f"{name}.ome.tif"), open_labels(f"{name}_nuclei_labels.ome.tif")
    result = classify(image, labels)
    with Project.create(tmp_path / "organoid", who="Ann") as project:
        number = project.images.add(
            image, labels, cells=result.cells, settings={"channels": dict(result.channels)}
        ).number
        project.predictions.add_classification(number, result)
        review = Review(project)
        [source] = open_sources([review])
        steps: list[tuple[int, int]] = []
        found = run_to_end(iter_proposals(source), steps.append)
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert {total for _, total in steps} == {len(review)}
        assert 0 == steps[0][0] < steps[-1][0] < len(review)
        # 11 and 19 are the daughters of an anaphase, 16 and 20 two labels of a metaphase
        assert pairs(found)[:2] == [[11, 19], [16, 20]]
        assert found.reason(0) == "facing, membrane open"
        assert not found.said.any()
        assert (found.score[1:] <= found.score[:-1]).all()

        merging = Merging(project, number)
        merging.reject(0, [19, 11])
        apart = rejected(review, found)
        assert found.labels[apart].tolist() == [[11, 19]]
        assert found.labels[found.chosen(0.2, apart)][0].tolist() == [16, 20]

        review.say(review.row_of(0, 16), "non-mitotic")
        assert [16, 20] not in pairs(propose_pairs(source))
        # what people say takes the place of the model, and a lower score is enough
        review.say([review.row_of(0, 16), review.row_of(0, 20)], LATE)
        found = propose_pairs(source)
        place = found.labels.tolist().index([16, 20])
        assert found.said[place]
        assert found.reason(place).startswith("people say that both are late")
        merging.merge(0, [16, 20])
        review.reload()
        assert not np.isin(propose_pairs(source).labels, [16, 20]).any()


def test_words_on_a_telophase_are_enough_without_a_model(data_dir: Path, tmp_path: Path) -> None:
    image = open_image(data_dir / "flat_cells_3d.ome.tif")
    image = replace(image, spacing=Spacing(3, 1, 1, "user"))  # unknown; planes are far apart
    labels = open_labels(data_dir / "flat_cells_3d_labels.ome.tif")
    with Project.create(tmp_path / "flat", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        project.images.add(image, labels)
        review = Review(project)
        source = Source(review, image, labels, {"dna": 0})
        with pytest.raises(ProjectError, match=r"mitotic: classify .* \(mitotic 0\)"):
            propose_pairs(source, PairLimits(mitotic=0.2))
        assert pairs(propose_pairs(source)) == [[5, 7]]  # by its looks alone
        review.say([review.row_of(0, 5), review.row_of(0, 4)], LATE)
        review.say(review.row_of(0, 7), "mitotic")
        found = propose_pairs(source)
        assert pairs(found)[0] == [5, 7]
        assert found.said[0]
        with pytest.raises(ChannelError, match="which channel of flat_cells_3d"):
            propose_pairs(Source(review, image, labels, {"membrane": 0}))


def test_phases_without_a_late_one_are_refused(tmp_path: Path) -> None:
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.vocabularies.add(flat_vocabulary("mine", ("a", "b")))
        project.images.add(*layer_field())
        with pytest.raises(ProjectError, match="mine have no anaphase"):
            dividing(Review(project), 0.2)


def test_who_may_be_a_daughter(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review = Review(project)
        probability = review.shown.column("level1", np.nan)[:, :, 1].mean(axis=1)
        may, said = dividing(review, 0.5)
        assert may.tolist() == (probability >= 0.5).tolist()
        assert not said.any()
        assert 0 < may.sum() < 12
        no, yes = int(np.flatnonzero(may)[0]), int(np.flatnonzero(~may)[0])
        review.say(no, "prophase")
        review.say(yes, "mitotic")
        review.unsure(int(np.flatnonzero(may)[1]))
        after, said = dividing(review, 0.5)
        assert after.sum() == may.sum() - 1
        assert not after[no]
        assert np.flatnonzero(said).tolist() == [yes]
