"""The table that leaves the program, column by column."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_cellcycle import files
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.spreadsheet import neutralise

SCHEMA_1 = [
    *("image", "scene", "frame", "track", "label", "merged_labels"),
    *("z_um", "y_um", "x_um", "volume_um3", "nucleus_volume_um3", "touches_border"),
    *("model", "model_sha256", "vocabulary", "predicted_phase", "confidence", "entropy"),
    *("deciding_axis", "stage_entropy", "stage_deciding_axis"),
    *("p_non-mitotic", "p_prophase", "p_early-prometaphase", "p_prometaphase-metaphase"),
    *("p_anaphase-telophase-cytokinesis", "status", "corrected_phase", "final_phase"),
    *("annotator", "reviewed_at", "note"),
]
TEXT = ("scene", "merged_labels", "corrected_phase", "annotator", "reviewed_at", "note")
PIXELS = ["z_px", "y_px", "x_px", "volume_px", "nucleus_volume_px"]


@pytest.fixture
def result(organoid, classifier):
    return classify(organoid.stack, organoid.cells, nuclei=organoid.nuclei, model=classifier)


def test_the_columns_are_those_of_schema_1(result):
    assert list(result.to_frame().columns) == SCHEMA_1


def test_every_row_holds_what_is_known_of_its_cell(result):
    table, cells, decision = result.to_frame(), result.cells, result.decision
    for i in range(len(result)):
        row = table.iloc[i]
        assert row["label"] == cells.label[i]
        np.testing.assert_allclose(row[["z_um", "y_um", "x_um"]].astype(float),
                                   cells.centroid[i] * (2, 0.26, 0.26))  # fmt: skip
        assert row["volume_um3"] == pytest.approx(cells.voxels[i] * 2 * 0.26**2)
        assert row["nucleus_volume_um3"] == pytest.approx(cells.nucleus_voxels[i] * 2 * 0.26**2)
        leaves = row[[f"p_{slug}" for slug in result.card.phases]].astype(float)
        np.testing.assert_allclose(leaves, decision.probabilities[i])
        assert row["predicted_phase"] == row["final_phase"]
        assert row["predicted_phase"] == result.card.phases[decision.phase[i]]
        assert row["confidence"] == leaves[f"p_{row['predicted_phase']}"]
    assert set(table["status"]) == {"predicted"}
    assert set(table["model_sha256"]) == {result.model_sha256}
    assert table["track"].isna().all()
    for column in ("scene", "merged_labels", "corrected_phase", "annotator", "reviewed_at"):
        assert set(table[column]) == {""}


def test_a_csv_reads_back_as_it_was(result, tmp_path):
    result.to_csv(tmp_path / "cells.csv")
    content = (tmp_path / "cells.csv").read_bytes()
    assert b"\r" not in content
    content.decode("utf-8")
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == SCHEMA_1
    text = dict.fromkeys(TEXT, str)
    back = pd.read_csv(
        tmp_path / "cells.csv",
        dtype={"track": "Int64", **text},
        keep_default_na=False,
        na_values={"track": [""]},
    )
    pd.testing.assert_frame_equal(
        back, result.to_frame(), check_dtype=False, check_column_type=False
    )


def test_unknown_micrometres_stay_empty_and_pixels_follow_at_the_end(organoid, classifier):
    result = classify(
        replace(organoid.stack, spacing=None),
        replace(organoid.cells, spacing=None),
        model=classifier,
        isotropic=True,
    )
    table = result.to_frame()
    assert list(table.columns) == SCHEMA_1 + PIXELS
    assert table[[c for c in SCHEMA_1 if "_um" in c]].isna().all(axis=None)
    np.testing.assert_array_equal(table["volume_px"], result.cells.voxels)
    np.testing.assert_array_equal(table[["z_px", "y_px", "x_px"]], result.cells.centroid)
    assert table["nucleus_volume_px"].isna().all()


def test_a_plane_has_no_depth_and_no_volume(data_dir, classifier):
    stack = open_image(data_dir / "h2b_field_2d_t70.ome.tif")
    labels = open_labels(data_dir / "h2b_field_2d_t70_labels.ome.tif")
    table = classify(stack, labels, model=classifier, spacing=(0.5, 0.5)).to_frame()
    assert list(table.columns) == SCHEMA_1 + PIXELS
    assert table[["z_um", "volume_um3", "nucleus_volume_um3"]].isna().all(axis=None)
    np.testing.assert_allclose(table["y_um"], table["y_px"] * 0.5)
    assert (table["volume_px"] > 0).all()


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_text_that_a_spreadsheet_would_run_is_defused(result, tmp_path, start):
    evil = f"{start}HYPERLINK(1)"
    changed = replace(
        result,
        cells=replace(result.cells, image=evil, scene=evil),
        cell_notes=(evil,) * len(result),
    )
    changed.to_csv(tmp_path / "cells.csv")
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert (row["image"], row["scene"], row["note"]) == ("'" + evil.replace("\r", " "),) * 3
    assert changed.to_frame()["image"][0] == evil


def test_harmless_text_and_numbers_stay(result, tmp_path):
    assert neutralise("plate 1 = A") == "plate 1 = A"
    assert neutralise("") == ""
    moved = replace(result.cells, centroid=-result.cells.centroid)
    replace(result, cells=moved).to_csv(tmp_path / "cells.csv")
    assert (pd.read_csv(tmp_path / "cells.csv")["y_um"] < 0).all()


def test_a_csv_is_written_whole_or_not_at_all(result, tmp_path, monkeypatch):
    (tmp_path / "cells.csv").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        result.to_csv(tmp_path / "cells.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["cells.csv"]
    assert (tmp_path / "cells.csv").read_text() == "old"


def test_json_has_the_same_rows_with_null_for_what_is_missing(result):
    values = json.loads(json.dumps(result.to_json_dict(), allow_nan=False))
    assert list(values) == ["model", "device", "cells", "counts"]
    assert values["model"] == "untrained"
    assert values["counts"] == result.counts()
    row = values["cells"][0]
    assert list(row) == SCHEMA_1
    assert row["track"] is None
    assert isinstance(row["label"], int)
    assert isinstance(row["touches_border"], bool)
    assert row["confidence"] == result.decision.confidence[0]


def test_features_are_what_a_labels_layer_shows(result):
    features = result.features()
    assert list(features) == ["index", "phase", "confidence", "entropy", "deciding_axis"]
    assert features["index"].tolist() == result.cells.label.tolist()
    assert features["phase"].tolist() == result.predicted_phases()
    assert set(features["deciding_axis"]) <= {"x", "y", "z"}
