"""What is asked of a model and of people, with predictions that the tests know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import CellCycleError, ChannelError, CropSetError
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.data.leakage import hash_groups
from napari_cellcycle.train.evaluation.assessment import AssessRequest, assess

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard

LEAVES = ("non-mitotic", "prometaphase", "metaphase", "anaphase", "apoptosis")
MERGE = {
    "mitotic": ("prometaphase", "metaphase", "anaphase"),
    "non-mitotic": ("non-mitotic", "apoptosis"),
}


class Fake:
    """A model that says what stands in the first pixels of each crop."""

    sha256 = "0" * 64

    def __init__(self, card: ModelCard) -> None:
        self.card = card


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cells each prediction was asked for."""
    calls: list[int] = []

    def predict(classifier: Fake, crops: CropSet, **_: object) -> NDArray[np.float64]:
        calls.append(len(crops))
        return crops.images[:, 0, 0, : len(classifier.card.phases)].astype(float)

    monkeypatch.setattr("napari_cellcycle.train.evaluation.predict.predict", predict)
    return calls


@pytest.fixture
def flat(model_card: ModelCard) -> Fake:
    recipe = ViewRecipe(channels=("dna",), axes=("z",))
    return Fake(
        replace(
            model_card,
            name="flat",
            vocabulary="mitosis-2d",
            phases=LEAVES,
            recipe=recipe,
            temperatures={"z": {"level1": 1.0}},
        )
    )


def crop_set(phase: list[str], p: list[list[float]], **more: object) -> CropSet:
    images = np.zeros((len(phase), 1, 6, 6))
    images[:, 0, 0, : len(p[0])] = p
    values = {"channels": ("dna",), "group": np.array([f"plate {i % 3}" for i in range(len(p))])}
    return CropSet(images, phase=np.array(phase), name="crops.npz", **(values | more))


PHASES = ["Interphase", "anaphase", "apoptosis", "metaphase", "Hole", "non-mitotic"]
P = [
    [0.6, 0.1, 0.1, 0.1, 0.1],
    [0.4, 0.2, 0.2, 0.2, 0.0],  # mitotic once merged
    [0.3, 0.0, 0.4, 0.0, 0.3],
    [0.1, 0.1, 0.7, 0.1, 0.0],
    [0.2, 0.2, 0.2, 0.2, 0.2],
    [0.9, 0.1, 0.0, 0.0, 0.0],
]
RENAMES = {"Interphase": "non-mitotic", "Hole": ""}


def test_map_comes_first_then_merge(flat: Fake) -> None:
    found = assess(AssessRequest(flat, crop_set(PHASES, P), RENAMES, MERGE)).evaluation
    assert found.labels == ("mitotic", "non-mitotic")
    assert found.confusion.tolist() == [[2, 0], [0, 3]]
    assert found.prior == {"mitotic": 0.4, "non-mitotic": 0.6}


def test_without_merge_the_leaves_count(flat: Fake, asked: list[int]) -> None:
    found = assess(AssessRequest(flat, crop_set(PHASES, P), RENAMES))
    assert found.evaluation.labels == LEAVES
    assert found.evaluation.values["accuracy"] == pytest.approx(3 / 5)
    assert asked == [5]
    assert "1 of 6 cells are left out: dropped, or without a label." in found.notes
    assert "There are no cells of prometaphase; averages go over the other classes." in found.notes
    assert any("There are 3 groups only" in note for note in found.notes)
    assert not any("nobody's word" in note for note in found.notes)
    status = np.array(["predicted", "accepted", "predicted", "corrected", "predicted", "accepted"])
    taught = crop_set(PHASES, P, columns={"status": status})  # the fifth is dropped
    notes = assess(AssessRequest(flat, taught, RENAMES)).notes
    assert any(note.startswith("2 of 5 cells of crops.npz have the phase that") for note in notes)


