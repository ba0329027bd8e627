from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.phases import G1_S_G2_M, MITOSIS_2D, MITOSIS_STAGES
from napari_cellcycle.train.data.relabel import (
    called_leaves,
    check_labels,
    merge_labels,
    merged_classes,
    parse_map,
    parse_merge,
    relabel,
)

TWO = "mitotic=prometaphase+metaphase+anaphase,non-mitotic=non-mitotic+apoptosis"


def test_map_renames_drops_and_keeps() -> None:
    mapping = parse_map("Interphase=non-mitotic, Large = non-mitotic,Hole=")
    assert mapping == {"Interphase": "non-mitotic", "Large": "non-mitotic", "Hole": ""}
    labels = ["Interphase", "Hole", "metaphase", "Large"]
    assert relabel(labels, mapping).tolist() == ["non-mitotic", "", "metaphase", "non-mitotic"]
    assert relabel([], mapping).tolist() == []


def test_a_longer_name_is_not_cut() -> None:
    assert relabel(np.array(["a"]), {"a": "prometaphase"}).tolist() == ["prometaphase"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Interphase", r"'Interphase' is not understood; --map is theirs=ours"),
        ("=g1", "'=g1' is not understood"),
        ("a=b=c", "'a=b=c' is not understood"),
        ("G1=g1,G1=s", "'G1' is given twice"),
        (" , ", "says nothing"),
    ],
)
def test_what_is_no_map(text: str, message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        parse_map(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mitotic", "'mitotic' is not understood; --merge is name=class"),
        ("mitotic=", "'mitotic' takes in a class without a name"),
        ("mitotic=a++b", "takes in a class without a name"),
        ("x=a+b,y=b", "--merge takes in b twice"),
        ("x=a,x=b", "'x' is given twice"),
    ],
)
def test_what_is_no_merge(text: str, message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        parse_merge(text)


def test_the_documented_merge() -> None:
    merge = parse_merge(TWO)
    classes = merged_classes(MITOSIS_2D, merge)
    assert classes == {
        "mitotic": ("prometaphase", "metaphase", "anaphase"),
        "non-mitotic": ("non-mitotic", "apoptosis"),
    }
    labels = ["anaphase", "apoptosis", "non-mitotic", "mitotic"]
    found = merge_labels(labels, merge, classes)
    assert found.tolist() == ["mitotic", "non-mitotic", "non-mitotic", "mitotic"]
    check_labels(found, list(classes), "data")
    # probabilities add up and the merged argmax counts, though the best leaf is non-mitotic
    p = np.array([[0.4, 0.25, 0.2, 0.15, 0.0]])
    names, merged = MITOSIS_2D.coarsen(p, classes)
    assert names == ("mitotic", "non-mitotic")
    assert merged == pytest.approx(np.array([[0.6, 0.4]]))


def test_classes_that_are_not_merged_stay() -> None:
    classes = merged_classes(G1_S_G2_M, {"cycling": ("s", "g2")})
    assert classes == {"cycling": ("s", "g2"), "g1": ("g1",), "m": ("m",)}
    assert merged_classes(G1_S_G2_M, {}) == {slug: (slug,) for slug in G1_S_G2_M.slugs}


def test_a_branch_stands_for_its_leaves() -> None:
    merge = {"dividing": ("mitotic",)}
    classes = merged_classes(MITOSIS_2D, merge)
    assert classes["dividing"] == ("prometaphase", "metaphase", "anaphase")
    found = merge_labels(["metaphase", "mitotic", "apoptosis"], merge, classes)
    assert found.tolist() == ["dividing", "dividing", "apoptosis"]
    # beside one of them too: another model, of the same comparison, may know that class alone
    assert merged_classes(MITOSIS_2D, {"dividing": ("metaphase", "mitotic")}) == {
        **classes,
        "dividing": ("metaphase", "prometaphase", "anaphase"),
    }


def test_a_label_that_is_no_class_may_be_merged_into_one() -> None:
    # this model knows no apoptosis; the data set does
    merge = {"not": ("non-mitotic", "apoptosis")}
    classes = merged_classes(MITOSIS_STAGES, merge, ["apoptosis", "prophase"])
    assert classes["not"] == ("non-mitotic",)
    found = merge_labels(["apoptosis", "prophase"], merge, classes)
    assert found.tolist() == ["not", "prophase"]


@pytest.mark.parametrize(
    ("merge", "message"),
    [
        ({"m": ("metafase",)}, "takes in metafase, which is neither a class of the model"),
        (
            {"dead": ("debris",)},
            "makes dead of debris, but a model with the classes .* knows none of them",
        ),
        ({"non-mitotic": ("apoptosis",)}, r"write non-mitotic=non-mitotic\+apoptosis"),
        ({"a": ("mitotic",), "b": ("metaphase",)}, "puts metaphase into both a and b"),
    ],
)
def test_merges_that_cannot_be(merge: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        merged_classes(MITOSIS_2D, merge, ["debris", "apoptosis"])


def test_unknown_labels_are_counted_and_the_way_out_is_named() -> None:
    labels = ["g1", "G2", "Late S", "G2"]
    with pytest.raises(CropSetError) as error:
        check_labels(labels, G1_S_G2_M.slugs, "jurkat.npz")
    message = str(error.value)
    assert "jurkat.npz has labels that the model does not know: G2 (2), Late S (1)" in message
    assert "g1, s, g2, m" in message
    assert "(--map G2=CLASS), leave them out (--map G2=)" in message


def test_two_levels_decide_along_the_tree() -> None:
    # non-mitotic is the best leaf, but mitotic is more probable as a whole
    p = np.array([[0.4, 0.2, 0.2, 0.15, 0.05], [0.5, 0.5, 0, 0, 0], [0.1, 0.2, 0.3, 0.4, 0.0]])
    assert called_leaves(p, MITOSIS_STAGES).tolist() == [1, 0, 3]
    assert called_leaves(p, MITOSIS_2D).tolist() == [0, 0, 3]
