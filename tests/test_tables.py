"""What the table scripts share: blocks of a page, Markdown, and a fit that tests other groups."""

from dataclasses import replace

import numpy as np
import pytest
import tables

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.evaluation.evaluate import evaluate
from napari_cellcycle.train.recipes import find_recipe

PAGE = """# Page

<!-- table one: begin -->
old one
<!-- table one: end -->

between

<!-- table two: begin -->
old two
<!-- table two: end -->
"""


def given(*words, **sizes):
    return tables.options("one", "About.", **sizes).parse_args(list(words))


def test_a_block_is_replaced_and_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    tables.write_block(page, "one", r"new \1 one")
    text = page.read_text()
    assert text == PAGE.replace("\nold one\n", "\n\nnew \\1 one\n\n")
    tables.write_block(page, "one", r"new \1 one")
    assert page.read_text() == text


def test_a_page_without_the_block_is_refused_and_kept(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(CellCycleError, match=r"page\.md has 0 blocks for the table three"):
        tables.write_block(page, "three", "new")
    with pytest.raises(CellCycleError, match=r"has 0 blocks for the table three"):
        tables.parsed(tables.options("three", ""), ["--out", str(page)])
    assert tables.parsed(tables.options("two", ""), ["--out", str(page)]).out == page
    page.write_text(PAGE + PAGE)
    with pytest.raises(CellCycleError, match=r"has 2 blocks for the table one"):
        tables.write_block(page, "one", "new")
    assert page.read_text() == PAGE + PAGE


def test_a_new_file_holds_one_block_that_can_be_replaced(tmp_path, capsys):
    page = tmp_path / "new.md"
    for text in ("first", "second"):
        tables.publish(given("--out", str(page)), text, command=["benchmarks/bench_one.py"])
    assert "second" in capsys.readouterr().out
    assert "second" in page.read_text()
    assert "first" not in page.read_text()
    assert page.read_text().count("<!-- table one") == 2


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        ((), "Full run of "),
        (("--epochs", "5", "--cells", "9"), "Shortened run (epochs 5) of "),
        (("--quick", "--epochs", "5"), "Quick run (it shows that the script works, no more) of "),
    ],
)
def test_a_table_says_how_it_was_made(words, begins):
    said = tables.conditions(
        given(*words, epochs=None, cells=9),
        ["/home/me/benchmarks/bench_one.py", *words, "--data", "/home/me/data", "--out=x.md"],
    )
    assert said.startswith(begins)
    assert said.endswith(f"`{' '.join(['benchmarks/bench_one.py', *words])}`.")


def test_markdown_has_a_cell_a_column():
    assert tables.markdown(("a", "b"), [("1", "2")]).splitlines() == [
        "| a | b |",
        "| --- | ---: |",
        "| 1 | 2 |",
    ]
    with pytest.raises(ValueError, match="3 cells in a table of 2 columns"):
        tables.markdown(("a", "b"), [("1", "2", "3")])


def test_figures_have_their_interval_where_there_is_one():
    truth = ["a", "a", "b", "b"]
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    found = evaluate(truth, p, ("a", "b"), ["1", "2", "1", "2"], draws=50)
    assert tables.with_interval(found, "accuracy") == "0.750 (0.500–1.000)"
    assert tables.recall_and_f1(found, "b") == "0.50 / 0.67"
    alone = evaluate(truth, p, ("a", "b"), ["1"] * 4)
    assert tables.with_interval(alone, "accuracy") == "0.750"
    silent = evaluate(["a", "a"], p[:2], ("a", "b"), ["1", "2"], draws=50)
    assert tables.recall_and_f1(silent, "b") == "– / –"


@pytest.fixture(scope="module")
def halves():
    """Crops whose left or right half is bright, in twelve images."""
    rng = np.random.default_rng(0)
    left = np.arange(72) % 2 == 0
    images = rng.integers(0, 20, (72, 1, 12, 12)).astype(np.uint8)
    images[left, :, :, :6] += 100
    images[~left, :, :, 6:] += 100
    group = np.repeat([f"image {i}" for i in range(12)], 6)
    return CropSet(images, ("dna",), np.where(left, "L", "R"), group, "halves")


def test_learning_tests_on_groups_of_its_own(halves):
    recipe = find_recipe("logistic-regression")
    recipe = replace(recipe, views=replace(recipe.views, size=16, unit="px", extent=6, mask=False))
    experiment, parts = tables.prepare(halves, recipe, renames={"L": "left", "R": "right"})
    learned = tables.learn(experiment, parts, epochs=4)
    groups = [set(learned.experiment.crops.group[rows]) for rows in learned.parts.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 12
    found = learned.score("test")
    assert found.labels == ("left", "right")
    assert found.n == len(learned.parts["test"])
    assert learned.right("test").mean() == pytest.approx(found.values["accuracy"])
    assert found.values["accuracy"] > 0.9
    assert learned.best_epochs[0] <= 4
    other = replace(recipe, views=replace(recipe.views, size=20))
    with pytest.raises(ValueError, match="do not share their views"):
        tables.learn(experiment, parts, recipe=other)
