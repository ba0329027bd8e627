"""Where cells are: bodies of touching cells, whose each voxel is, how far its border."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import Grid, directions, distance

if TYPE_CHECKING:
    from napari_cellcycle.simulate.chromosomes import Chromosomes
    from napari_cellcycle.simulate.envelope import Nucleus
    from napari_cellcycle.simulate.grid import Array


def shifted(part: Nucleus | Chromosomes, by: Array) -> Nucleus | Chromosomes:
    """Shift chromatin."""
    from napari_cellcycle.simulate.chromosomes import Chromosomes

    if isinstance(part, Chromosomes):
        return part.moved(np.eye(3, dtype=np.float32), by)
    return part.moved(part.centre + by)


@dataclass(frozen=True, slots=True)
class Body:
    """One cell: one or two lobes, and the chromatin in it.

    Parameters
    ----------
    lobes : tuple of (centre, metric)
        Ellipsoids whose union is the cell; two for a dividing cell that furrows.
    radius : float
        Mean radius of a lobe, nuclear radii.
    chromatin : tuple of Nucleus or Chromosomes
        Placed in the same frame.
    gain : float
        Brightness of its DNA.
    label : int
        Label in the segmentation; 0 where a segmentation overlooks the cell.
    mitotic : bool
    blend : float
        How smoothly two lobes join; smaller is a deeper furrow.
    """

    lobes: tuple[tuple[Array, Array], ...]
    radius: float
    chromatin: tuple[Nucleus | Chromosomes, ...]
    gain: float
    label: int
    mitotic: bool
    blend: float = 0.5

    @property
    def centre(self) -> Array:
        """Mean of the lobes' centres."""
        return np.asarray(np.mean([c for c, _ in self.lobes], axis=0), dtype=np.float32)

    @property
    def reach(self) -> float:
        """Distance from the centre that the cell lies within."""
        longest = max(float(1 / np.linalg.svd(m, compute_uv=False)[-1]) for _, m in self.lobes)
        apart = max(float(np.linalg.norm(c - self.centre)) for c, _ in self.lobes)
        return longest + apart

    def moved(self, by: Array) -> Body:
        """Shift the cell with all that is in it."""
        return replace(
            self,
            lobes=tuple((np.asarray(c + by, np.float32), m) for c, m in self.lobes),
            chromatin=tuple(shifted(part, by) for part in self.chromatin),
        )

    def shell(self, grid: Grid) -> Array:
        """1 on the cell's free surface, less inside, at every voxel."""
        fields = [distance(grid, centre, metric) for centre, metric in self.lobes]
        if len(fields) == 1:
            return fields[0]
        a, b = fields
        soft = np.clip(0.5 + 0.5 * (b - a) / self.blend, 0, 1)
        joined = b * (1 - soft) + a * soft - self.blend * soft * (1 - soft)
        return np.asarray(joined, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Territory:
    """Whose each voxel is.

    Parameters
    ----------
    owner : ndarray, ``(z, y, x)``, int16
        Index of the body, -1 outside all cells.
    room : ndarray, ``(z, y, x)``, float32
        Distance to the owner's border, nuclear radii; negative outside.
    contact : ndarray, ``(z, y, x)``, float32
        Distance to the wall shared with the next cell, as if there were no free surface.
    """

    owner: np.ndarray
    room: Array
    contact: Array = field(repr=False)


def settle(grid: Grid, bodies: list[Body], relief: Array, ripple: float) -> Territory:
    """Divide space among touching cells.

    Parameters
    ----------
    grid : Grid
        Where to settle.
    bodies : list of Body
        All cells.
    relief : ndarray, ``(z, y, x)``
        Smooth noise of unit variance.
    ripple : float
        How strongly it bends the walls.
    """
    first = np.full(grid.shape, 9.0, np.float32)
    second = first.copy()
    owner = np.full(grid.shape, -1, np.int16)
    for i, body in enumerate(bodies):
        found = grid.window(body.centre, body.reach * 1.7)
        if found is None:
            continue
        where, part = found
        shell = body.shell(part)
        # neighbours take opposite sides of the same relief, so that walls bend as one
        shell += np.float32(ripple * (1 if i % 2 else -1)) * relief[where]
        best, next_ = first[where], second[where]
        nearer = shell < best
        np.minimum(next_, np.maximum(best, shell), out=next_)
        np.copyto(owner[where], i, where=nearer)
        np.minimum(best, shell, out=best)
    radius = np.array([body.radius for body in bodies] + [1.0], np.float32)[owner]
    contact = 0.5 * (second - first) * radius
    room = np.minimum(contact, (1 - first) * radius)
    np.copyto(owner, -1, where=first > 1)
    return Territory(owner, room, contact)


def around(
    rng: np.random.Generator,
    radii: list[float],
    n: int,
    solid: list[tuple[Array, Array]],
    *,
    flat: Array | None = None,
) -> list[Array]:
    """Places for neighbours around a cell at the origin, apart from one another.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    radii : list of float
        Radius of each neighbour.
    n : int
        How many to place at most.
    solid : list of (centre, metric)
        Ellipsoids that are taken: a neighbour touches one of them, and sits outside of all.
    flat : ndarray, ``(3,)``, optional
        Normal of a monolayer; neighbours then lie beside the cell, not above it.
    """
    places: list[Array] = []
    taken: list[float] = []
    for _ in range(12 * n):
        if len(places) >= n:
            break
        r = radii[len(places)]
        way = directions(rng, 1)[0]
        if flat is not None:
            way = way - flat * float(way @ flat) * 0.85
            way = way / np.linalg.norm(way)
        centre, metric = solid[int(rng.integers(len(solid)))]
        own = 1 / float(np.linalg.norm(metric @ way))
        press = rng.uniform(0.8, 1.12)
        at = (centre + way * (own + r * press)).astype(np.float32)
        free = all(
            np.linalg.norm(m @ (at - c)) > 1 + 0.75 * r * np.cbrt(np.linalg.det(m))
            for c, m in solid
        )
        if free and all(
            np.linalg.norm(at - p) > 0.8 * (r + t) for p, t in zip(places, taken, strict=True)
        ):
            places.append(at)
            taken.append(r)
    return places
