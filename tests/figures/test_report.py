"""The report of a project, parsed and opened in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fields import field_labels, layer_field, make_project, predict, write_field

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.report import write_report
from napari_cellcycle.figures.report_gallery import PER_PHASE
from napari_cellcycle.figures.scatter import scatter
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, hand_over, measured_of
from napari_cellcycle.review.places import open_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = "Eve <script>alert('x')</script>"
PIXELS = {1: layer_field()}


class Page(HTMLParser):
    """Attributes and text of a page; cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.fixture
def project(tmp_path: Path) -> Any:
    """Words of Ann and of somebody with a hostile name, measures, and a word without a cell."""
    with make_project(tmp_path) as project:
        review = Review(project)
        review.say([0, 1, 2], "prophase")
        review.say(3, "non-mitotic", note="<b>")
        review.exclude(4)
    with Project.open(project.folder, who=HOSTILE) as project:
        Review(project).say([0, 1], "non-mitotic")
        new = field_labels()
        new[new == 3] = 0
        hand_over(project, 1, Segmentation(new, "nucleus", "new"))
        (source,) = open_sources([Review(project)], pixels=PIXELS)
        measured_of(source)
        yield project


def test_the_page_stands_alone_and_says_what_the_project_knows(
    project: Project, tmp_path: Path
) -> None:
    review = Review(project)
    out = write_report([review], tmp_path / "report.html", pixels=PIXELS)
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    assert not re.search(r"https?:|//[a-z]", re.sub(r"data:image/\w+;base64,[^\"]*", "", text))
    assert all(link.startswith("data:image/") for link in page.links)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert "default-src 'none'" in text
    assert out.stat().st_size < 400_000

    assert 1 <= page.tags.count("img") <= PER_PHASE * len(review.phases.leaves)
    assert page.tags.count("image") == 1  # the scatter
    assert "DNA: grey. p: confidence of the model" in page.text  # one plane, no membrane
    final = dict(zip([p.name for p in review.phases], review.phase_counts.tolist(), strict=True))
    predicted = np.bincount(review.shown.phase[review.shown.phase >= 0], minlength=6)
    for i, phase in enumerate(review.phases):
        if phase in review.phases.leaves:
            row = next(row for row in page.rows if row and row[0] == phase.name)
            assert (row[1], row[5]) == (str(predicted[i]), str(final[phase.name]))
    assert [HOSTILE, "2"] in page.rows
    assert [HOSTILE, "Ann", "2", "0 %", "0.00"] in page.rows
    assert "label 3 (Ann: prophase)" in page.text
    (shown,) = project.predictions.sets(1)
    assert shown.model_sha256 in page.text
    assert project.inputs.of(1)["image"].signature in page.text


def test_words_against_predictions_are_counted_by_row(project: Project, tmp_path: Path) -> None:
    review = Review(project)
    predicted = review.slugs(review.shown.phase)
    other = next(s for s in review.phases.slugs if s not in (predicted[5], predicted[6]))
    review.say([5, 6], other)
    review.accept(7)
    page = Page(write_report([review], tmp_path / "r.html", pixels=PIXELS).read_text("utf-8"))
    judged = (review.annotator != -1) & (review.final >= 0) & (review.shown.phase >= 0)
    same = int((review.final == review.shown.phase)[judged].sum())
    assert (
        f"Of {judged.sum()} cells with a phase by people, the model says the same of {same} "
        in (page.text)
    )
    name = review.phases[other].name
    row = next(r for r in page.rows if r and r[0].replace("\u200b", "").startswith(name + "n = "))
    assert row[0].endswith("n = 2")


