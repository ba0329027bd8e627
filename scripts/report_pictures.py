"""Make docs/images/report.png and sheet.png: the report and a sheet of two frames of an organoid.

Needs the data sets, and Chromium, of the system or of playwright.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from napari_cellcycle.classify import classify
from napari_cellcycle.figures.report import write_report
from napari_cellcycle.figures.sheet_set import write_sheets
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review
from napari_cellcycle.review.export.export import reviews_of

ROOT = Path(__file__).resolve().parents[1]
FRAMES = ("t301", "t302")
SAID = {
    "Ann": {18: "prophase", 20: "prophase", 11: "early-prometaphase", 19: "early-prometaphase"},
    "Ben": {18: "prophase", 20: "non-mitotic", 11: "early-prometaphase"},
}
"""What two people might say of cells of the second frame; all others are as the model says."""
WIDTH, HEIGHT = 1066, 900
SHEET = (0, 0, 1190, 770)
NARROWER = (833, 539)


def main() -> None:
    """Classify the frames, say a few words, and draw what comes of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with judged(args.data, folder / "organoid") as project:
            reviews = reviews_of(project)
            page = write_report(reviews, folder / "report.html")
            write_sheets(reviews, folder / "sheets", blind=True)
        show(page, args.out / "report.png")
        with Image.open(folder / "sheets" / "sheet-001.png") as sheet:
            top = sheet.convert("RGB").crop(SHEET).resize(NARROWER, Image.Resampling.LANCZOS)
        top.save(args.out / "sheet.png", optimize=True)


def judged(data: Path, folder: Path) -> Project:
    """A project of the frames that two people have looked through."""
    with Project.create(folder, who="Ann") as project:
        for frame in FRAMES:
            image = open_image(data / f"organoid_h2b_membrane_3d_{frame}.ome.tif")
            path = data / f"organoid_h2b_membrane_3d_{frame}_nuclei_labels.ome.tif"
            found = classify(image, open_labels(path))
            number = project.images.add(image, open_labels(path), cells=found.cells).number
            project.predictions.add_classification(number, found)
    for who, said in SAID.items():
        with Project.open(project.folder, who=who) as project:
            review = Review(project, 2)
            for label, phase in said.items():
                review.say(review.row_of(0, label), phase)
            review.accept([row for row in range(len(review)) if review.word(row).kind == "none"])
    return Project.open(project.folder, who="Ann")


def show(page: Path, out: Path) -> None:
    """Save what a browser shows first."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.goto(page.as_uri())
        view.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main()
