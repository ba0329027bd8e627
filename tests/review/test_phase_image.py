"""The label image of phases: values, colours and legend, read by another program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from fields import field_labels, layer_field, make_project

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image import open_labels
from napari_cellcycle.phases import MITOSIS_STAGES, UNCLASSIFIED, flat_vocabulary
from napari_cellcycle.review import Review, export_project
from napari_cellcycle.review.phase_image import WITHOUT, Legend

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.project import Project


def test_each_voxel_has_the_value_of_its_phase(project: Project, tmp_path: Path) -> None:
    review = Review(project)
    review.say(0, "mitotic")
    review.exclude(1)
    done = export_project(project, tmp_path / "phases.ome.tif", what="labels")
    legend = Legend.of(MITOSIS_STAGES)
    data = open_labels(done.files[0]).volume(0)
    labels = field_labels()[0]
    expected = [*review.final_slugs()]
    expected[1] = WITHOUT
    for label, name in enumerate(expected, start=1):
        assert set(data[labels == label].tolist()) == {legend.names.index(name) + 1}
    assert (data[labels == 0] == 0).all()
    assert done.n == 12
    assert done.phases["mitotic"] == 1
    with tifffile.TiffFile(done.files[0]) as file:
        colormap = file.pages[0].colormap
        assert file.is_ome
        assert all(name in file.ome_metadata for name in legend.names)
    red, green, blue = (colormap[:, len(legend.names)] // 257).tolist()
    assert f"#{red:02X}{green:02X}{blue:02X}" == UNCLASSIFIED


def test_cells_that_were_not_asked_for_are_left_out(project: Project, tmp_path: Path) -> None:
    Review(project).say(2, "mitotic")
    out = tmp_path / "phases.tif"
    assert export_project(project, out, what="labels", only="corrected").n == 1
    data = open_labels(out).volume(0)
    assert np.array_equal(data > 0, field_labels()[0] == 3)


def test_several_images_need_a_folder(project: Project, tmp_path: Path) -> None:
    project.images.add(*layer_field("second.ome.tif", seed=3))
    with pytest.raises(CellCycleError, match="folder"):
        export_project(project, tmp_path / "phases.tif", what="labels")
    done = export_project(project, tmp_path / "phases", what="labels")
    assert sorted(path.name for path in done.files) == [
        "field_phases.ome.tif", "second_phases.ome.tif",
    ]  # fmt: skip
    assert all(path.is_file() for path in done.files)


def test_too_many_phases_are_refused(tmp_path: Path) -> None:
    phases = flat_vocabulary("many", [f"p{i}" for i in range(255)])
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(phases)
        Review(project, vocabulary="many").say(0, "p1")
        with pytest.raises(CellCycleError, match="254"):
            export_project(project, tmp_path / "a.tif", what="labels", vocabulary="many")
