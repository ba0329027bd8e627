"""Make docs/images/serve.png: the web page after a run on a simulated field, dark and light.

Needs Chromium, or the browser of ``playwright install chromium``.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from napari_cellcycle.demo import IMAGE, NUCLEI, write_field
from napari_cellcycle.serve.server import address_of, make_server

ROOT = Path(__file__).resolve().parents[1]
SIZE = {"width": 1000, "height": 1480}


def main() -> None:
    """Serve the page, send a simulated field through it, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "serve.png")
    args = parser.parse_args()
    server, listening = make_server()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            write_field(Path(folder), seed=3, n_cells=24)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            shots = [
                shot(browser, address_of(listening), Path(folder), scheme)
                for scheme in ("dark", "light")
            ]
            browser.close()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
    import imageio.v3 as iio

    iio.imwrite(args.out, np.concatenate(shots, axis=1))
    print(f"{args.out} {args.out.stat().st_size // 1024} kB")  # noqa: T201


def shot(browser: Browser, address: str, folder: Path, scheme: str) -> np.ndarray:
    """One picture of the page in one of its looks."""
    import imageio.v3 as iio

    page = browser.new_page(viewport=SIZE, color_scheme=scheme)
    page.goto(address)
    page.set_input_files("#image", folder / IMAGE)
    page.set_input_files("#labels", folder / NUCLEI)
    page.get_by_role("button", name="Classify").click()
    page.wait_for_selector("#result:not([hidden])", timeout=120_000)
    page.select_option("#order", "doubt")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    picture = iio.imread(io.BytesIO(page.screenshot()))[..., :3]
    page.close()
    return picture


if __name__ == "__main__":
    main()
