from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fields import make_project

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.phases import MITOSIS_STAGES, Phase, PhaseSet, flat_vocabulary
from napari_cellcycle.review import Review, read_answers
from napari_cellcycle.spreadsheet import neutralise, restore

if TYPE_CHECKING:
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.intake.answers import Answers

HEAD = (
    "image,scene,frame,label,vocabulary,status,corrected_phase,final_phase,annotator,reviewed_at,"
    "note"
)


def read(project: Project, text: str, phases=MITOSIS_STAGES) -> Answers:
    path = project.folder.parent / "answers.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_answers(project, path, image=1, phases=phases)


def test_plain_labels_and_phases_are_ones_own_words(project: Project) -> None:
    review = Review(project)
    review.say(0, "prophase")
    text = "label,phase\n1,mitotic\n2,prophase\n99,mitotic\n3,\n4,happy\n2,mitotic\n"
    report = read(project, text)
    assert (report.new, report.known, report.silent) == (2, 0, 1)
    assert [line.split(": ")[0] for line in report.unmatched] == [
        "answers.csv, line 4", "answers.csv, line 6", "answers.csv, line 7",
    ]  # fmt: skip
    assert "no cell 99" in str(report)
    review.reload()
    assert review.final_slugs()[:2] == ["mitotic", "prophase"]
    review.say(1, "mitotic")
    assert read(project, text).known == 2
    review.reload()
    assert review.final_slugs()[1] == "mitotic"
    review.undo()
    # the import was one gesture; what was there before it comes back
    assert review.undo().rows.tolist() == [0, 1]
    assert review.final_slugs()[0] == "prophase"


def test_what_a_spreadsheet_makes_of_a_sheet_is_read(project: Project) -> None:
    rows = ["1;Prophase;", "2;Prometaphase/Metaphase;später", "3,0;UNSURE;", "4; exclude ;"]
    text = "\r\n".join(["\ufefflabel;phase;note", *rows, "5;interphase;", ";;", ""])
    report = read(project, text)
    assert (report.new, report.silent) == (4, 1)
    assert report.unmatched == (
        "answers.csv, line 6: 'interphase' is no phase of 'mitosis-stages'; write one of "
        "non-mitotic, mitotic, prophase, early-prometaphase, prometaphase-metaphase, "
        "anaphase-telophase-cytokinesis, unsure, exclude.",
    )
    review = Review(project)
    assert review.final_slugs()[:2] == ["prophase", "prometaphase-metaphase"]
    assert [review.word(row, "Ann").kind for row in (2, 3)] == ["unsure", "exclude"]
    assert review.word(1, "Ann").note == "später"


def test_case_counts_where_two_phases_differ_by_it(project: Project) -> None:
    phases = PhaseSet("own", (Phase("m", "M", "#000000"), Phase("M", "big", "#FFFFFF")))
    report = read(project, "label,phase\n1,m\n2,M\n3,BIG\n", phases=phases)
    assert (report.new, report.unmatched) == (3, ())
    review = Review(project, vocabulary="own")
    assert review.final_slugs()[:3] == ["m", "M", "M"]


def test_a_cells_table_brings_other_peoples_words(project: Project) -> None:
    rows = [
        "field,,0,1,mitosis-stages,corrected,prophase,prophase,Bea,2026-05-01T10:00:00Z,'=1+1",
        "field,,0,2,mitosis-stages,accepted,,mitotic,Bea,2026-05-01T10:00:01+00:00,",
        'field,,0,3,mitosis-stages,excluded,,,Bea,2026-05-01T10:00:02Z,"debris, ""old"""',
        "field,,0,4,mitosis-stages,unsure,,,Cem,2026-05-01T10:00:03Z,",
        "field,,0,5,mitosis-stages,predicted,,prophase,,,",
        "other,,0,6,mitosis-stages,corrected,prophase,prophase,Bea,2026-05-01T10:00:03Z,",
        "field,,0,7,g1-s-g2-m,corrected,g1,g1,Bea,2026-05-01T10:00:03Z,",
    ]
    text = "\r\n".join([HEAD, *rows])
    report = read(project, text)
    assert (report.new, report.silent, len(report.unmatched)) == (4, 1, 2)
    review = Review(project)
    assert review.statuses()[:3] == ["corrected", "corrected", "excluded"]
    assert review.word(0, "Bea").note == "=1+1"
    assert review.word(2, "Bea").note == 'debris, "old"'
    assert review.words_on(3)["Cem"].kind == "unsure"
    assert review.time[1] - review.time[0] == 1_000_000
    assert review.to_undo is None
    assert read(project, text).new == 0


def test_a_phase_written_beside_a_prediction_in_a_cells_table_is_a_word(project: Project) -> None:
    row = "field;;0;5;mitosis-stages;predicted;Early prometaphase;non-mitotic;;;"
    report = read(project, f"{HEAD.replace(',', ';')}\r\n{row}\r\n;;;;;;;;;;\r\n")
    assert (report.new, report.silent, report.unmatched) == (1, 1, ())
    assert Review(project).final_slugs()[4] == "early-prometaphase"


def test_a_phase_called_na_survives(tmp_path: Path) -> None:
    phases = flat_vocabulary("mine", ["NA", "null"])
    with make_project(tmp_path, predicted=False) as project:
        assert read(project, "label,phase\n1,NA\n2,null\n", phases).new == 2
        assert Review(project, vocabulary="mine").final_slugs()[:2] == ["NA", "null"]


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "label\n1\n", "label,phase\n\xff", "label,phase,phase,,\n1,prophase,,,\n"],
)
def test_other_files_are_refused(project: Project, text: str) -> None:
    path = project.folder.parent / "answers.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=r"answers\.csv"):
        read_answers(project, path, image=1, phases=MITOSIS_STAGES)


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'a", "", "+", "a=1", "-x", "@x", "\tx"])
def test_free_text_is_the_same_after_a_round_trip(text: str) -> None:
    assert restore(neutralise(text)) == text
    assert not neutralise(text).startswith(("=", "+", "-", "@", "\t"))
