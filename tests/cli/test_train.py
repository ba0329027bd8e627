"""``train`` in-process, on real crops in three forms, and on six wrong data sets."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v3
import numpy as np
import pytest

from napari_cellcycle import cli

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


class Run:
    """The verb, and what it left on both streams."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys, self.folder = capsys, folder
        self.recipe = folder / "small.toml"
        self.recipe.write_text(RECIPE)

    def __call__(self, data: object, *more: object) -> tuple[int, str, str]:
        words = ["train", data, "--model", self.recipe, "--out", self.folder / "model", *more]
        self.capsys.readouterr()
        words += ["--device", "cpu"]
        return (cli.main([str(word) for word in words]), *self.capsys.readouterr())

    def refused(self, data: object, *more: object) -> str:
        code, out, err = self(data, *more)
        assert (code, out) == (2, ""), err
        assert not (self.folder / "model").exists()
        (line,) = [text for text in err.splitlines() if text.startswith("napari-cellcycle")]
        return line


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return Run(capsys, tmp_path)


@pytest.fixture(scope="module")
def rpe1(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred and sixty real nuclei of four images."""
    path = tmp_path_factory.mktemp("crops") / "rpe1.npz"
    with np.load(data_dir / "rpe1_h2b_21px.npz") as whole:
        rows = np.concatenate(
            [np.flatnonzero(whole["group"] == g)[::4][:40] for g in np.unique(whole["group"])]
        )
        np.savez(path, **{key: whole[key][rows] for key in ("images", "phase", "group")})
    return path


def as_folder(path: Path, folder: Path) -> Path:
    """The same crops as pictures, one sub-folder a class and in it one an image."""
    with np.load(path) as arrays:
        rows = zip(arrays["images"], arrays["phase"], arrays["group"], strict=True)
        for i, (image, phase, group) in enumerate(rows):
            place = folder / str(phase) / str(group)
            place.mkdir(parents=True, exist_ok=True)
            imageio.v3.imwrite(place / f"{i}.png", (image[0] // 256).astype(np.uint8))
    return folder


def other_spelling(path: Path, new: Path) -> Path:
    """The same crops without an axis of channels, under other names."""
    with np.load(path) as arrays:
        np.savez(new, images=arrays["images"][:, 0], stage=arrays["phase"], image=arrays["group"])
    return new


def test_three_forms_of_one_data_set_are_split_alike(run: Run, rpe1: Path, tmp_path: Path) -> None:
    parts = []
    for data, options in (
        (rpe1, ()),
        (
            other_spelling(rpe1, tmp_path / "o.npz"),
            ("--label-key", "stage", "--group-key", "image"),
        ),
        (as_folder(rpe1, tmp_path / "pictures"), ()),
    ):
        code, out, err = run(data, "--json", "--epochs", "1", "--replace", *options)
        assert code == 0, err
        found = json.loads(out)
        assert found["phases"] == ["mitotic", "non-mitotic"]
        record = json.loads((tmp_path / "model.run.json").read_text())
        parts.append({part: len(each["groups"]) for part, each in record["parts"].items()})
    assert parts == [{"train": 2, "validation": 1, "test": 1}] * 3


def test_earlier_work_gives_way_only_when_told_to(run: Run, rpe1: Path, tmp_path: Path) -> None:
    assert run(rpe1, "--epochs", "1")[0] == 0
    model, record = tmp_path / "model", tmp_path / "model.run.json"
    before = (model / "card.json").read_bytes(), record.read_bytes()

    def refused(*more: str) -> str:
        code, _, err = run(rpe1, "--epochs", "1", *more)
        assert code == 2
        assert ((model / "card.json").read_bytes(), record.read_bytes()) == before
        return err

    for more in ((), ("--resume",)):
        assert "model is a model already, and is left as it is" in refused(*more)
    beside = refused("--out", str(tmp_path / "model.zip"))
    assert "model.run.json is of a model that was trained before" in beside
    assert "holds no epoch of a model that could be finished" in refused("--finish", "--replace")
    (tmp_path / "photos.zip").write_text("all of them")
    for more in ((), ("--replace",)):
        assert "photos.zip" in refused("--out", str(tmp_path / "photos.zip"), *more)
    assert (tmp_path / "photos.zip").read_text() == "all of them"
    assert run(rpe1, "--seed", "1", "--epochs", "1", "--replace")[0] == 0
    assert (model / "card.json").read_bytes() != before[0]


def test_an_interrupted_training_gives_way_only_when_told_to(
    run: Run, rpe1: Path, tmp_path: Path
) -> None:
    former = tmp_path / "model.checkpoints" / "axis-y.pt"
    former.parent.mkdir()
    former.write_bytes(b"hours of work")
    assert "Go on with it (--resume), or begin anew (--replace)" in run.refused(rpe1)
    assert "is no checkpoint" not in run.refused(tmp_path / "nothing.npz", "--replace")
    assert former.read_bytes() == b"hours of work"
    code, _, err = run(rpe1, "--epochs", "1", "--replace")
    assert code == 0, err
    assert not former.parent.exists()


def test_what_is_printed(run: Run, rpe1: Path) -> None:
    code, out, err = run(rpe1, "--seed", "2", "--folds", "3")
    assert code == 0, err
    out = " ".join(out.split())
    for text in (
        "model model (logistic-regression)",
        "phases mitotic, non-mitotic",
        "axis z best epoch",
        "on the test part",
        "truth \\ called",
        "in 3 folds",
        "model.curves.png",
    ):
        assert text in out
    (note,) = err.splitlines()
    assert note.startswith("note: Test part: all cells are of one group")


def test_a_further_set_is_learned_from_and_named(run: Run, rpe1: Path, tmp_path: Path) -> None:
    with np.load(rpe1) as arrays:
        first = np.isin(arrays["group"], np.unique(arrays["group"])[:3])
        for name, rows in (("mine", first), ("other", ~first)):
            values = {key: arrays[key][rows] for key in arrays.files}
            if name == "mine":  # an image is a group; four are needed at least
                values["group"] = np.array([f"{g}-{i % 2}" for i, g in enumerate(values["group"])])
            np.savez(tmp_path / f"{name}.npz", **values)
    mine, other = tmp_path / "mine.npz", tmp_path / "other.npz"
    licences = ("--licence", "BSD-3-Clause", "--licence", "MIT")
    code, out, err = run(mine, "--with", other, *licences, "--epochs", "1")
    assert code == 0, err
    out = " ".join(out.split())
    assert "data mine.npz and other.npz" in out
    assert "to test, 40 to learn from beside" in out
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert [source["licence"] for source in card["training_data"]] == ["BSD-3-Clause", "MIT"]
    groups = json.loads((tmp_path / "model.run.json").read_text())["parts"]["train"]["groups"]
    assert len(groups) == 4


def test_a_further_set_with_the_same_cells_is_refused(run: Run, rpe1: Path) -> None:
    assert "is it given twice? A further set (--with) must" in run.refused(rpe1, "--with", rpe1)
    licences = ("--licence", "MIT", "--licence", "MIT")
    assert "--licence is given 2 times, but there is 1 data set" in run.refused(rpe1, *licences)


def test_its_own_training_groups_cannot_test_it(run: Run, rpe1: Path, tmp_path: Path) -> None:
    assert run(rpe1, "--map", "mitotic=M,non-mitotic=rest")[0] == 0
    run.capsys.readouterr()
    words = ["evaluate", tmp_path / "model", rpe1, "--map", "mitotic=M,non-mitotic=rest"]
    assert cli.main([str(word) for word in words]) == 2
    assert "was trained on 3 of the 4 groups" in run.capsys.readouterr().err


def test_its_own_crops_cannot_test_it_whatever_their_groups_are_called(
    run: Run, rpe1: Path, tmp_path: Path
) -> None:
    assert run(rpe1)[0] == 0
    record = json.loads((tmp_path / "model.run.json").read_text())
    with np.load(rpe1) as whole:
        plain = {key: whole[key] for key in whole.files}
    (kept_apart,) = record["parts"]["test"]["groups"]
    held = plain["group"] == kept_apart
    names, inverse = np.unique(plain["group"], return_inverse=True)
    plain["group"] = np.array([f"anew {i}" for i in range(len(names))])[inverse]
    plain["images"] = np.rot90(plain["images"], axes=(-2, -1))[..., ::-1]
    np.savez(tmp_path / "anew.npz", **plain)

    def evaluate(*more: str) -> tuple[int, str, str]:
        run.capsys.readouterr()
        words = ["evaluate", tmp_path / "model", tmp_path / "anew.npz", *more]
        return (cli.main([str(word) for word in words]), *run.capsys.readouterr())

    code, _, err = evaluate()
    assert code == 2
    learned = ", ".join(sorted(set(plain["group"][~held])))
    assert (
        f"trained on crops of 3 of the 4 groups in anew.npz, which had other names then: {learned}."
        in err
    )
    code, out, err = evaluate("--held-out", "--json")
    assert code == 0, err
    assert json.loads(out)["n"] == held.sum() == record["test"]["n"]
    # nor is a training that goes on from it tested on them
    code, _, err = run(
        tmp_path / "anew.npz", "--from", tmp_path / "model", "--out", tmp_path / "more"
    )
    assert code == 0, err
    again = json.loads((tmp_path / "more.run.json").read_text())
    assert again["parts"]["test"]["groups"] == np.unique(plain["group"][held]).tolist()
    run.capsys.readouterr()
    assert cli.main(["evaluate", str(tmp_path / "more"), str(rpe1)]) == 2
    assert "was trained on 3 of the 4 groups in rpe1.npz" in run.capsys.readouterr().err


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"phase": None}, (), "wrong.npz has no phase; it holds images, group"),
        ({"phase": np.array(["mitotic"])}, (), "160 images, 1 phases"),
        ({"images": np.full((160, 1, 8, 8), np.nan)}, (), "160 of 160 crops hold values that are"),
        ({"images": np.zeros((160, 3, 8, 8))}, (), "does not say what its 3 channels show"),
        ({"group": np.full(160, "one")}, (), "wrong.npz has 1 group(s) of crops, but train"),
        ({"phase": np.full(160, "mitotic")}, (), "has cells of one phase only, mitotic (160)"),
        ({}, ("--map", "mitotic"), "'mitotic' is not understood; --map is theirs=ours"),
        ({}, ("--group-key", "plate"), "wrong.npz has no plate to group by (--group-key)"),
    ],
)
def test_a_wrong_data_set_is_one_line(
    run: Run,
    rpe1: Path,
    tmp_path: Path,
    arrays: dict[str, object],
    options: tuple[str, ...],
    message: str,
) -> None:
    with np.load(rpe1) as whole:
        plain = {key: whole[key] for key in whole.files} | arrays
    path = tmp_path / "wrong.npz"
    np.savez(path, **{key: value for key, value in plain.items() if value is not None})
    assert message in run.refused(path, *options)


def test_labels_that_no_cell_has_and_cells_without_a_label_are_told_of(
    run: Run, rpe1: Path, tmp_path: Path
) -> None:
    with np.load(rpe1) as whole:
        plain = {key: whole[key] for key in whole.files}
    plain["phase"][:3] = ""
    np.savez(tmp_path / "some.npz", **plain)
    code, _, err = run(tmp_path / "some.npz", "--epochs", "1", "--map", "Mitotic=m,mitotic=m")
    assert code == 0
    assert "note: No cell is labelled Mitotic, which --map names." in err
    assert "note: 3 of 160 cells are left out: without a label." in err


def test_phases_that_nobody_gave_are_told_of(run: Run, rpe1: Path, tmp_path: Path) -> None:
    with np.load(rpe1) as whole:
        plain = {key: whole[key] for key in whole.files}
    plain["status"] = np.where(np.arange(len(plain["phase"])) < 9, "predicted", "corrected")
    np.savez(tmp_path / "some.npz", **plain)
    code, _, err = run(tmp_path / "some.npz", "--epochs", "1")
    assert code == 0
    assert "note: 9 of 160 cells of some.npz have the phase that a model predicted, and" in err


def test_crops_that_show_nothing_are_told_of_and_kept(run: Run, rpe1: Path, tmp_path: Path) -> None:
    with np.load(rpe1) as whole:
        plain = {key: whole[key] for key in whole.files}
    plain["images"][[0, 3]] = 0
    plain["images"][5] = 700
    plain["phase"][[0, 3, 5]] = "mitotic", "non-mitotic", "mitotic"
    np.savez(tmp_path / "some.npz", **plain)
    code, text, err = run(tmp_path / "some.npz", "--epochs", "1", "--json")
    assert code == 0
    (told,) = [line for line in err.splitlines() if "show nothing" in line]
    assert told.startswith("note: 3 of 160 crops of some.npz show nothing, only one grey value: ")
    assert "mitotic (2), non-mitotic (1). Leave them out of the data, unless" in told
    assert sum(json.loads(text)["cells"].values()) == 160
    # dropped crops do not count, and crops that show something are not told of
    for path, options in ((tmp_path / "some.npz", ["--map", "mitotic="]), (rpe1, [])):
        assert "2 of" not in run(path, "--epochs", "1", "--replace", *options)[2]


def test_a_wrong_recipe_is_one_line(run: Run, rpe1: Path) -> None:
    run.recipe.write_text(RECIPE.replace("epochs", "epoch"))
    assert "[fit] has an unknown epoch; did you mean epochs?" in run.refused(rpe1)
    assert "There is no recipe or architecture 'resnet9'" in run.refused(rpe1, "--model", "resnet9")
