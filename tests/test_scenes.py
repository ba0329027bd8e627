"""Files with several scenes, whose labels may lie in a file for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cellcycle.image import list_scenes, open_image, open_labels, tiff
from napari_cellcycle.project import Project

Run = Callable[..., tuple[int, str, str]]


def discs(*radii: int) -> np.ndarray:
    y, x = np.ogrid[:64, :96]
    labels = np.zeros((64, 96), np.uint16)
    for n, radius in enumerate(radii, start=1):
        labels[(y - 32) ** 2 + (x - 96 * n // (len(radii) + 1)) ** 2 < radius**2] = n
    return labels


LABELS = discs(9), discs(9, 10)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Two scenes with names, one cell in the first and two in the second."""
    path = tmp_path / "two.ome.tif"
    rng = np.random.default_rng(0)
    with tifffile.TiffWriter(path, ome=True) as tif:
        for name, labels in zip(("left", "right"), LABELS, strict=True):
            dna = rng.poisson(20 + 200 * (labels > 0)).astype(np.uint16)
            tif.write(dna, metadata={"axes": "YX", "Name": name})
    for name, labels in zip(("left", "right"), LABELS, strict=True):
        tifffile.imwrite(tmp_path / f"two_{name}.tif", labels)
    return path


def test_a_scene_is_found_by_its_id_its_name_or_its_number(image: Path) -> None:
    assert list_scenes(image) == ("Image:0", "Image:1")
    for scene in ("Image:1", "right", "1", 1):
        assert open_image(image, scene=scene).scene == "Image:1"


def test_the_only_scene_of_labels_is_of_whichever_scene_is_asked_for(image: Path) -> None:
    labels = open_labels(image.with_name("two_right.tif"), scene="Image:1")
    np.testing.assert_array_equal(labels.volume(0)[0], LABELS[1])


def test_one_scene_is_classified_kept_and_opened_again(
    run: Run, image: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    words = ("classify", image, "--model", tiny_folder, "--device", "cpu", "--json")
    found = {}
    for name in ("left", "right"):
        labels = ("--labels", "{folder}/{name}_" + name + ".tif", "--scene", name)
        code, out, err = run(*words, *labels, "--project", tmp_path / f"{name}.cellcycle")
        assert code == 0, err
        found[name] = json.loads(out)["cells"]
        with Project.open(tmp_path / f"{name}.cellcycle", who="Ann") as project:
            number = project.images.all()[0].number
            assert project.images.labels(number).volume(0).max() == len(found[name])
    assert [len(cells) for cells in found.values()] == [1, 2]
    assert {cell["scene"] for cell in found["right"]} == {"Image:1"}


def test_the_first_of_several_scenes_is_told(run: Run, image: Path, tiny_folder: Path) -> None:
    told = "two.ome.tif has 2 scenes, and this is the first (Image:0)."
    words = ("classify", image, "--model", tiny_folder, "--device", "cpu")
    assert told in run(*words, "--labels", image.with_name("two_left.tif"))[2]
    labels = ("--labels", image.with_name("two_right.tif"))
    assert told not in run(*words, *labels, "--scene", "1")[2]
    first = ("--labels", image.with_name("two_left.tif"), "--scene", "left")
    assert "scenes" not in run(*words, *first)[2]  # it was chosen
    _, _, err = run("segment", image, "--out", image.with_name("found.tif"))
    assert told in err


def test_a_file_of_several_scenes_is_opened_once(
    run: Run, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    inspect = tiff.inspect_tiff
    monkeypatch.setattr(tiff, "inspect_tiff", lambda path: opened.append(path) or inspect(path))
    assert run("segment", image, "--out", image.with_name("found.tif"))[0] == 0
    assert opened == [image]
