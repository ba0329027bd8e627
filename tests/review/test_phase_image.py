"""The label image of phases: values, colours and legend, read by another program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from fields import field_labels, layer_field, make_project

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image import Spacing, open_labels
from napari_cellcycle.image.zarr_write import write_zarr_classes
from napari_cellcycle.phases import MITOSIS_STAGES, UNCLASSIFIED, flat_vocabulary
from napari_cellcycle.review import Review, export_project
from napari_cellcycle.review.export.phase_image import WITHOUT, Legend

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


def test_ome_zarr_has_values_colours_names_and_levels(project: Project, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    review = Review(project)
    review.say(0, "mitotic")
    review.exclude(1)
    tiff = export_project(project, tmp_path / "phases.ome.tif", what="labels").files[0]
    path = export_project(project, tmp_path / "phases.ome.zarr", what="labels").files[0]
    np.testing.assert_array_equal(open_labels(path).volume(0), open_labels(tiff).volume(0))
    about = json.loads((path / ".zattrs").read_text())
    legend, label = Legend.of(review.phases), about["image-label"]
    assert [found["phase"] for found in label["properties"]] == list(legend.names)
    assert [found["label-value"] for found in label["colors"]] == list(
        range(1, len(legend.names) + 1)
    )
    red, green, blue, alpha = label["colors"][-1]["rgba"]
    assert f"#{red:02X}{green:02X}{blue:02X}" == UNCLASSIFIED
    assert alpha == 255
    assert [axis["name"] for axis in about["multiscales"][0]["axes"]] == ["z", "y", "x"]
    before = sorted(path.rglob("*"))
    with pytest.raises(CellCycleError, match="there already"):
        export_project(project, path, what="labels")
    assert sorted(path.rglob("*")) == before
    with pytest.raises(CellCycleError, match=r"\.ome\.zarr"):
        export_project(project, tmp_path / "phases.png", what="labels")


def test_ome_zarr_of_time_and_micrometres_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarr = pytest.importorskip("zarr")
    data = np.zeros((2, 3, 700, 40), np.uint8)
    data[1, 2, 500:600] = 2
    path = tmp_path / "classes.ome.zarr"
    about = {"names": ["a", "b"], "colors": ["#FF0000", "#00FF80"]}
    with monkeypatch.context() as patch:
        patch.setattr(zarr.Group, "attrs", property(lambda group: _full()))
        with pytest.raises(OSError, match="full"):
            write_zarr_classes(data, path, **about)
    assert list(tmp_path.iterdir()) == []
    write_zarr_classes(data, path, **about, spacing=Spacing(2.0, 0.5, 0.5, "metadata"))
    back = open_labels(path)
    np.testing.assert_array_equal(back.volume(1), data[1])
    assert back.spacing is not None
    assert back.spacing.zyx == (2.0, 0.5, 0.5)
    levels = zarr.open_group(str(path), mode="r")
    np.testing.assert_array_equal(levels["1"][...], data[:, :, ::2, ::2])


def _full() -> None:
    raise OSError("the disk is full")
