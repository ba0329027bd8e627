"""Training data from a review: raw crops of judged cells, with their masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.content import measure_population
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import ProjectError, ViewError
from napari_cellcycle.files import replacing
from napari_cellcycle.review.agreement.doubt import doubt_ranks
from napari_cellcycle.review.export.crop_size import check_bytes, crop_size, fitting_rows
from napari_cellcycle.review.export.rows import cells_table

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.places import Source

    Ints = NDArray[np.int64]

N_REGIONS = 6

_COLUMNS = (
    *("image", "scene", "frame", "label", "vocabulary", "status", "annotator", "predicted_phase"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Crops of cells with a final phase.

    Parameters
    ----------
    images : ndarray, ``(n, c, z, y, x)``, or ``(n, c, y, x)`` in 2D
        Grey values as they are in the images.
    mask : ndarray like one channel of ``images``, bool
        The cell.
    channels : tuple of str
        Role of each.
    spacing_um : tuple of float or None
        Micrometres per voxel ``(z, y, x)``.
    phase, group, region : ndarray, ``(n,)``, str
        Final phase, image, and part of the image.
    columns : dict of str to ndarray ``(n,)``
        Some of the ``cells`` table; ``labels_are`` (what the mask outlines: cell or nucleus);
        ``doubt``, as :func:`~napari_cellcycle.review.agreement.doubt.doubt_ranks` gives it; and in
        2D ``typical_radius`` and ``g1_content`` of all cells of the image.
    left_out : tuple of str
        One sentence for each reason why cells were left out.
    """

    images: NDArray[Any]
    mask: NDArray[np.bool_]
    channels: tuple[str, ...]
    spacing_um: tuple[float, float, float] | None
    phase: NDArray[np.str_]
    group: NDArray[np.str_]
    region: NDArray[np.str_]
    columns: dict[str, NDArray[Any]]
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.phase)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a crop set, whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {
            "images": self.images,
            "mask": self.mask,
            "channels": np.array(self.channels, dtype=np.str_),
            "phase": self.phase,
            "group": self.group,
            "region": self.region,
            **self.columns,
        }
        if self.spacing_um is not None:
            arrays["spacing_um"] = np.array(self.spacing_um)
        with replacing(Path(path)) as new:
            np.savez_compressed(new, **arrays)  # type: ignore[arg-type]


def cut_crops(
    sources: Sequence[Source],
    *,
    only: Only = "reviewed",
    progress: Callable[[int, int], object] | None = None,
) -> Crops:
    """Cut out the cells that have a final phase; unsure and excluded ones have none.

    All crops have one size, in voxels: along each axis the box of the largest cell, and 0.75 radii
    of the typical cell on both sides. Cells whose box is more than 3 times the median along an axis
    are left out. A cell is in the middle of its crop; what lies outside the image is filled,
    channel by channel, with the median of what is unlabelled in the crop.

    Parameters
    ----------
    sources : sequence of Source
        The images, of one spacing.
    only : {"reviewed", "corrected", "final", "all"}
        Which cells; ``"final"`` takes predictions for truth where nobody has judged.
    progress : callable of (done, total), optional
        Called for every frame with cells.

    Raises
    ------
    ProjectError
        If no cell is left, images differ in spacing or channels, or it would be too large.
    """
    roles = _common_roles(sources)
    spacing = _common_spacing(sources)
    kept, left_out = fitting_rows(sources, only)
    n = sum(len(rows) for rows in kept)
    is_2d = all(source.stack.is_2d for source in sources)
    size = crop_size(sources, kept)
    dtype = np.result_type(*(np.dtype(source.stack.data.dtype) for source in sources))
    dtype = np.dtype(np.uint8) if dtype.kind == "b" else dtype
    check_bytes(n * int(size.prod()) * (len(roles) * dtype.itemsize + 1), n, size)
    images = np.zeros((n, len(roles), *size), dtype)
    mask = np.zeros((n, *size), bool)
    frames = [
        (source, rows[source.review.cells.frame[rows] == frame], int(frame))
        for source, rows in zip(sources, kept, strict=True)
        for frame in np.unique(source.review.cells.frame[rows])
    ]
    place = 0
    for done, (source, rows, frame) in enumerate(frames, start=1):
        volumes = [source.stack.volume(frame, source.roles[role]) for role in roles]
        labels = source.labels.volume(frame)
        for row in rows.tolist():
            _cut(source, row, volumes, labels, images[place], mask[place])
            place += 1
        if progress is not None:
            progress(done, len(frames))
    phase = np.concatenate(
        [
            np.array(source.review.slugs(source.review.final[rows]), dtype=np.str_)
            for source, rows in zip(sources, kept, strict=True)
        ]
    )
    names = [source.name for source in sources]
    return Crops(
        images=images[:, :, 0] if is_2d else images,
        mask=mask[:, 0] if is_2d else mask,
        channels=roles,
        spacing_um=spacing,
        phase=phase,
        group=np.repeat(np.array(names, dtype=np.str_), [len(rows) for rows in kept]),
        region=np.concatenate([_regions(s, rows) for s, rows in zip(sources, kept, strict=True)]),
        columns=_columns(sources, kept) | _populations(sources, kept),
        left_out=left_out,
    )