def test_views_that_depend_on_the_image_are_made_with_all_of_its_cells(
    flat: Fake, asked: list[int]
) -> None:
    recipe = replace(flat.card.recipe, intensity="population")
    whole = Fake(replace(flat.card, recipe=recipe))
    found = assess(AssessRequest(whole, crop_set(PHASES, P), RENAMES))
    assert asked == [6]
    assert found.evaluation.n == 5


def test_two_levels_decide_along_their_tree(model_card: ModelCard) -> None:
    crops = crop_set(["prophase"], [[0.4, 0.25, 0.2, 0.1, 0.05]])
    found = assess(AssessRequest(Fake(model_card), crops))
    assert found.evaluation.values["accuracy"] == 1
    assert any("untrained goes without membrane: it is filled" in note for note in found.notes)


def test_only_then_labels_are_refused(flat: Fake, asked: list[int]) -> None:
    crops = crop_set(PHASES, P)
    with pytest.raises(CropSetError, match=r"does not know: Hole \(1\), Interphase \(1\)"):
        assess(AssessRequest(flat, crops, merge=MERGE))
    with pytest.raises(CropSetError, match=r"Nothing of crops\.npz is left"):
        assess(AssessRequest(flat, crops, dict.fromkeys(PHASES, "")))
    assert asked == []


def test_a_map_that_names_no_label_is_noted(flat: Fake) -> None:
    renames = RENAMES | {"Grape": ""}
    notes = assess(AssessRequest(flat, crop_set(PHASES, P), renames)).notes
    assert "No cell is labelled Grape, which --map names." in notes


def test_missing_channel(flat: Fake) -> None:
    crops = crop_set(PHASES, P, channels=("tubulin",))
    with pytest.raises(ChannelError, match="no dna channel, which flat cannot do without; it has"):
        assess(AssessRequest(flat, crops, RENAMES))


def test_groups_that_were_trained_on(flat: Fake, asked: list[int]) -> None:
    card = replace(flat.card, metrics={"training_groups": hash_groups(["plate 2", "plate 7"])})
    with pytest.raises(CropSetError, match=r"flat was trained on 1 of the 3 groups"):
        assess(AssessRequest(Fake(card), crop_set(PHASES, P), RENAMES))
    assert asked == []
    # what is dropped may have been trained on
    held_out = crop_set(PHASES, P, group=np.array([*"aaaa", "plate 2", "b"]))
    assert assess(AssessRequest(Fake(card), held_out, RENAMES)).evaluation.groups == 2


def test_only_what_is_held_out(flat: Fake) -> None:
    card = replace(flat.card, metrics={"training_groups": hash_groups(["plate 2", "plate 7"])})
    request = AssessRequest(Fake(card), crop_set(PHASES, P), RENAMES, held_out=True)
    found = assess(request)
    # plate 2 has an apoptosis and a non-mitotic
    assert (found.evaluation.n, found.evaluation.groups) == (3, 2)
    assert found.evaluation.prior["apoptosis"] == 0
    assert "1 of 6 cells are left out: dropped, or without a label." in found.notes
    assert "2 of 6 cells are left out: their groups were trained on." in found.notes
    with pytest.raises(CropSetError, match="does not list the groups of its training"):
        assess(replace(request, model=flat))
    with pytest.raises(CropSetError, match="all groups were trained on"):
        assess(replace(request, crops=crop_set(PHASES, P, group=np.array(["plate 7"] * 6))))


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        (["a"] * 6, "All cells are of one group"),
        (list("abcdef"), "Every cell is a group of its own"),
    ],
)
def test_groups_that_say_little_are_noted(flat: Fake, groups: list[str], note: str) -> None:
    crops = crop_set(PHASES, P, group=np.array(groups))
    assert any(note in text for text in assess(AssessRequest(flat, crops, RENAMES)).notes)


