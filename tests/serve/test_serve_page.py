"""The page in a browser: a person drops an image, waits, reads, and takes the table away."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from napari_cellcycle.serve import runs


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    """The page, watched: no complaint of the browser, no request to anybody else."""
    page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="dark")
    wrong: list[str] = []
    # answers of ours that are errors are logged too; the tests read them on the page
    page.on("console", lambda m: wrong.append(m.text) if "status of" not in m.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(address) else wrong.append(r.url))
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("#model option", state="attached")
    yield page
    assert wrong == []


def test_a_person_classifies_an_image(page: Any, files: SimpleNamespace, tmp_path: Path) -> None:
    # by keyboard: the first stop is what the image shows, then the file
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "shows"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "image"

    page.get_by_label("Model").select_option("tiny")
    page.get_by_label("Image", exact=True).set_input_files(files.image)
    drop(page, "#labels", files.labels)
    assert "field_labels.tif (" in page.locator("#labels-file").inner_text()
    page.get_by_label("z", exact=True).fill("2")
    page.get_by_label("y", exact=True).fill("0.5")
    page.get_by_label("x", exact=True).fill("0.5")
    page.get_by_label("DNA").fill("DAPI")
    page.get_by_label("DNA").press("Enter")

    page.wait_for_selector("#result:not([hidden])")
    assert page.get_by_role("heading", level=2).inner_text() == "field.ome.tif: 4 cells"
    assert "2 × 0.5 × 0.5 µm" in page.locator("#facts").inner_text()
    assert page.evaluate("document.activeElement.id") == "result"
    assert not page.get_by_role("button", name="Cancel").is_visible()
    counts = page.locator("#counts tbody td:nth-child(2)").all_inner_texts()
    assert sum(map(int, counts)) == 4
    widths = page.locator("#counts .bar div").evaluate_all("all => all.map(e => e.offsetWidth)")
    assert [width > 0 for width in widths] == [n != "0" for n in counts]

    cards = page.locator("#cells > li")
    assert cards.count() == 4
    cards.last.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    loaded = page.locator("#cells img").evaluate_all("all => all.map(e => e.naturalWidth)")
    assert loaded == [34] * 4
    assert page.locator("#overlay").evaluate("e => e.naturalWidth") > 100
    page.get_by_label("Order").select_option("doubt")
    doubts = [
        float(text[2:]) for text in page.locator("#cells .head > span:last-child").all_inner_texts()
    ]
    assert doubts == sorted(doubts)
    phase = page.get_by_label("Show", exact=True).locator("option").nth(1)
    page.get_by_label("Show", exact=True).select_option(phase.get_attribute("value"))
    assert set(page.locator("#cells .head > span:first-child").all_inner_texts()) == {
        phase.inner_text()
    }

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the table").click()
    download.value.save_as(tmp_path / "cells.csv")
    assert pd.read_csv(tmp_path / "cells.csv").label.tolist() == [1, 2, 3, 4]
    assert download.value.suggested_filename == "cells.csv"

    # a narrow screen has nothing beyond its edge, however long a name is
    long = tmp_path / f"{'a_name_of_many_words_' * 4}field.ome.tif"
    shutil.copy(files.image, long)
    page.set_viewport_size({"width": 360, "height": 700})
    page.get_by_label("Image", exact=True).set_input_files(long)
    page.get_by_role("button", name="Classify").click()
    page.get_by_role("heading", level=2).get_by_text(long.name).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_what_is_wrong_is_said_on_the_page(
    page: Any, files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.get_by_label("Model").select_option("tiny")
    page.get_by_label("one cell in 2D").check()
    assert not page.get_by_label("Labels are").is_visible()
    run, alert = page.get_by_role("button", name="Classify"), page.get_by_role("alert")
    run.click()
    assert page.locator("#image:invalid").count() == 1  # the browser asks for the file

    page.get_by_label("Image", exact=True).set_input_files(files.image)
    run.click()
    alert.wait_for()
    assert "field.ome.tif is no 2D crop of one cell: it has 9 planes." in alert.inner_text()
    assert page.evaluate("document.activeElement.id") == "run"  # it was Cancel in between

    evil = tmp_path / "<img src=x onerror=alert(1)>.png"
    evil.write_bytes(b"no picture")
    page.get_by_label("Image", exact=True).set_input_files(evil)
    run.click()
    page.get_by_text("is no readable picture").wait_for()
    assert page.locator("main img[src='x']").count() == 0

    big = tmp_path / "big.tif"
    big.write_bytes(bytes(2 << 20))
    page.get_by_label("Image", exact=True).set_input_files(big)
    run.click()
    page.get_by_text("The files are 2.0 MiB; this server takes 1 MiB.").wait_for()

    # endless work is left by Cancel, and the page is ready for the next
    def endless(*arguments: Any) -> Any:
        while True:
            yield 1, 3

    monkeypatch.setattr(runs, "work_off", endless)
    page.get_by_label("Image", exact=True).set_input_files(files.crop)
    run.click()
    page.get_by_text("Classifying: 1 of 3 cells").wait_for()
    assert page.get_by_role("status").inner_text() == "Classifying"  # the count is not read out
    assert run.is_disabled()
    assert not alert.is_visible()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#run:enabled")
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_spacing_is_typed_as_people_write_numbers(page: Any, files: SimpleNamespace) -> None:
    page.get_by_label("Model").select_option("tiny")
    page.get_by_label("Image", exact=True).set_input_files(files.image)
    page.get_by_label("y", exact=True).fill("0,5")
    page.get_by_label("x", exact=True).fill("0,5")
    page.get_by_label("x", exact=True).press("Enter")
    page.get_by_text(
        "field.ome.tif is 3D, and the spacing 0.5,0.5 is of y and x alone. Give all three in "
        "micrometres (the fields of the spacing)."
    ).wait_for()
    page.get_by_label("z", exact=True).fill("2,5")
    page.get_by_label("z", exact=True).press("Enter")
    page.wait_for_selector("#result:not([hidden])")
    assert "2.5 × 0.5 × 0.5 µm" in page.locator("#facts").inner_text()


def test_a_server_that_is_gone_is_told_of(
    browser: Any,
    home: Path,
    spool: Path,
    files: SimpleNamespace,
    serves: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(home))
    with serves(device="cpu") as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_label("Model").select_option("tiny")
        page.get_by_label("one cell in 2D").check()
        page.get_by_label("Image", exact=True).set_input_files(files.crop)
        page.get_by_role("button", name="Classify").click()
        page.wait_for_selector("#result:not([hidden])")
        assert not page.get_by_label("Order").is_visible()  # of one cell
    page.get_by_role("button", name="Classify").click()
    page.get_by_text("The server cannot be reached. Is it still running?").wait_for()
    assert page.get_by_role("button", name="Classify").is_enabled()
    page.close()


def drop(page: Any, target: str, file: Path) -> None:
    """Let a file fall on a field, as from a file manager."""
    page.evaluate(
        """([target, name, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name));
            const how = {dataTransfer: data, bubbles: true, cancelable: true};
            const event = new DragEvent("drop", how);
            document.querySelector(target).closest(".drop").dispatchEvent(event);
        }""",
        [target, file.name, list(file.read_bytes())],
    )
