"""The table of the Allen classifier: mitotic or not on training, validation and test plates.

Run ``uv run python benchmarks/bench_allen.py [--quick] [--epochs N] [--out docs/benchmarks.md]``.
An epoch takes some 40 seconds on one core, so that the recipe's 60 take up to 40 minutes, fewer
where it stops early; ``--quick`` takes half a minute.
"""

from __future__ import annotations

from plain_baselines import mitocheck
from tables import Learned, learn, markdown, note, options, parsed, prepare, publish, with_interval

from napari_cellcycle.train.recipes import find_recipe

RENAMES = {
    "prometaphase": "mitotic",
    "metaphase": "mitotic",
    "anaphase": "mitotic",
    "apoptosis": "non-mitotic",
}
METRICS = ("accuracy", "precision/mitotic", "recall/mitotic")
PUBLISHED = ("published, test (hiPSC, three projections)", "", "", "0.980", "0.919", "0.941")


def table(learned: Learned) -> str:
    """A row a part of the data."""
    rows = [PUBLISHED]
    for part in ("train", "validation", "test"):
        found = learned.score(part)
        plates = f"{part} ({found.groups} plates)"
        figures = (with_interval(found, metric) for metric in METRICS)
        rows.append((plates, str(found.n), f"{found.prior['mitotic']:.3f}", *figures))
    head = ("split", "number", "mitotic fraction", "accuracy", "precision", "recall")
    return markdown(head, rows)


def main() -> None:
    given = parsed(options("allen", __doc__, epochs=None))
    note("reading crops and making views")
    experiment, parts = prepare(
        mitocheck(given.data, given.quick),
        find_recipe("allen-mitotic"),
        renames=RENAMES,
        seed=given.seed,
        device=given.device,
    )
    learned = learn(experiment, parts, epochs=1 if given.quick else given.epochs)
    (best,) = learned.best_epochs
    (fit,) = learned.trained.fits.values()
    publish(given, table(learned), f"Epoch {best} of {len(fit.curve)} was kept.")


if __name__ == "__main__":
    main()
