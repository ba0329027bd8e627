"""Make docs/images/exposure.png: simulated microtubules, a row a dish, two cells an exposure."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from napari_cellcycle.phases import EXPOSURE
from napari_cellcycle.simulate.microtubules import draw_dish, simulate_microtubules

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "exposure.png"


def main() -> None:
    """Simulate and save."""
    import imageio.v3 as iio

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--dishes", type=int, default=4)
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--seed", type=int, default=12)
    args = parser.parse_args()
    rows = []
    for place in range(args.dishes):
        dish = draw_dish(np.random.default_rng([args.seed, place]))
        cells = [
            simulate_microtubules(
                level, np.random.default_rng([args.seed, place, i]), size=args.size, dish=dish
            )
            for i, level in enumerate(np.repeat(EXPOSURE.slugs, 2).tolist())
        ]
        rows.append(np.hstack([np.pad(cell, 1, constant_values=128) for cell in cells]))
    iio.imwrite(args.out, np.vstack(rows))


if __name__ == "__main__":
    main()
