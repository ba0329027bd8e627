"""Wrong phases among the first suspects, of simulated cells that ``mitosis-3d`` has classified.

Run ``uv run python benchmarks/bench_suspects.py [--quick] [--cells N] [--work DIR] [--out FILE]``:
a cell takes 0.15 seconds on an idle core, so that 35,000 take an hour and a half. The model's own
errors are what is to be found, within the share of 1,200 in 35,000 that people looked at for the
published data set. In one row they are examined in twelve parts: after each, the search knows the
true phases of these cells, as a person would have said them, and of no others. What is measured of
DNA, the discriminant, and how much measures count beside the network, were chosen on seeds 22 and
24, how answers count on 21 and 22; ``--seed`` is another one by default. ``--work`` keeps what was
simulated, in pieces, so that a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from simulated_population import Population, simulate_population
from tables import markdown, note, number, options, parsed, publish

from napari_cellcycle.cells.measures.measurements import Measurements
from napari_cellcycle.cells.table import CellTable
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.models.ensemble import entropy, leaf_votes
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.review.orders import consensus, divergence
from napari_cellcycle.review.suspects.suspects import Limits, Suspects, find_suspects
from napari_cellcycle.review.suspects.taught import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXAMINED, ALL = 1200, 35000
PARTS = 12
PIECE = 512  # cells
SEED = 23


def population_of(n: int, seed: int, work: Path | None) -> Population:
    """Cells of a seed; ``work`` keeps them in pieces, so that a run that was stopped goes on."""
    pieces: list[Population] = []
    for first in range(0, n, PIECE):
        path = None if work is None else work / f"population-{seed}-{first:06d}.npz"
        if path is not None and path.exists():
            pieces.append(Population.load(path))
            continue
        pieces.append(
            simulate_population(PIECE if path else min(PIECE, n - first), seed, first=first)
        )
        note(f"{min(first + PIECE, n):,} of {n:,} cells")
        if path is not None:
            pieces[-1].save(path)
    return Population.joined(pieces).first(n)


def measured(population: Population) -> Measurements:
    n = len(population.truth)
    corner = np.tile(np.array([[0, 0, 0], [1, 1, 1]]), (n, 1, 1))
    cells = CellTable(
        image="simulated",
        scene="",
        labels_are="cell",
        spacing=Spacing(1, 1, 1, "user"),
        frame=np.zeros(n, np.int64),
        label=np.arange(1, n + 1),
        bbox=corner,
        centroid=np.zeros((n, 3)),
        voxels=np.ones(n, np.int64),
        touches_border=population.border,
        nucleus_voxels=np.full(n, -1),
    )
    return Measurements(cells, population.measures, is_2d=False)


def searched_anew(
    search: Callable[[NDArray[np.int64]], Suspects], truth: NDArray[np.int64], budget: int
) -> NDArray[np.int64]:
    """Cells in the order of a search that goes on after each twelfth of the budget.

    ``search`` takes known leaves; it is given the truth of cells that were examined, and of no
    others. Behind the budget, cells are in the order of the last search.
    """
    known = np.full(len(truth), NOBODY)
    examined = np.zeros(0, np.int64)
    for part in np.diff(np.linspace(0, budget, PARTS + 1).round().astype(int)).tolist():
        new = search(known).first(part)
        known[new] = truth[new]
        examined = np.concatenate([examined, new])
    return np.concatenate([examined, search(known).order])


def orders(population: Population, seed: int, budget: int) -> dict[str, NDArray[np.int64]]:
    """All cells in each order."""
    decision, votes = population.decision(), leaf_votes(population.level1, population.level2)
    found, said = measured(population), consensus(votes)

    def suspects(probabilities: NDArray[np.float64] | None, **limits: object) -> NDArray[np.int64]:
        given = Limits(**limits)
        result = find_suspects(found, decision.phase, MITOSIS_STAGES, probabilities, limits=given)
        return result.order

    def search(known: NDArray[np.int64]) -> Suspects:
        return find_suspects(found, decision.phase, MITOSIS_STAGES, said, known=known)

    n = len(said)
    volumes = ("volume", "dna_volume")
    leaves = [leaf.slug for leaf in MITOSIS_STAGES.leaves]
    truth = np.array([leaves.index(slug) for slug in population.truth.tolist()])
    return {
        "suspects": suspects(said),
        "suspects, searched anew after each twelfth": searched_anew(search, truth, budget),
        "suspects, by clusters": suspects(said, by="clusters"),
        "suspects, by clusters of cell and DNA volume": suspects(
            said, by="clusters", measures=volumes
        ),
        "suspects, without the network": suspects(None),
        "the network's doubt, geometric mean of its projections": np.argsort(
            said[np.arange(n), decision.phase], kind="stable"
        ),
        "entropy (the order of the queue)": np.argsort(-entropy(decision.probabilities)),
        "disagreement of projections": np.argsort(-divergence(votes), kind="stable"),
        "random": np.random.default_rng(seed).permutation(n),
    }


def main() -> None:
    parser = options("suspects", __doc__, cells=ALL)
    parser.set_defaults(seed=SEED)
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep simulated cells here")
    given = parsed(parser)
    n = 192 if given.quick else given.cells
    population = population_of(n, given.seed, given.work)
    slugs = np.array(MITOSIS_STAGES.slugs)
    wrong = slugs[population.decision().phase] != population.truth
    budget = round(n * EXAMINED / ALL)
    rows = []
    for name, order in orders(population, given.seed, budget).items():
        hits = [int(wrong[order[: budget * times]].sum()) for times in (1, 2, 4)]
        shares = [number(hit / max(int(wrong.sum()), 1)) for hit in hits]
        rows.append((name, str(hits[0]), *shares))
    head = ("order", "errors found", "share of all", "within twice as many", "within four times")
    publish(
        given,
        f"{n:,} cells, of which {int(wrong.sum())} ({wrong.mean():.1%}) have a wrong phase. The "
        f"first {budget} are examined, as 1,200 of 35,000: all right, they would find "
        f"{min(budget / max(int(wrong.sum()), 1), 1):.3f}.",
        markdown(head, rows),
    )


if __name__ == "__main__":
    main()
