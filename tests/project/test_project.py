"""What a project keeps, and where it finds its images again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from fields import field_image, field_labels, layer_field, make_project, predict, write_field

from napari_cellcycle.cells.measures.measurements import measure_cells
from napari_cellcycle.errors import (
    InputChangedError,
    ProjectError,
)
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, revise


def from_files(folder: Path, who: str = "Ann") -> Project:
    image, labels = write_field(folder)
    project = Project.create(folder / "field.cellcycle", who=who)
    project.images.add(open_image(image), open_labels(labels), settings={"channels": {"dna": 0}})
    return project


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_project_comes_back_as_it_was(tmp_path: Path) -> None:
    with from_files(tmp_path) as project:
        given = predict(project)
        project.set_parameter("colors", {"prophase": "#123456"})
        project.vocabularies.add(flat_vocabulary("mine", ["NA", "young"]))
        folder = project.folder
    assert sorted(p.name for p in folder.iterdir()) == [
        "copies", "journal.sqlite", "lock.sqlite", "predictions", "segmentations",
    ]  # fmt: skip
    with Project.open(folder, who="Bob") as project:
        (image,) = project.images.all()
        assert (image.name, image.settings) == ("field.tif", {"channels": {"dna": 0}})
        (back,) = project.predictions.sets(image.number)
        assert (back.id, back.model, back.phases) == (given.id, "model-0", MITOSIS_STAGES.slugs)
        assert (back.columns["level2"] == given.columns["level2"]).all()
        assert project.parameter("colors") == {"prophase": "#123456"}
        assert project.vocabularies["mine"].slugs == ("NA", "young")
        assert (project.images.labels(image.number).volume(0) == field_labels()[0]).all()
        assert (project.images.stack(image.number).volume(0, 0) == field_image()[0, 0]).all()


def test_inputs_are_neither_copied_nor_changed(tmp_path: Path) -> None:
    write_field(tmp_path)
    before = everything(tmp_path)
    with from_files(tmp_path) as project:
        Review(project, vocabulary="mitosis-stages").say(3, "prophase")
        kept = list(project.folder.rglob("*labels*"))
    assert kept == []
    assert {path: data for path, data in everything(tmp_path).items() if path in before} == before


def test_a_project_that_moves_with_its_images_finds_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    from_files(tmp_path / "a").close()
    shutil.move(tmp_path / "a", tmp_path / "b")
    with Project.open(tmp_path / "b" / "field.cellcycle", who="Ann") as project:
        assert project.inputs.locate(1) == tmp_path / "b" / "field.tif"


def test_an_image_that_is_gone_is_asked_for_and_checked(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.move(tmp_path / "field.tif", other / "renamed.tif")
    write_field(tmp_path, "wrong", seed=1)
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        with pytest.raises(InputChangedError, match=r"not at .* any more"):
            project.inputs.locate(1)
        with pytest.raises(InputChangedError, match=r"another image .* pixels differ"):
            project.inputs.relocate(1, "image", tmp_path / "wrong.tif")
        project.inputs.relocate(1, "image", other / "renamed.tif")
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert project.inputs.locate(1) == other / "renamed.tif"
        with pytest.raises(ProjectError, match=r"^field\.tif has no nuclei in the project"):
            project.inputs.locate(1, "nuclei")
        with pytest.raises(ProjectError, match="no image of number 7"):
            project.inputs.locate(7)


def test_another_image_under_the_same_name_is_refused(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    tifffile.imwrite(tmp_path / "field.tif", field_image(7)[0, 0, 0])
    changed = field_labels()[0, 0]
    changed[changed == 3] = 0
    tifffile.imwrite(tmp_path / "field_labels.tif", changed)
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        with pytest.raises(InputChangedError, match="another image than the one"):
            project.images.stack(1)
        with pytest.raises(InputChangedError, match=r"another segmentation .* as an edit"):
            project.images.labels(1)
        with pytest.raises(ProjectError, match=r"another image called field\.tif"):
            project.images.add(
                open_image(tmp_path / "field.tif"), open_labels(tmp_path / "field_labels.tif")
            )


def test_a_touched_but_equal_file_is_the_same(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    os.utime(tmp_path / "field_labels.tif", (1, 1))
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert project.images.labels(1).grid == (1, 1, 30, 40)


def test_the_journal_cannot_be_rewritten(project: Project) -> None:
    Review(project).say(1, "prophase")
    for statement in ("UPDATE event SET phase = 'x'", "DELETE FROM event", "DELETE FROM action"):
        with (
            pytest.raises(ProjectError, match="append-only"),
            project.store.transaction() as changes,
        ):
            changes.run(statement)


def test_names_and_places_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="Say who works"):
        Project.create(tmp_path / "a", who="  ")
    make_project(tmp_path).close()
    with pytest.raises(ProjectError, match="there already"):
        Project.create(tmp_path / "field", who="Ann")
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="No project can be made"):
        Project.create(tmp_path / "file" / "a", who="Ann")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["field.cellcycle", "file"]


def test_layers_without_files_are_kept_inside(tmp_path: Path) -> None:
    make_project(tmp_path).close()
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert (project.images.labels(1).volume(0) == field_labels()[0]).all()
        with pytest.raises(InputChangedError, match="never a file"):
            project.images.stack(1)
        again = project.images.add(*layer_field())
        assert again.number == 1


def test_measurements_are_kept_for_the_segmentation_they_are_of(project: Project) -> None:
    stack, labels = layer_field()
    cells = project.segmentations.cells(project.segmentations.current(1))
    found = measure_cells(stack, labels, cells, dna=0)
    assert project.measured.get(1, 0) is None
    project.measured.put(1, 0, found)
    kept = project.measured.get(1, 0)
    assert kept is not None
    np.testing.assert_array_equal(kept.values, found.values)
    assert (kept.is_2d, len(kept.cells)) == (True, 12)
    assert project.measured.get(1, None) is None
    with pytest.raises(ProjectError, match="The 3 measured cells are not those"):
        project.measured.put(1, 0, found.select(np.arange(3)))
    edited = field_labels()
    edited[0, 0, 2:4, 2:8] = 0
    new = Segmentation(edited, "nucleus", "edited")
    revise(project, 1, labels, new)
    carried = project.measured.get(1, 0)
    assert carried is not None
    assert carried.is_known.tolist() == [False] + [True] * 11
    np.testing.assert_array_equal(carried.values[1:], found.values[1:])
    with pytest.raises(ProjectError, match="The 12 measured cells are not those"):
        project.measured.put(1, 0, found)
    revise(project, 1, new, labels)
    again = project.measured.get(1, 0)
    assert again is not None
    np.testing.assert_array_equal(again.values, found.values)
    next((project.folder / "measurements").iterdir()).write_bytes(b"PK broken")
    assert project.measured.get(1, 0) is None
