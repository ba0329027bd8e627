"""The table scripts: what they give each judge, and that docs/benchmarks.md has their blocks."""

import sys
from pathlib import Path

import bench_allen
import bench_microtubule
import bench_phases
import bench_votes
import numpy as np
import pytest
import run_all
from plain_baselines import MITOCHECK

from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.recipes import find_recipe

ROOT = Path(__file__).resolve().parents[1]


def test_every_script_with_a_table_has_its_block_in_a_page_and_every_block_its_script():
    tables = {table.name: table for table in run_all.tables_of(ROOT / "docs")}
    assert {"allen", "phases", "residual", "microtubule", "votes", "speed"} <= set(tables)
    for table in tables.values():
        text = table.page.read_text(encoding="utf-8")
        begin, end = (f"<!-- table {table.name}: {word} -->" for word in ("begin", "end"))
        assert text.count(begin) == text.count(end) == 1
        block = text.split(begin)[1].split(end)[0]
        assert block.strip().split(" ")[0] in ("Shortened", "Full"), table.name
        assert "\n| --- |" in block
    scripts = {table.words[0] for table in tables.values()}
    for path in (ROOT / "benchmarks").glob("*.py"):
        if "    publish(given" in path.read_text(encoding="utf-8"):
            assert f"benchmarks/{path.name}" in scripts, path.name


def test_all_tables_are_made_anew_by_their_own_commands(tmp_path, monkeypatch, capsys):
    docs, scripts = tmp_path / "docs", tmp_path / "benchmarks"
    docs.mkdir()
    scripts.mkdir()
    (scripts / "bench_a.py").write_text(
        "import sys; from pathlib import Path; page = Path(sys.argv[-1])\n"
        "page.write_text(page.read_text().replace('old', ' '.join(sys.argv[1:-4])))\n"
    )
    (scripts / "bench_b.py").write_text("raise SystemExit(3)\n")
    for name, said in (
        ("a", "bench_a.py --task x --cells 3 --work DIR"),
        ("b", "bench_b.py"),
    ):
        (docs / f"{name}.md").write_text(
            f"By hand.\n<!-- table {name}: begin -->\n\nFull run: `benchmarks/{said}`.\n\nold\n"
            f"<!-- table {name}: end -->\n"
        )
    monkeypatch.setattr(run_all, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["run_all.py"])
    assert run_all.main(["--into", str(tmp_path / "copy"), "--quick"]) == 1
    assert "b: exit 3" in capsys.readouterr().err
    assert (tmp_path / "copy" / "a.md").read_text().count("\n--quick --task x --work ") == 1
    assert "\nold\n" in (docs / "a.md").read_text()
    assert run_all.main(["a"]) == 0
    assert "\n--task x --cells 3 --work " in (docs / "a.md").read_text()
    assert (docs / "a.md").read_text().startswith("By hand.\n")
    for words, message in ((["c"], "no table c"), (["--quick"], "name a folder for copies")):
        with pytest.raises(SystemExit):
            run_all.main(words)
        assert message in capsys.readouterr().err


def test_every_phenotype_is_mitotic_or_not():
    recipe = find_recipe("allen-mitotic")
    phases = {bench_allen.RENAMES.get(phase, phase) for phase in MITOCHECK.values() if phase}
    assert phases == set(recipe.vocabulary)
    assert bench_allen.RENAMES["apoptosis"] == "non-mitotic"


@pytest.mark.parametrize("data", bench_phases.SETS)
@pytest.mark.parametrize("network", bench_phases.NETWORKS)
def test_the_networks_of_a_data_set_differ_in_the_network_only(network, data):
    ours, theirs = bench_phases.recipe_of(network, data), find_recipe(f"cnncc-{data.lower()}")
    assert ours.architecture.name == network
    assert (ours.fit, ours.labels) == (theirs.fit, theirs.labels)
    assert ours.views.intensity == "cell"
    if network == "nagao":
        assert ours.architecture == theirs.architecture


@pytest.mark.parametrize("name", ["allen", "phases", "residual", "votes"])
def test_a_published_row_stands_beside_ours(name):
    page = (run_all.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    table = page.split(f"<!-- table {name}: begin -->")[1].split(f"<!-- table {name}: end -->")[0]
    assert "\n| published" in table


def test_each_axis_alone_says_what_it_says_and_votes_weigh_them():
    sure, unsure, wrong = [0.01, 0.99], [0.45, 0.55], [0.7, 0.3]
    level1 = np.array([[wrong, sure, unsure], [wrong, wrong, unsure]])
    said = {name: d.phase.tolist() for name, d in bench_votes.judges(level1, None, tuple("xyz"))}
    assert said == {
        "x alone": [0, 0],
        "y alone": [1, 0],
        "z alone": [1, 1],
        "lowest entropy": [1, 0],
        "majority": [1, 0],
        "mean": [1, 0],
    }
    decision = dict(bench_votes.judges(level1, None, tuple("xyz")))["z alone"]
    found = bench_votes.top_level(decision, np.array([True, False]), ["a", "b"])
    assert found.values["recall/mitotic"] == 1
    assert found.values["specificity/mitotic"] == 0


def test_people_are_judged_in_a_pair_by_answers_inside_it(tmp_path):
    crops = CropSet(
        np.arange(4)[:, None, None, None] + np.zeros((4, 1, 8, 8)),
        ("tubulin",),
        np.array(["0", "0.1", "1", "0"]),
        np.array(["d"] * 4),
        "few",
    )
    path = tmp_path / "people.csv"
    path.write_text("cell,annotator,phase\n0,Ann,0\n1,Ann,1\n2,Ann,1\n3,Ann,0.1\n")
    tasks = (("0", "0.1", "1"), ("0", "0.1"))
    rows = bench_microtubule.people(path, crops, tasks)
    # of cells 0, 1 and 3, Ann's answer about 1 is outside of the pair
    assert rows["Ann"] == ["0.500 of 4", "0.500 of 2"]
    table = bench_microtubule.table(tasks, rows).splitlines()
    assert table[0] == "| accuracy | three classes | 0 or 0.1 |"
    assert table[2] == "| Ann | 0.500 of 4 | 0.500 of 2 |"
