"""Errors along simulated tracks, before and after smoothing.

Run ``uv run python benchmarks/bench_tracks.py --work DIR [--cells N] [--seed S] [--out FILE]``: a
few seconds, once ``bench_suspects.py --work DIR`` has simulated and classified that many cells of
the seed. Cells go through their phases for times drawn from gamma distributions, whose means differ
from those that the smoothing takes for granted; in each frame the model says what it said of one of
those simulated cells in that phase. Errors that last are drawn too: in half of the frames the cell
looks as it did in the frame before. How projections are weighed was chosen on seeds 21 and 22.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from bench_suspects import SEED, population_of
from tables import markdown, number, options, parsed, publish

from napari_cellcycle.cells.tracks.course import MINUTES, Course
from napari_cellcycle.cells.tracks.evidence import evidence_of, likely_minutes
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.models.ensemble import leaf_votes
from napari_cellcycle.phases import MITOSIS_STAGES

TRACKS, FRAMES = 300, 60
QUICK = 256
"""Cells of a quick run: the first of each phase is among them, for the seed as it is."""
SHAPE = 4.0
"""Of the gamma distribution: phases last about as long as each other, not as radioactive decay."""
LASTING = (0.0, 0.5, 0.8)
INTERVALS = (3, 10, 30)


def lives(rng: np.random.Generator, minutes: float) -> np.ndarray:
    """Phases of cells, ``(tracks, frames)``; each divides once or more if there is time."""
    means = np.array(list(MINUTES["mitosis-stages"].values()))
    found = np.zeros((TRACKS, FRAMES), np.int64)
    for row in found:
        lasts = means * rng.uniform(0.6, 1.6, len(means))
        # mitosis begins somewhere in the film, or not in it
        edge = rng.uniform(-0.2, 1.2) * FRAMES * minutes
        phase, frame = 0, 0
        while frame < FRAMES:
            end = int(np.ceil(edge / minutes))
            row[frame : max(end, frame)] = phase
            frame, phase = max(end, frame), (phase + 1) % len(means)
            edge += rng.gamma(SHAPE, lasts[phase] / SHAPE)
    return found


def looks(
    rng: np.random.Generator, truth: np.ndarray, pool: list[np.ndarray], lasting: float
) -> np.ndarray:
    """Row of the population that stands for each cell in each frame."""
    found = np.empty(truth.shape, np.int64)
    for track, row in enumerate(truth):
        for frame, phase in enumerate(row.tolist()):
            stays = frame and row[frame - 1] == phase and rng.random() < lasting
            found[track, frame] = found[track, frame - 1] if stays else rng.choice(pool[phase])
    return found


def main() -> None:
    parser = options("tracks", __doc__, cells=2048)
    parser.set_defaults(seed=SEED)
    parser.add_argument("--work", type=Path, metavar="DIR", help="folder of simulated cells")
    given = parsed(parser)
    population = population_of(QUICK if given.quick else given.cells, given.seed, given.work)
    said = population.decision().probabilities
    votes = leaf_votes(population.level1, population.level2)
    slugs = list(MITOSIS_STAGES.slugs)
    phase = np.array([slugs.index(slug) for slug in population.truth.tolist()])
    pool = [np.flatnonzero(phase == code) for code in range(len(slugs))]
    tracks = Tracks(np.repeat(np.arange(TRACKS), FRAMES), {})
    frame = np.tile(np.arange(FRAMES), TRACKS)
    rows = []
    for minutes in INTERVALS:
        for lasting in LASTING:
            rng = np.random.default_rng((given.seed, minutes, round(10 * lasting)))
            truth = lives(rng, minutes)
            look = looks(rng, truth, pool, lasting).ravel()
            raw = said[look].argmax(axis=1)
            evidence = evidence_of(votes[look], MITOSIS_STAGES)
            guessed = likely_minutes(MITOSIS_STAGES, evidence, frame, tracks)
            errors = [(raw != truth.ravel()).mean()]
            for known in (minutes, guessed):
                smooth = Course.of(MITOSIS_STAGES, frame_minutes=known).smooth(
                    evidence, frame, tracks
                )
                errors.append((smooth.argmax(axis=1) != truth.ravel()).mean())
            jumps = Course.of(MITOSIS_STAGES, frame_minutes=minutes).jumps(raw, frame, tracks)
            rows.append(
                (
                    f"{minutes} min, {lasting:.0%} of looks last",
                    number((truth > 0).mean()),
                    *(number(error) for error in errors),
                    f"{errors[1] / errors[0]:.2f}",
                    f"{errors[2] / errors[0]:.2f} ({guessed:g} min)",
                    f"{len(jumps):,}",
                )
            )
    head = (
        *("frames", "mitotic", "errors before", "after, time known", "after, time guessed"),
        *("known over before", "guessed over before", "impossible steps before"),
    )
    publish(given, f"{TRACKS} tracks of {FRAMES} frames.", markdown(head, rows))


if __name__ == "__main__":
    main()
