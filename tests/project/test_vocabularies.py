"""Vocabularies of a project: they grow, and keep what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import predict

from napari_cellcycle.errors import (
    CellCycleWarning,
    ProjectError,
)
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import Phase, PhaseSet, flat_vocabulary
from napari_cellcycle.review import Review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.project import Project
    from napari_cellcycle.project.predictions import PredictionSet


def test_a_vocabulary_grows_but_keeps_what_was_said(project: Project) -> None:
    project.vocabularies.add(flat_vocabulary("mine", ["a", "b"]))
    project.vocabularies.add(flat_vocabulary("mine", ["b", "a", "c"]))
    with pytest.raises(ProjectError, match=r"there it has b\."):
        project.vocabularies.add(flat_vocabulary("mine", ["a", "c"]))
    assert project.vocabularies["mine"].slugs == ("b", "a", "c")
    assert project.vocabularies["g1-s-g2-m"].slugs == ("g1", "s", "g2", "m")
    with pytest.raises(ProjectError, match="no vocabulary 'else'"):
        project.vocabularies["else"]


def predict_own(project: Project, slugs: Sequence[str]) -> PredictionSet:
    """What a model of a person's own says, trained on these labels."""
    cells = project.segmentations.cells(project.segmentations.current(1))
    p = np.random.default_rng(len(slugs)).dirichlet(np.ones(len(slugs)), (len(cells), 1))
    return project.predictions.add(
        *(1, cells, decide(p, None, ("z",))),
        model="-".join(slugs),
        model_sha256=str(len(slugs)) * 8,
        phases=flat_vocabulary("own", slugs),
    )


@pytest.mark.parametrize("slugs", [("g1", "m", "s"), ("young", "old")])
def test_a_model_that_was_trained_again_with_other_phases_joins_the_earlier_one(
    project: Project, slugs: tuple[str, ...]
) -> None:
    former = predict_own(project, ["g1", "s"])
    review = Review(project, predictions=former.id)
    review.say(0, "s")
    said = review.final_slugs()
    if "g1" in slugs:
        later = predict_own(project, slugs)
    else:
        told = "Two vocabularies are called own: the project's with g1, s, and one with young, old"
        with pytest.warns(CellCycleWarning, match=told):
            later = predict_own(project, slugs)
    predict_own(project, slugs)  # said once
    review.show(later.id)
    again = Review(project, predictions=later.id)
    assert review.final_slugs() == again.final_slugs()
    assert again.final_slugs()[0] == "s"
    assert again.final_slugs()[1:] == [slugs[i] for i in later.columns["phase"].tolist()[1:]]
    phases = project.vocabularies["own"]
    assert phases.slugs == ("g1", "s", *(slug for slug in slugs if slug not in ("g1", "s")))
    assert len({phase.color for phase in phases}) == len(phases.slugs)
    review.show(former.id)
    assert review.final_slugs() == said == Review(project, predictions=former.id).final_slugs()
    moved = PhaseSet("own", (Phase("g1", "G1", "#000000"), Phase("s", "S", "#FFFFFF", "g1")))
    with pytest.raises(ProjectError, match=r"there s belongs to another branch"):
        predict(project, phases=moved)
