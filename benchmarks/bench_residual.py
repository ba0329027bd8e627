"""Depth and shortcuts: small residual networks of three depths, with and without shortcuts.

On the task of ``bench_phases.py``, raw crops (D1). Run ``uv run python benchmarks/bench_residual.py
[--quick] [--epochs N] [--out docs/benchmarks.md]``. With the recipe's 60 epochs it takes about an
hour on two cores, with ``--epochs 15 --size 24`` about 10 minutes on one, with ``--quick`` half a
minute.
"""

from __future__ import annotations

from bench_phases import SIZE, recipe_of
from plain_baselines import jurkat
from tables import (
    learn,
    markdown,
    minutes,
    note,
    number,
    options,
    parsed,
    prepare,
    publish,
    row_of,
    with_interval,
)

from napari_cellcycle.train.evaluation.compare import compare

DEPTHS = ("resnet8", "resnet14", "resnet20")
PUBLISHED = (
    "published: resnet20 on CIFAR-10 (photographs)",
    *("yes", "0.27 million", "0.913", "", "", ""),
)


def main() -> None:
    given = parsed(options("residual", __doc__, epochs=None, size=SIZE))
    crops = jurkat(given.data, given.quick)
    epochs = 1 if given.quick else given.epochs
    first = recipe_of(DEPTHS[0], "D1", given.size)
    experiment, parts = prepare(crops, first, seed=given.seed, device=given.device)
    rows, gains = [PUBLISHED], []
    for network in DEPTHS:
        right = {}
        for residual in (True, False):
            recipe = recipe_of(network, "D1", given.size, residual=residual)
            learned = learn(experiment, parts, recipe=recipe, epochs=epochs)
            found = learned.score("test")
            right[residual] = learned.right("test")
            (fit,) = learned.trained.fits.values()
            (net,) = learned.trained.classifier.networks.values()
            rows.append(
                (
                    network,
                    "yes" if residual else "no",
                    f"{sum(p.numel() for p in net.parameters()):,}",
                    with_interval(found, "accuracy"),
                    with_interval(found, "macro_f1"),
                    number(fit.curve[fit.best_epoch - 1].train_loss),
                    f"{fit.best_epoch} of {len(fit.curve)}",
                )
            )
            note(f"{row_of(rows[-1])} {minutes(learned.seconds)}")
        group = experiment.crops.group[parts["test"]]
        test = compare(right[True], right[False], group, names=("with", "without"))
        low, high = test.interval
        gains.append(f"{network} {test.difference:+.3f} ({low:+.3f} to {high:+.3f})")
    head = (
        "network",
        "shortcuts",
        "parameters",
        "accuracy",
        "macro F1",
        "training loss",
        "epoch kept",
    )
    publish(
        given,
        markdown(head, rows),
        f"What shortcuts bring in accuracy, on the same test cells: {'; '.join(gains)}.",
    )


if __name__ == "__main__":
    main()
