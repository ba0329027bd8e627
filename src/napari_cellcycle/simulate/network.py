"""The microtubule network of a flat cell, from an untouched one to one gathered in bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.filaments import Filaments, Habit, bundle, grow
from napari_cellcycle.simulate.grid import between

if TYPE_CHECKING:
    from napari_cellcycle.simulate.adherent import AdherentBody

LENGTH_UM = 26.0
"""Mean length of a filament without the drug, µm."""


def network(
    rng: np.random.Generator, body: AdherentBody, response: float, filaments: float
) -> tuple[Filaments, Filaments]:
    """Grow a network that a stabilising drug has changed more or less.

    Untouched, most filaments radiate from the centrosome and end at the edge of the cell. As the
    response rises, fewer and shorter ones do, and the others lie in bundles beside each other:
    along the edge, around the nucleus, or straight across.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    body : AdherentBody
        Where they grow.
    response : float
        0 (untouched) to 1.
    filaments : float
        How many there are in such a cell without the drug.

    Returns
    -------
    single, bundled : Filaments
    """
    total = filaments * float(np.exp(rng.normal(0, 0.15))) * (1 + 0.25 * response)
    share = float(np.clip(0.04 + 0.65 * response**1.3 + rng.normal(0, 0.06), 0, 0.95))
    single = _single(rng, body, int(total * (1 - share)), response)
    return single, _bundled(rng, body, int(total * share), response)


def _single(rng: np.random.Generator, body: AdherentBody, n: int, response: float) -> Filaments:
    reach = body.radius * between(rng, 0.5, 1.3)
    centrosome = body.centre + reach * np.exp(1j * between(rng, 0, 2 * np.pi))
    if body.room[body.nearest(np.array(centrosome))] < 3:
        centrosome = body.centre
    start = body.draw(rng, n, body.room > 1)
    heading = np.angle(start - centrosome) + rng.normal(0, 0.7 + 0.6 * response, n)
    central = rng.random(n) < between(rng, 0.3, 0.75) * (1 - 0.8 * response)
    m = int(central.sum())
    start[central] = centrosome + 0.7 * (rng.standard_normal(m) + 1j * rng.standard_normal(m))
    heading[central] = rng.uniform(-np.pi, np.pi, m)
    length = rng.gamma(3.0, LENGTH_UM * (1 - 0.4 * response) / 3, n)
    habit = Habit(persistence=between(rng, 15, 40), bend=0.03, follow=0.3, margin=2.0, cross=0.3)
    return grow(rng, body, start, heading, length, habit)


def _bundled(rng: np.random.Generator, body: AdherentBody, n: int, response: float) -> Filaments:
    size = 3 + 12 * response**1.5 * float(np.exp(rng.normal(0, 0.4)))
    count = round(n / size)
    members = 1 + rng.poisson((size - 1) * rng.gamma(2.0, 0.5, count))
    place = rng.choice(3, count, p=[0.62, 0.18, 0.2])
    start = body.draw(rng, count, body.room > 3)
    along = rng.uniform(-np.pi, np.pi, count)  # straight across, from anywhere
    for here, where, directions in (
        (place == 0, (body.room > 0.5) & (body.room < 4.5), body.outward),
        (place == 1, (body.nucleus > 1.05) & (body.nucleus < 1.3) & (body.room > 0), body.away),
    ):
        m = int(here.sum())
        start[here] = body.draw(rng, m, where)
        side = np.where(rng.random(m) < 0.5, 1j, -1j) * directions[body.nearest(start[here])]
        along[here] = np.angle(side) + rng.normal(0, 0.3, m)
    length = 8 + rng.gamma(2.5, 3 + 6.5 * response, count)
    habit = Habit(
        persistence=40 + 80 * response,
        bend=0.02,
        follow=0.9,
        margin=between(rng, 1.5, 4),
        cross=0.3,
    )
    leaders = grow(rng, body, start, along, length, habit)
    width = (0.6 - 0.3 * response) * np.exp(rng.normal(0, 0.35, count))
    return bundle(rng, leaders, members.astype(np.int64), width)