def _common_roles(sources: Sequence[Source]) -> tuple[str, ...]:
    roles = tuple(r for r in sources[0].roles if all(r in source.roles for source in sources))
    if not roles:
        told = "; ".join(f"{source.name}: {', '.join(source.roles)}" for source in sources)
        raise ProjectError(
            f"The images have no channel in common ({told}). Export them one by one (--image)."
        )
    return roles


def _common_spacing(sources: Sequence[Source]) -> tuple[float, float, float] | None:
    found = {
        source.review.cells.spacing.zyx if source.review.cells.spacing.is_physical else None
        for source in sources
    }
    depths = {source.stack.is_2d for source in sources}
    if len(found) > 1 or len(depths) > 1:
        raise ProjectError(
            "A crop set has one spacing, and the images differ: "
            f"{', '.join(f'{s.name} {s.review.cells.spacing.zyx}' for s in sources)}. Export them "
            "one by one (--image); train takes several sets (--with)."
        )
    (spacing,) = found
    return spacing


def _cut(
    source: Source,
    row: int,
    volumes: Sequence[NDArray[Any]],
    labels: NDArray[np.integer[Any]],
    images: NDArray[Any],
    mask: NDArray[np.bool_],
) -> None:
    """Fill the crop of one cell."""
    first, stop = source.review.cells.bbox[row]
    start = first - (np.array(mask.shape) - (stop - first)) // 2
    low = np.maximum(start, 0)
    high = np.minimum(start + mask.shape, labels.shape)
    there = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    here = tuple(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True))
    mask[here] = labels[there] == source.review.cells.label[row]
    whole = bool((high - low == mask.shape).all())
    free = labels[there] == 0
    for image, volume in zip(images, volumes, strict=True):
        if not whole:
            values = volume[there]
            image[:] = np.median(values[free] if free.any() else values).astype(image.dtype)
        image[here] = volume[there]


def _regions(source: Source, rows: Ints) -> NDArray[np.str_]:
    """Strips of an image with about as many cells each, across its longest axis."""
    cells = source.review.cells
    extent = np.ptp(cells.centroid * np.array(cells.spacing.zyx), axis=0)
    position = cells.centroid[rows, int(extent.argmax())]
    rank = np.argsort(np.argsort(position, kind="stable"), kind="stable")
    strip = rank * N_REGIONS // max(1, len(rows))
    return np.array([f"{source.name} #{k + 1}" for k in strip.tolist()], dtype=np.str_)


def _columns(sources: Sequence[Source], kept: Sequence[Ints]) -> dict[str, NDArray[Any]]:
    tables = [
        cells_table(source.review).iloc[rows] for source, rows in zip(sources, kept, strict=True)
    ]
    found = {}
    for name in _COLUMNS:
        values = np.concatenate([table[name].to_numpy() for table in tables])
        found[name] = values if values.dtype.kind in "iu" else values.astype(np.str_)
    kinds = [source.review.cells.labels_are for source in sources]
    found["labels_are"] = np.repeat(np.array(kinds, dtype=np.str_), [len(rows) for rows in kept])
    found["doubt"] = np.concatenate(
        [doubt_ranks(source.review)[rows] for source, rows in zip(sources, kept, strict=True)]
    )
    return found


def _populations(sources: Sequence[Source], kept: Sequence[Ints]) -> dict[str, NDArray[Any]]:
    """What is typical of each image, for models that compare cells: judged ones are no sample."""
    if not all(source.stack.is_2d and "dna" in source.roles for source in sources):
        return {}
    found = []
    for source in sources:
        cells, frames = source.review.cells, range(source.labels.grid[0])
        dna = [source.stack.volume(frame, source.roles["dna"]) for frame in frames]
        labels = [source.labels.volume(frame) for frame in frames]
        try:
            found.append(measure_population(dna, labels, cells, ViewRecipe()))
        except ViewError:  # no DNA above its background; then the crops speak for themselves
            return {}
    n = [len(rows) for rows in kept]
    return {
        "typical_radius": np.repeat([population.radius for population in found], n),
        "g1_content": np.repeat([population.g1_content for population in found], n),
    }
