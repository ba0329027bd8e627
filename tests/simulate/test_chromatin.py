"""What is drawn before any optics has the shape that its phase demands."""

import numpy as np
import pytest

from napari_cellcycle.simulate import chromosomes, nuclei, separation
from napari_cellcycle.simulate.grid import Grid, noise
from napari_cellcycle.simulate.subjects import NON_MITOTIC_KINDS, interphase_subject

SEEDS = range(12)


def spreads(points, weights):
    """Standard deviations along the principal axes, ascending."""
    mean = np.average(points, axis=0, weights=weights)
    return np.sqrt(np.linalg.eigvalsh(np.cov((points - mean).T, aweights=weights)))


def volume(mass, grid):
    density = mass.draw(grid)
    return float((density > 0.4 * np.percentile(density, 99.9)).sum()) * grid.step**3


def test_plates_are_thinner_than_wide():
    ratios = []
    for seed in SEEDS:
        plate = chromosomes.plate(np.random.default_rng(seed))
        thin, _, wide = spreads(plate.points, plate.weights)
        ratios.append(thin / wide)
    assert np.median(ratios) < 0.5
    assert max(ratios) < 0.95


def test_scattered_chromosomes_fill_more_room_than_a_plate():
    scattered, plates = [], []
    for seed in SEEDS:
        for make, to in ((chromosomes.scattered, scattered), (chromosomes.plate, plates)):
            mass = make(np.random.default_rng(seed))
            to.append(np.prod(spreads(mass.points, mass.weights)))
    assert np.median(scattered) > 2 * np.median(plates)


def test_the_ball_radius_is_that_of_the_points():
    points = np.random.default_rng(0).standard_normal((4000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points *= np.random.default_rng(1).random((4000, 1)) ** (1 / 3)
    mass = chromosomes.Chromosomes(points.astype(np.float32), np.ones(4000, np.float32), 0.01)
    assert mass.radius == pytest.approx(1.0, abs=0.03)


def test_anaphase_sets_lie_on_either_side_of_the_equator():
    for seed in SEEDS:
        first, second, late = separation.separating(np.random.default_rng(seed))
        assert 0 <= late <= 1
        assert first.centre[0] > 0.15
        assert second.centre[0] < -0.15


def test_late_anaphase_is_further_apart_than_early():
    gaps = {"early": [], "late": []}
    for seed in range(60):
        first, second, late = separation.separating(np.random.default_rng(seed))
        gap = float(np.linalg.norm(first.centre - second.centre))
        gaps["early" if late < 0.5 else "late"].append(gap)
    assert np.mean(gaps["late"]) > 1.2 * np.mean(gaps["early"])


def test_condensed_chromatin_is_smaller_and_brighter_than_a_nucleus():
    grid = Grid.cube(48, 1.8)
    look = nuclei.stain(np.random.default_rng(0))
    shares = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        plate = chromosomes.plate(rng)
        nucleus = nuclei.interphase(rng, look, "round")
        texture = [noise(rng, grid, s) for s in (0.55, 0.25, 0.13, 0.07)]
        density, mask = nucleus.draw(grid, texture[0], texture)
        shares.append(volume(plate, grid) / (mask.sum() * grid.step**3))
        assert np.percentile(plate.draw(grid), 99.5) > float(density.sum() / mask.sum())
    assert np.median(shares) < 0.5
    assert max(shares) < 1


def test_prophase_keeps_a_round_nucleus_but_has_more_texture():
    grid = Grid.cube(48, 1.5)
    variation = {"interphase": [], "prophase": []}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        look = nuclei.Stain((0.1, 0.1, 0.1, 0.1), 0, 0.1, 1.0, 0.5, 0.0)
        texture = [noise(rng, grid, s) for s in (0.55, 0.25, 0.13, 0.07)]
        made = {
            "interphase": nuclei.interphase(rng, look, "round"),
            "prophase": nuclei.prophase(rng, look),
        }
        for name, nucleus in made.items():
            density, mask = nucleus.draw(grid, texture[0], texture)
            inside = density[mask > 0.99]
            variation[name].append(inside.std() / inside.mean())
        assert made["prophase"].axes.max() / made["prophase"].axes.min() < 2.2
    assert np.median(variation["prophase"]) > 1.5 * np.median(variation["interphase"])


def test_a_nucleus_stays_in_its_room():
    grid = Grid.cube(40, 1.5)
    rng = np.random.default_rng(2)
    nucleus = nuclei.interphase(rng, nuclei.stain(rng), "round")
    texture = [noise(rng, grid, s) for s in (0.55, 0.25, 0.13, 0.07)]
    room = np.broadcast_to(-grid.axis(0)[:, None, None], grid.shape)
    density, mask = nucleus.draw(grid, texture[0], texture, np.asarray(room))
    assert density[grid.axis(0) > 0.1].max() == 0
    assert mask[grid.axis(0) < -0.2].max() == 1


@pytest.mark.parametrize("kind", list(NON_MITOTIC_KINDS))
def test_every_non_mitotic_kind_is_no_division(kind):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        subject = interphase_subject(rng, nuclei.stain(rng), kind)
        assert subject.kind == kind
        assert not subject.body.mitotic
        assert subject.body.chromatin
        assert (subject.sister is not None) == (kind == "early-g1")


def test_kinds_have_probabilities():
    assert sum(NON_MITOTIC_KINDS.values()) == pytest.approx(1)