def test_groups_of_the_data_are_looked_at_where_others_are_asked_for(flat: Fake) -> None:
    card = replace(flat.card, metrics={"training_groups": hash_groups(["plate 2", "plate 7"])})
    plates = np.array([f"plate {i % 3}" for i in range(6)])
    wells = crop_set(PHASES, P, group=np.array([*"ABCDEF"]), columns={"group": plates})
    notes = assess(AssessRequest(Fake(card), wells, RENAMES)).notes
    (note,) = [note for note in notes if "by the column group" in note]
    assert note.startswith("2 of 5 cells are")
    assert "flat was trained on" in note
    assert not any("by the column" in n for n in assess(AssessRequest(flat, wells, RENAMES)).notes)
    found = assess(AssessRequest(Fake(card), wells, RENAMES, held_out=True))
    assert found.evaluation.n == 3
    assert not any("by the column" in note for note in found.notes)


def test_crops_of_another_shape_than_a_model_takes_are_refused(flat: Fake) -> None:
    volume = replace(
        flat.card,
        recipe=replace(flat.card.recipe, axes=("volume",)),
        temperatures={"volume": {"level1": 1.0}},
    )
    crops = crop_set(PHASES, P)
    with pytest.raises(CropSetError, match=r"flat looks at volumes, but .* crops\.npz are 2D"):
        assess(AssessRequest(Fake(volume), crops, RENAMES))
    beside = replace(flat.card.recipe, unit="population")
    stacks = replace(crops, images=crops.images[:, :, None])
    with pytest.raises(CropSetError, match=r"the crops of crops\.npz are stacks\. Project them"):
        assess(AssessRequest(Fake(replace(flat.card, recipe=beside)), stacks, RENAMES))


def test_two_models_of_other_vocabularies(flat: Fake, model_card: ModelCard) -> None:
    stages = "+".join(model_card.phases[1:]).split("+")
    merge = {"mitotic": (*MERGE["mitotic"], *stages), "non-mitotic": MERGE["non-mitotic"]}
    request = AssessRequest(
        flat, crop_set(PHASES, P), RENAMES, merge, other=Fake(model_card), pairs=True
    )
    found = assess(request)
    assert found.comparison is not None
    assert found.other is not None
    assert (found.comparison.first, found.comparison.second) == ("flat", "untrained")
    # of the second, columns are other leaves: 0.3 against 0.7 for the cell of apoptosis
    assert found.comparison.accuracy == (1.0, 0.8)
    assert found.comparison.mcnemar.only_first == 1
    assert found.other.values["accuracy"] == 0.8
    (pair,) = found.pairs
    assert pair.accuracy == {"model": 1.0}
    assert {"comparison", "other", "pairs"} <= set(found.to_dict())


def test_a_model_with_itself_is_told_apart_by_hash(flat: Fake) -> None:
    found = assess(AssessRequest(flat, crop_set(PHASES, P), RENAMES, other=flat)).comparison
    assert found is not None
    assert found.first == "flat (000000000000)"
    assert (found.difference, found.mcnemar.p) == (0, 1)


def test_people_answer_in_the_labels_of_the_data(flat: Fake, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    rows = ["0,Ann,Interphase", "1,Ann,apoptosis", "2,Ann,Hole", "4,Ann,anaphase", "1,Bo,metaphase"]
    table.write_text("\n".join(["cell,annotator,phase", *rows]))
    request = AssessRequest(flat, crop_set(PHASES, P), RENAMES, MERGE, annotators=table)
    people = assess(request).people
    assert people is not None
    ann, bo = people.annotators
    # Hole is no answer; cell 4 is dropped
    assert (ann.n, ann.accuracy) == (2, 0.5)
    assert (bo.n, bo.accuracy) == (1, 1)
    assert people.ties == 1
    named = crop_set(PHASES, P, columns={"cell": np.array(list("uvwxyz"))})
    with pytest.raises(CropSetError, match="there is no cell '0'"):
        assess(replace(request, crops=named))


def test_unknown_vote(flat: Fake) -> None:
    with pytest.raises(CellCycleError, match="no vote 'loudest'"):
        AssessRequest(flat, crop_set(PHASES, P), vote="loudest")
