"""``evaluate`` in-process, on real crops, with a model of random weights."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle import cli

MERGE = "mitotic=mitotic,non-mitotic=non-mitotic"
KEYS = ["model", "n", "accuracy", "balanced_accuracy", "macro_f1", "ece", "classes", "confusion"]


@pytest.fixture(scope="module")
def crops(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty real nuclei of four images."""
    path = tmp_path_factory.mktemp("crops") / "rpe1.npz"
    with np.load(data_dir / "rpe1_h2b_21px.npz") as whole:
        rows = np.concatenate(
            [np.flatnonzero(whole["group"] == g)[:10] for g in np.unique(whole["group"])]
        )
        arrays = {key: whole[key] for key in ("channels",)}
        arrays |= {key: whole[key][rows] for key in ("images", "phase", "group")}
    np.savez(path, **arrays)
    return path


class Run:
    """The verb, and what it left on both streams."""

    def __init__(self, capsys: pytest.CaptureFixture[str], model: Path, crops: Path) -> None:
        self.capsys, self.model, self.crops = capsys, model, crops

    def __call__(self, *more: object) -> tuple[int, str, str]:
        words = ["evaluate", self.model, self.crops, "--device", "cpu", *more]
        self.capsys.readouterr()
        return (cli.main([str(word) for word in words]), *self.capsys.readouterr())

    def refused(self, *more: object) -> str:
        code, out, err = self(*more)
        assert (code, out) == (2, ""), err
        (line,) = [text for text in err.splitlines() if text.startswith("napari-cellcycle")]
        return line


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], model_folder: Path, crops: Path) -> Run:
    return Run(capsys, model_folder, crops)


def test_everything_at_once(run: Run, tmp_path: Path, crops: Path, model_folder: Path) -> None:
    phase = np.load(crops)["phase"]
    table = tmp_path / "people.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "annotator", "phase"])
        writer.writerows([i, "Ann", label] for i, label in enumerate(phase))
        writer.writerows([i, "Bo", "mitotic"] for i in range(20))
    out = tmp_path / "out"
    more = ("--compare", model_folder, "--annotators", table, "--pairs", "--out", out)
    code, printed, err = run("--merge", MERGE, *more)
    assert code == 0, err
    assert "40 cells, 4 groups" in printed
    assert "class prior" in printed
    for words in ("balanced accuracy", "McNemar", "paired t-test", "Fleiss' kappa", "majority"):
        assert words in printed
    assert "note: There are 4 groups only" in err
    assert "note: untrained goes without membrane" in err
    names = {"evaluation.json", "confusion.csv", "people.csv", "pairs.csv"}
    assert {path.name for path in out.iterdir()} == names | {"confusion.png", "reliability.png"}
    for picture in ("confusion.png", "reliability.png"):
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
    saved = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert saved["people"]["best"] == ["Ann"]
    assert saved["comparison"]["difference"] == 0
    with (out / "people.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["judge"] for row in rows] == ["Ann", "Bo", "majority", "model"]
    assert rows[0]["accuracy"] == "1.000"
    with (out / "pairs.csv").open(newline="", encoding="utf-8") as file:
        (pair,) = csv.DictReader(file)
    assert [pair["class"], pair["other class"], pair["Ann"]] == ["mitotic", "non-mitotic", "1.000"]
    with (out / "confusion.csv").open(newline="", encoding="utf-8") as file:
        matrix = [[int(n) for n in row[1:]] for row in list(csv.reader(file))[1:]]
    assert matrix == saved["confusion"]["matrix"]


def test_json_is_as_documented(run: Run, crops: Path) -> None:
    code, printed, err = run("--merge", MERGE, "--json")
    assert code == 0, err
    found = json.loads(printed)
    assert list(found)[:9] == [*KEYS, "intervals"]
    assert (found["model"], found["n"]) == ("untrained", 40)
    assert found["confusion"]["labels"] == list(found["classes"]) == ["mitotic", "non-mitotic"]
    truth = np.load(crops)["phase"]
    assert [sum(row) for row in found["confusion"]["matrix"]] == [
        (truth == "mitotic").sum(),
        (truth == "non-mitotic").sum(),
    ]
    right = np.trace(found["confusion"]["matrix"])
    assert found["accuracy"] == pytest.approx(right / 40, abs=1e-4)
    low, high = found["intervals"]["accuracy"]
    assert low <= found["accuracy"] <= high


def test_an_image_folder_and_other_names(run: Run, tmp_path: Path, crops: Path) -> None:
    import tifffile

    with np.load(crops) as arrays:
        renamed = tmp_path / "theirs.npz"
        np.savez(
            renamed,
            images=np.repeat(arrays["images"], 2, axis=1),
            stage=arrays["phase"],
            plate=arrays["group"],
        )
        for i, (image, phase) in enumerate(zip(arrays["images"], arrays["phase"], strict=True)):
            (tmp_path / "folder" / phase).mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(tmp_path / "folder" / phase / f"{i}.tif", image[0])
    plain = json.loads(run("--merge", MERGE, "--json")[1])
    run.crops = renamed
    keys = ("--label-key", "stage", "--group-key", "plate", "--channel", "dna=1")
    other = json.loads(run("--merge", MERGE, "--json", *keys)[1])
    assert other["intervals"] == plain["intervals"]
    run.crops = tmp_path / "folder"
    code, printed, err = run("--merge", MERGE, "--json")
    assert json.loads(printed)["accuracy"] == plain["accuracy"]
    assert code == 0
    assert "Every cell is a group of its own" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ((), "rpe1.npz has labels that the model does not know: mitotic ("),
        (("--map", "mitotic"), "'mitotic' is not understood; --map is theirs=ours"),
        (("--merge", "x=nothing"), "takes in nothing, which is neither a class"),
        (("--channel", "tubulin=0", "--merge", MERGE), "no dna channel, which untrained cannot"),
        (("--group-key", "plate"), "no plate to group by"),
        (("--annotators", "nobody.csv"), "There is no file nobody.csv"),
    ],
)
def test_mistakes_are_one_line(run: Run, more: tuple[str, ...], message: str) -> None:
    assert message in run.refused(*more)


def test_out_is_a_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file; give a folder" in run.refused("--out", tmp_path / "file")


def test_the_documented_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "evaluation.md"
    (code,) = re.findall(r"```py\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.startswith("0.75 (")
