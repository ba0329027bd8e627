"""``curate`` in-process on a project of drawn cells, and one line for each mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import tifffile
from fields import make_project, predict, write_field

from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import Merging, Review, propose_pairs
from napari_cellcycle.review.places import open_sources
from napari_cellcycle.review.suspects import curation

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

SMALL, LARGE = 3.0, 6.0
WRONG = (7, 41)
"""Labels of large cells that the model calls small."""
DOUBTFUL = 12


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty discs of two sizes on a dark ground; the model takes two of them for the other."""
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(1)
    labels = np.zeros((160, 200), np.uint16)
    y, x = np.mgrid[:160, :200]
    large = np.arange(80) % 2 == 0
    for i in range(80):
        radius = (LARGE if large[i] else SMALL) * rng.uniform(0.92, 1.08)
        labels[(y - 20 * (i // 10) - 10) ** 2 + (x - 20 * (i % 10) - 10) ** 2 < radius**2] = i + 1
    dna = np.where(labels > 0, 150, 20) + rng.integers(0, 10, labels.shape)
    tifffile.imwrite(folder / "discs.tif", dna.astype(np.uint8))
    tifffile.imwrite(folder / "labels.tif", labels)
    said = large.copy()
    said[[label - 1 for label in WRONG]] = False
    sure = np.full(80, 0.97)
    sure[DOUBTFUL - 1] = 0.55
    level1 = np.where(said[:, None], np.stack([1 - sure, sure], 1), np.stack([sure, 1 - sure], 1))
    with Project.create(folder / "discs", who="Ann") as project:
        image = open_image(folder / "discs.tif")
        number = project.images.add(
            image, open_labels(folder / "labels.tif"), settings={"channels": {"dna": 0}}
        ).number
        cells = project.segmentations.cells(1)
        phases = flat_vocabulary("sizes", ["small", "large"])
        decision = decide(level1[:, None], np.empty((80, 1, 0)), ("z",))
        project.predictions.add(number, cells, decision, model="m", model_sha256="0", phases=phases)
        return project.folder


def test_curate_finds_ranks_and_explains(run: Run, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "suspects.csv"
    code, text, err = run("curate", drawn, "--first", 3, "--out", out, "--json")
    assert (code, err) == (0, "")
    (found,) = json.loads(text)
    assert found["image"] == "discs.tif"
    first = found["suspects"]
    assert {row["label"] for row in first} == {*WRONG, DOUBTFUL}
    wrong = next(row for row in first if row["label"] == WRONG[0])
    assert (wrong["predicted_phase"], wrong["likely_phase"]) == ("small", "large")
    assert wrong["kind"] == "other phase"
    assert wrong["reason"].startswith("small, but its ")
    assert wrong["suspicion"] > 0.05
    assert found["dna_peaks"]["g1"] is None
    assert found["dna_peaks"]["problem"].startswith("Peaks at 1.0 : 4")
    total = found["report"][-1]
    assert (total["phase"], total["predicted"], total["examined"]) == ("total", 80, 0)
    assert 3 <= total["suspects"] < 20
    table = pd.read_csv(out)
    assert table["label"].tolist() == [row["label"] for row in first]
    assert {"area", "volume_px", "condensation", "reason"} & set(table.columns) >= {"volume_px"}
    with Project.open(drawn, who="Ann", read_only=True) as project:
        kept = project.measured.get(1, 0)
    assert kept is not None
    assert len(kept) == 80


def test_what_was_measured_before_an_interruption_is_not_measured_again(
    run: Run, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(drawn, tmp_path / drawn.name)
    shutil.rmtree(folder / "measurements")
    for name in ("discs.tif", "labels.tif"):
        shutil.copy(drawn.parent / name, tmp_path)
    monkeypatch.setattr(curation, "_KEEP_EVERY_S", 0.0)
    with Project.open(folder, who="Ann") as project:
        (source,) = open_sources([Review(project)])
        work = curation.iter_measured(source)
        assert [next(work).n_known for _ in range(3)] == [0, 32, 64]
        work.close()
        kept = project.measured.get(1, 0)
        assert kept is not None
        assert kept.n_known == 32
    assert run("curate", folder)[0] == 0
    with Project.open(folder, who="Ann", read_only=True) as project:
        whole = project.measured.get(1, 0)
    assert whole is not None
    assert whole.n_known == 80
    np.testing.assert_array_equal(whole.values[:32], kept.values[:32])


def test_the_report_counts_what_people_did_and_the_search_learns_from_it(
    run: Run, drawn: Path, tmp_path: Path
) -> None:
    drawn = shutil.copytree(drawn.parent, tmp_path / "copy") / drawn.name
    with Project.open(drawn, who="Ann") as project:
        review = Review(project)
        review.say(WRONG[0] - 1, "large")
        review.accept([0, 1])
        review.exclude(4, "debris")
        review.mark_seen([0, 9])
    _, text, _ = run("curate", drawn, "--who", "Ann", "--json")
    (found,) = json.loads(text)
    report = {row["phase"]: row for row in found["report"]}
    assert found["answers"] == 3
    labels = [row["label"] for row in found["suspects"]]
    assert WRONG[1] in labels[:3]
    assert not {WRONG[0], 1, 2, 5} & set(labels)
    keys = ("predicted", "examined", "changed", "left_out")
    assert [report["small"][key] for key in keys] == [42, 3, 1, 0]
    assert [report["large"][key] for key in keys] == [38, 2, 0, 1]
    assert [report["total"][key] for key in keys] == [80, 5, 1, 1]
    code, text, _ = run("curate", drawn, "--first", 2)
    assert code == 0
    assert text.startswith("discs.tif: 80 cells, ")
    assert text.splitlines()[0].endswith(" suspects, learned from 3 answers")
    assert "small, but its " in text


def test_limits_and_measures_are_options(run: Run, drawn: Path) -> None:
    def suspects(*words: object) -> int:
        code, text, err = run("curate", drawn, "--json", *words)
        assert (code, err) == (0, "")
        return int(json.loads(text)[0]["report"][-1]["suspects"])

    narrow = ("--between", 0, "--outlier", 0, "--doubt", 0)
    assert suspects(*narrow, "--by", "clusters", "--measures", "volume,dna_volume") == 2
    assert suspects("--doubt", 1) == 80
    assert suspects(*narrow, "--fewest", 41) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--measures", "girth"), "Nothing called 'girth' is measured"),
        (("--other", "2"), "2 is no share; give a number from 0 to 1"),
        (("--first", "none"), "'none' is no number of cells"),
        (("--out", "suspects.txt"), r"must end in .csv or .parquet"),
        (("--image", "other"), "has no image 'other'"),
        (("--fewest", "90"), "No phase has 90 cells"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    run: Run, drawn: Path, words: tuple[str, ...], message: str
) -> None:
    code, text, err = run("curate", drawn, *words)
    assert (code, text) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_an_image_with_too_few_cells_stops_no_other(run: Run, drawn: Path, tmp_path: Path) -> None:
    alone = json.loads(run("curate", drawn, "--json")[1])
    folder = tmp_path / "both"
    shutil.copytree(drawn.parent, folder)
    few = folder / "few.tif"
    y, x = np.mgrid[:60, :60]
    labels = ((y - 30) ** 2 + (x - 30) ** 2 < 64).astype(np.uint8)
    tifffile.imwrite(few, labels * np.uint8(90) + np.uint8(9))
    tifffile.imwrite(folder / "few_labels.tif", labels)
    with Project.open(folder / drawn.name, who="Ann") as project:
        image = project.images.add(
            open_image(few),
            open_labels(folder / "few_labels.tif"),
            settings={"channels": {"dna": 0}},
        )
        decision = decide(np.array([[[0.9, 0.1]]]), np.empty((1, 1, 0)), ("z",))
        cells = project.segmentations.cells(project.segmentations.current(image.number))
        phases = flat_vocabulary("sizes", ["small", "large"])
        project.predictions.add(
            image.number, cells, decision, model="m", model_sha256="0", phases=phases
        )
    code, text, err = run("curate", folder / drawn.name, "--json")
    assert code == 0
    assert json.loads(text) == alone
    assert "note: few.tif is left out: " in err
    assert run("curate", folder / drawn.name, "--image", "few.tif")[0] == 2


def test_a_project_without_predictions_has_no_suspects(run: Run, tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(flat_vocabulary("mine", ["a", "b"]))
        folder = project.folder
    code, _, err = run("curate", folder)
    assert code == 2
    assert "was never a file" in err


def test_pairs_of_daughters_are_printed_and_written(tmp_path: Path, run: Run) -> None:
    image, labels = write_field(tmp_path)
    dna = np.full((30, 40), 20, np.uint8)
    dna[12:18, 6:8] = dna[12:18, 12:14] = 200  # two plates that face each other
    tifffile.imwrite(image, dna)
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(
            open_image(image), open_labels(labels), settings={"channels": {"dna": 0}}
        )
        predict(project)
        review = Review(project)
        review.say(np.arange(12), "non-mitotic")
        review.say([4, 5], "anaphase-telophase-cytokinesis")
        expected = propose_pairs(open_sources([review])[0])
    place = expected.chosen(0.5)
    code, out, _ = run("curate", str(project.folder), "--daughters", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [[row["label"], row["other_label"]] for row in rows] == [[5, 6]]
    assert rows[0]["score"] == pytest.approx(expected.score[place][0])
    assert all(row["wall"] is None for row in rows)  # there is no membrane
    table = tmp_path / "pairs.csv"
    code, out, _ = run("curate", str(project.folder), "--daughters", "--out", str(table))
    assert code == 0
    assert out.splitlines()[0].split() == ["image", "frame", "labels", "score", "why"]
    pairs = pd.read_csv(table)
    assert len(pairs) == len(place) == 1
    # the table, filled in, comes back
    pairs["verdict"] = "reject"
    pairs.to_csv(table, index=False)
    verdicts = ("curate", project.folder, "--daughters", "--verdicts", table, "--who", "Ann")
    told = "verdicts: 1 new, 0 known; rows without one: 0; rows that do not match: 0\n"
    assert run(*verdicts) == (0, told, "")
    with Project.open(project.folder, who="Ann") as project:
        assert Merging(project, 1).rejected == {(0, (5, 6))}
    code, out, _ = run("curate", str(project.folder), "--daughters", "--json")
    assert json.loads(out) == []


def test_labels_that_are_one_cell_now_are_classified_again(
    data_dir: Path,
    tmp_path: Path,
    tiny_folder: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    assert run("models", "install", tiny_folder)[0] == 0
    stem = data_dir / "organoid_h2b_membrane_3d_t303"
    labels, home = f"{stem}_nuclei_labels.ome.tif", tmp_path / "organoid.cellcycle"
    words = ("--labels", labels, "--model", "tiny", "--project", home)
    assert run("classify", f"{stem}.ome.tif", *words)[0] == 0
    table = tmp_path / "pairs.csv"
    table.write_text("frame,labels,verdict\n0,11+19,accept\n")
    verdicts = ("curate", home, "--daughters", "--verdicts", table)
    code, out, err = run(*verdicts)
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "classified again: 1 cell"
    with Project.open(home, who="Ann", read_only=True) as project:
        review = Review(project)
        assert len(review.stale_rows) == 0
        first, again = project.predictions.line(review.chosen_set)
        assert (first.n_cells, again.n_cells) == (21, 1)
        (row,) = np.flatnonzero(review.cells.label == 11)
        parts = np.isin(open_labels(labels).volume(0), [11, 19]).sum()
        assert review.cells.voxels[row] == parts, "seen as a whole"
    # without its model the next one waits, and says so
    assert run("models", "remove", "tiny")[0] == 0
    table.write_text("frame,labels,verdict\n0,16+20,accept\n")
    code, out, err = run(*verdicts, "--json")
    assert (code, json.loads(out)["classified"]) == (0, 0)
    assert "1 cell not classified again: The model that classified these cells, tiny, is not" in err


def test_verdicts_on_pairs_are_one_action(tmp_path: Path, run: Run) -> None:
    with make_project(tmp_path) as project:
        Merging(project, 1).merge(0, [1, 2])
        Merging(project, 1).reject(0, [3, 4])
    table = tmp_path / "pairs.csv"
    rows = [
        *("frame;labels;verdict;who cares", "0;6+5; Accept;x", ";7+8;reject", "0;9+10;;"),
        *("0;1+2;accept", "0;3+4;accept", "0;2+7;accept", "0;8+99;reject", "0;11;accept"),
        *("0;5+6;reject", "0;11+12;perhaps", "1;11+12;accept", "0;6+11;accept", "0;a+b;accept"),
    ]
    table.write_text("\n".join(rows))
    words = ("curate", project.folder, "--daughters", "--verdicts", table, "--who", "Ann")
    code, out, err = run(*words)
    assert code == 0
    assert out == "verdicts: 3 new, 1 known; rows without one: 1; rows that do not match: 8\n"
    first, *lines = err.splitlines()
    assert first.startswith("note: 3 cells not classified again: field was never a file")
    assert [line.partition(": ")[2] for line in lines] == [
        f"pairs.csv, line {line}: {why}"
        for line, why in (
            (7, "label 2 of frame 0 is a part of the cell 1+2; split that one first."),
            (8, "there is no label 99 in frame 0."),
            (9, "Label 11 of frame 0 cannot be merged with itself. Choose two labels or more."),
            (10, "labels 5+6 of frame 0 are there a second time."),
            (11, "its verdict is 'perhaps'; expected accept, reject or nothing."),
            (12, "there is no label 11 in frame 1."),
            (13, "label 6 of frame 0 is a part of the cell 5+6; split that one first."),
            (14, "its label is 'a', and not a whole number."),
        )
    ]
    code, out, _ = run(*words, "--json")
    again = json.loads(out)
    assert (again["new"], again["known"], again["silent"]) == (0, 4, 1)
    with Project.open(project.folder, who="Ann") as project:
        merging = Merging(project, 1)
        assert merging.groups == ((0, (1, 2)), (0, (3, 4)), (0, (5, 6)))
        assert merging.rejected == {(0, (7, 8))}
        assert merging.to_undo is not None
        assert merging.to_undo.about == "pairs of pairs.csv"
        merging.undo()
        assert (merging.groups, merging.rejected) == (((0, (1, 2)),), {(0, (3, 4))})
    for more, message in (
        (("--out", tmp_path / "a.csv"), "--verdicts goes with --daughters, and without --out."),
        (("--image", "none"), "has no image 'none'"),
    ):
        code, _, err = run(*words, *more)
        assert code == 2
        assert message in err
    table.write_text("frame,label\n0,1\n")
    code, _, err = run(*words)
    assert code == 2
    assert "it needs 'frame', 'labels' and 'verdict'" in err