def test_cells_without_a_prediction_are_counted_and_not_changed(tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        predict(project, rows=np.arange(8))
        review = Review(project)
        review.say([8, 9], "prophase")
        review.exclude(10)
        other = "prophase" if review.slugs(review.shown.phase)[0] != "prophase" else "non-mitotic"
        review.say(0, other)
        page = Page(write_report([review], tmp_path / "r.html", pixels=PIXELS).read_text("utf-8"))
    assert ["no prediction (4 cells)", "", "3", "", "1", ""] in page.rows
    assert ["total", "8", "4", "1", "1", "10"] in page.rows  # 8 of the model, less none, and 2
    for told in ("12cells", "1image", "4judged by people", "1changed", "1person"):
        assert told in page.text


def test_the_legend_of_the_measures_has_every_colour(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review = Review(project)
        review.unsure(3)
        measured_of(open_sources([review], pixels=PIXELS)[0])

        def legend() -> str:
            page = Page(write_report([review], tmp_path / "r.html", pixels=PIXELS).read_text())
            return page.text.split("Measures")[1].split("Predictions and")[0]

        assert "no final phase" in legend()
        assert "mitotic" not in legend().replace("non-mitotic", "")
        review.say(3, "mitotic")
        assert "no final phase" not in legend()
        assert "mitotic" in legend().replace("non-mitotic", "")


@pytest.mark.parametrize(("planes", "told"), [(1, ""), (4, "; voxels were taken to be as deep as")])
def test_what_was_assumed_of_the_spacing_is_told(tmp_path: Path, planes: int, told: str) -> None:
    volume = np.repeat(field_labels()[:, :1], planes, axis=1)
    image = Stack(volume[:, None].astype(np.uint8), ("dna",), None, "deep")
    with Project.create(tmp_path / "deep", who="Ann") as project:
        project.images.add(image, Segmentation(volume, "nucleus", "deep"))
        project.vocabularies.add(MITOSIS_STAGES)
        out = write_report([Review(project)], tmp_path / "r.html")
    page = Page(out.read_text("utf-8"))
    assert f"spacingunknown{told}" in page.text
    assert ("as deep as wide" in page.text) == bool(told)


def test_a_project_without_models_pictures_and_words(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    image, labels = write_field(tmp_path)
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(open_image(image), open_labels(labels))
        project.vocabularies.add(MITOSIS_STAGES)
        folder = project.folder
    image.unlink()
    out = tmp_path / "report.html"
    code, text, err = run("report", folder, "--out", out)
    assert (code, err) == (0, "")
    assert text.strip() == f"wrote  {out}"
    page = Page(out.read_text(encoding="utf-8"))
    assert "No pictures of field.tif: field.tif is not at" in page.text
    assert "No model has classified these cells." in page.text
    assert run("report", folder)[0] == 2
    for wrong in (("--first", "-3"), ("--per-page", "0")):
        code, _, err = run("report", folder, "--sheets", tmp_path / "s.pdf", *wrong)
        assert code == 2
        assert f"{wrong[0]}: '{wrong[1]}' is not a positive number" in err
    code, text, _ = run("report", folder, "--out", tmp_path / "report.pdf")
    assert code == 2
    with (
        Project.open(folder, who="Ann") as project,
        pytest.raises(CellCycleError, match="belongs to the project"),
    ):
        write_report([Review(project)], folder / "report.html")


def test_a_browser_shows_it_and_asks_nobody(project: Project, tmp_path: Path, browser: Any) -> None:
    out = write_report([Review(project)], tmp_path / "report.html", pixels=PIXELS)
    papers = []
    for scheme in ("light", "dark"):
        shown = browser.new_page(color_scheme=scheme, viewport={"width": 1366, "height": 768})
        asked: list[str] = []
        said: list[str] = []
        shown.on("request", lambda request, asked=asked: asked.append(request.url))
        shown.on("console", lambda message, said=said: said.append(message.text))
        shown.goto(out.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [out.as_uri()]
        assert said == []
        papers.append(shown.evaluate("getComputedStyle(document.body).backgroundColor"))
        loaded = shown.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 9)")
        assert loaded
        wide = shown.evaluate("document.documentElement.scrollWidth")
        assert wide <= 1366
        # a telephone: what is wider scrolls in its own place, and no table of the phases has to
        shown.set_viewport_size({"width": 360, "height": 780})
        assert shown.evaluate("document.documentElement.scrollWidth") == 360
        assert shown.evaluate(
            "(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.wide'))"
        )
        names = "Math.max(...[...document.querySelectorAll('.matrix th')].map(e => e.scrollHeight))"
        assert shown.evaluate(names) < 90  # they are broken between words, and not in each letter
        shown.emulate_media(media="print")
        kept = "getComputedStyle(document.querySelector('h3')).breakAfter"
        assert shown.evaluate(kept) == "avoid"  # a phase and its pictures
    assert papers == ["rgb(255, 255, 255)", "rgb(16, 19, 23)"]


def test_points_lie_where_the_axes_say() -> None:
    assert scatter(np.array([1.0]), np.array([2.0]), ["#000000"], x_title="a", y_title="b") is None
    x = np.array([10.0, 100.0, 1000.0, np.nan, -1])
    y = np.array([0.2, 0.5, 0.9, 1, 1])
    drawn = scatter(x, y, ["#FF0000"] * 5, x_title="a <", y_title="b")
    assert drawn is not None
    texts = {text.text: text.attrib for text in drawn.iter("text")}
    assert {"10", "100", "1,000", "a <"} <= texts.keys()
    places = [float(texts[name]["x"]) for name in ("10", "100", "1,000")]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)
    assert "3 cells" in str(next(drawn.iter("title")).text)
