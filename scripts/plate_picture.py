"""Make docs/images/plate.png: the map of a plate whose counts are drawn, not measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_cellcycle.classify.jobs import Job, Well
from napari_cellcycle.classify.parts import Done
from napari_cellcycle.classify.wells import summarise_wells
from napari_cellcycle.figures.page import save_figure
from napari_cellcycle.figures.plate import draw_plate
from napari_cellcycle.phases import VOCABULARIES

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "plate.png"
ROWS, COLUMNS = "ABCDEFGH", [f"{i:02}" for i in range(1, 13)]
EMPTY = {("A", "01"), ("H", "12"), ("D", "07")}


def main() -> None:
    """Draw a plate on which a drug that stops cells in prometaphase is diluted column by column."""
    rng = np.random.default_rng(0)
    phases = VOCABULARIES["mitosis-2d"]
    jobs, done = [], []
    for row in ROWS:
        for i, column in enumerate(COLUMNS):
            if (row, column) in EMPTY:
                continue
            dose = i / 11 if row < "E" else 0.0
            shares = np.array([0.93, 0.015, 0.025, 0.02, 0.01])
            shares += dose * np.array([-0.45, 0.38, -0.01, -0.015, 0.095])
            counts = rng.multinomial(rng.poisson(900 * (1 - 0.6 * dose)), shares)
            jobs.append(Job(f"{row}{column}", Path(), well=Well("", row, column)))
            found = dict(zip(phases.slugs, counts.tolist(), strict=True))
            done.append(Done(f"{row}{column}", found, (), "cpu", 0.0))
    wells = summarise_wells(jobs, done, phases.slugs)
    figure = draw_plate(
        wells,
        phases,
        ROWS,
        COLUMNS,
        title="A simulated plate",
        subtitle="Rows A to D: a drug, more of it from left to right. Rows E to H: none.",
    )
    save_figure(figure, OUT)
    print(f"{OUT} {OUT.stat().st_size // 1024} kB")  # noqa: T201


if __name__ == "__main__":
    main()
