"""Cells on pages, and the table that is filled in beside them."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import layer_field, make_project, write_field

from napari_cellcycle.cells.views.composite import make_composite
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures import sheet_set
from napari_cellcycle.figures.sheet_set import write_sheets
from napari_cellcycle.figures.sheets import SheetCell, SheetStyle, draw_sheet
from napari_cellcycle.figures.tile_file import TileFile
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.stack import Stack
from napari_cellcycle.phases import MITOSIS_2D, MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, import_words

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("below", "centre", "above", "z", "y", "x")


def style(per_page: int = 10, names: tuple[str, ...] = NAMES) -> SheetStyle:
    return SheetStyle("field", "how to read it", names, MITOSIS_STAGES, per_page)


def cells(n: int, names: tuple[str, ...] = NAMES) -> list[SheetCell]:
    tiles = np.random.default_rng(0).integers(0, 255, (n, len(names), 8, 8, 3)).astype(np.uint8)
    return [SheetCell(i + 1, tiles[i], [f"label {i + 40}"]) for i in range(n)]


@pytest.mark.parametrize(("names", "per_page"), [(NAMES, 10), (NAMES, 20), (NAMES[3:5], 24)])
def test_every_cell_has_its_place_on_the_page(names: tuple[str, ...], per_page: int) -> None:
    figure = draw_sheet(cells(per_page, names), style(per_page, names), number=2, total=7)
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert "sheet 2 of 7" in texts
    assert {str(i + 1) for i in range(per_page)} | {f"label {i + 40}" for i in range(per_page)} <= {
        *texts
    }
    assert any("early-prometaphase" in text for text in texts)
    boxes = np.array([image.get_extent() for image in axes.images])
    assert len(boxes) == per_page
    assert boxes[:, [0, 3]].min() >= 0
    assert boxes[:, 1].max() < 595
    assert boxes[:, 2].max() <= 842
    corners = {(round(left), round(top)) for left, _, _, top in boxes.tolist()}
    assert len(corners) == per_page


def test_too_many_on_a_page_are_refused() -> None:
    with pytest.raises(CellCycleError, match=r"60 cells do not fit on a page; \d+ do"):
        draw_sheet(cells(1), style(60), number=1, total=1)


def test_table_and_pages_show_the_same_cells(tmp_path: Path, monkeypatch) -> None:
    drawn: list[SheetCell] = []

    def spy(members, *args, **kwargs):
        drawn.extend(members)
        return draw_sheet(members, *args, **kwargs)

    monkeypatch.setattr(sheet_set, "draw_sheet", spy)
    with make_project(tmp_path) as project:
        review = Review(project)
        stack, labels = layer_field()
        pixels = {1: (stack, labels)}
        done = write_sheets([review], tmp_path / "b", blind=True, per_page=5, pixels=pixels)
        assert (done.n, done.sheets) == (12, 3)
        assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
            "sheet-001.png", "sheet-002.png", "sheet-003.png", "sheets.csv"
        ]  # fmt: skip
        with done.files[1].open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["sheet", "place", "image", "frame", "label", "phase", "note"]
        shown = [int(row["label"]) for row in rows]
        assert sorted(shown) == list(range(1, 13)) != shown
        assert [(row["sheet"], row["place"]) for row in rows[4:6]] == [("1", "5"), ("2", "1")]
        for label, cell in zip(shown, drawn, strict=True):
            box = review.cells.bbox[label - 1]
            made = make_composite(
                stack.volume(0, 0), None, labels.volume(0), label, box, review.cells.spacing
            )
            # without a membrane, the picture of DNA alone
            assert cell.tiles.shape[0] == 1
            assert (cell.tiles == np.round(made.tiles[-1:] * 255)).all()
            # blind: nothing but the label
            assert list(cell.lines) == [f"label {label}"]
        drawn.clear()
        write_sheets([review], tmp_path / "o.pdf", first=4, pixels=pixels)
        assert len(drawn) == 4
        assert all(cell.lines[1] in MITOSIS_STAGES.slugs for cell in drawn)
        assert (tmp_path / "o.pdf").read_bytes().startswith(b"%PDF")


def test_sheets_list_the_answers_of_all_their_cells(tmp_path: Path) -> None:
    """Cells of a second image in other words would be judged by the answers of the first."""
    with make_project(tmp_path) as project:
        project.images.add(*layer_field("other", seed=1))
        project.vocabularies.add(MITOSIS_2D)
        reviews = [Review(project, 1), Review(project, 2, vocabulary="mitosis-2d")]
        pixels = {1: layer_field(), 2: layer_field("other", seed=1)}
        told = r"mitosis-stages for field, mitosis-2d for other\).* one image at a time"
        with pytest.raises(CellCycleError, match=told):
            write_sheets(reviews, tmp_path / "s.pdf", pixels=pixels)
        assert not list(tmp_path.glob("s.*"))
        reviews[1] = Review(project, 2, vocabulary="mitosis-stages")
        assert write_sheets(reviews, tmp_path / "s.pdf", pixels=pixels).n == 24


def test_a_table_that_was_filled_in_comes_back(tmp_path: Path) -> None:
    image, labels = write_field(tmp_path, "=field")
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(open_image(image), open_labels(labels))
        project.vocabularies.add(MITOSIS_STAGES)
        out = write_sheets([Review(project)], tmp_path / "sheets.pdf", blind=True).files[1]
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["image"] for row in rows} == {"'=field.tif"}
        answers = ["prophase", "unsure", "exclude", "Prophase!", "mitotic"]
        for row, answer in zip(rows, answers, strict=False):
            row["phase"] = answer
        rows[2]["note"] = "debris"
        with out.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        found = import_words(project, out, who="Cem")
        assert (found.new, found.silent, len(found.unmatched)) == (4, 7, 1)
        assert "Prophase!" in found.unmatched[0]
        review = Review(project)
        for row, (kind, phase, note) in zip(
            rows,
            [("phase", "prophase", ""), ("unsure", "", ""), ("exclude", "", "debris")],
            strict=False,
        ):
            word = review.word(review.row_of(0, int(row["label"])), "Cem")
            assert (word.kind, word.phase, word.note) == (kind, phase, note)
        assert import_words(project, out, who="Cem").new == 0


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review, pixels = Review(project), {1: layer_field()}
        with pytest.raises(CellCycleError, match=r"not sheets\.png"):
            write_sheets([review], tmp_path / "sheets.png", pixels=pixels)
        with pytest.raises(CellCycleError, match="none is 'reviewed'"):
            write_sheets([review], tmp_path / "s", only="reviewed", pixels=pixels)
        with pytest.raises(CellCycleError, match="belongs to the project"):
            write_sheets([review], project.folder / "s.pdf", pixels=pixels)
        with pytest.raises(CellCycleError, match="one cell or more"):
            write_sheets([review], tmp_path / "s", per_page=0, pixels=pixels)
        with pytest.raises(CellCycleError, match="of each image or more, not -3"):
            write_sheets([review], tmp_path / "s", first=-3, pixels=pixels)
        assert not (tmp_path / "s").exists()


def test_what_people_filled_in_is_not_written_over(tmp_path: Path) -> None:
    drawn: list[int] = []
    with make_project(tmp_path) as project:
        review, pixels = Review(project), {1: layer_field()}

        def draw(out: Path) -> None:
            write_sheets([review], out, pixels=pixels, progress=lambda done, _: drawn.append(done))

        draw(tmp_path / "s.pdf")
        assert sorted(path.name for path in tmp_path.glob("s*")) == ["s.csv", "s.pdf"]
        assert max(drawn) == 24
        (tmp_path / "s.csv").write_text("filled in")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine.txt").touch()
        (project.folder / "link.csv").touch()
        (tmp_path / "linked.csv").symlink_to(project.folder / "link.csv")
        drawn.clear()
        with pytest.raises(CellCycleError, match=r"s\.csv is there .* another name"):
            draw(tmp_path / "s.pdf")
        with pytest.raises(CellCycleError, match="full is there already: choose a new"):
            draw(tmp_path / "full")
        with pytest.raises(CellCycleError, match="belongs to the project"):
            draw(tmp_path / "linked.pdf")
        assert drawn == []
        assert (tmp_path / "s.csv").read_text() == "filled in"


def test_tiles_wait_on_the_disk_if_it_has_room(tmp_path: Path, monkeypatch) -> None:
    made = np.random.default_rng(0).integers(0, 255, (3, 2, 4, 4, 3)).astype(np.uint8)
    with TileFile(tmp_path / "new", 3, (2, 4, 4, 3)) as tiles:
        tiles.put(2, made[2])
        tiles.put(0, made[0, :1])
        assert (tiles.get(2, 2) == made[2]).all()
        assert (tiles.get(0, 1) == made[0, :1]).all()
    with pytest.raises(ValueError, match="closed"):
        tiles.get(0, 1)
    assert list((tmp_path / "new").iterdir()) == []
    usage = shutil._ntuple_diskusage(100, 50, 50)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CellCycleError, match=r"3 cells take 0 MB .* Make room, or draw fewer"):
        TileFile(tmp_path, 3, (2, 4, 4, 3))


def test_a_plane_with_a_membrane_is_shown_with_it_and_as_dna_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[SheetCell] = []
    styles: list[SheetStyle] = []

    def spy(members, style, **kwargs):
        drawn.extend(members)
        styles.append(style)
        return draw_sheet(members, style, **kwargs)

    monkeypatch.setattr(sheet_set, "draw_sheet", spy)
    stack, labels = layer_field()
    two = np.concatenate([stack.data, stack.data[..., ::-1]], axis=1)
    image = Stack(two, ("dna", "membrane"), None, "field")
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(image, labels)
        project.vocabularies.add(MITOSIS_STAGES)
        review = Review(project)
        write_sheets([review], tmp_path / "s", pixels={1: (image, labels)})
        boxes, spacing = review.cells.bbox, review.cells.spacing
    assert styles[0].names == ("both", "DNA")
    assert "membrane magenta" in styles[0].subtitle
    planes = [image.volume(0, c) for c in (0, 1)]
    for cell in drawn:
        label = int(cell.lines[0].split()[1])
        made = make_composite(*planes, labels.volume(0), label, boxes[label - 1], spacing)
        assert (cell.tiles == np.round(made.tiles * 255)).all()
