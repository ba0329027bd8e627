"""Views with their phases, ready to train on: from simulated cells and from real 2D crops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views import crop_labels, view_axes, view_cell
from napari_cellcycle.errors import CropSetError
from napari_cellcycle.image.spacing import Spacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import ViewRecipe
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.cropset import CropSet


@dataclass(frozen=True, slots=True)
class ViewSet:
    """Views of cells whose phase is known, fully or in part.

    Parameters
    ----------
    images : ndarray, ``(n, axes, channels, size, size)``, uint8
        Views times 255.
    axes : tuple of str
    mitotic : ndarray, ``(n,)``, int64
        1 if mitotic.
    stages : ndarray, ``(n, stages)``, bool
        Stages that the cell may be in; one true where the stage is known, several where a data set
        is coarser than the vocabulary, none where the cell is not mitotic.
    group : ndarray, ``(n,)``, str
    """

    images: NDArray[np.uint8]
    axes: tuple[str, ...]
    mitotic: NDArray[np.int64]
    stages: NDArray[np.bool_]
    group: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.mitotic)

    def select(self, which: NDArray[Any]) -> ViewSet:
        """Rows by boolean mask or by indices."""
        return ViewSet(
            self.images[which],
            self.axes,
            self.mitotic[which],
            self.stages[which],
            self.group[which],
        )

    def save(self, path: Path) -> None:
        """Write as ``.npz``, uncompressed (views hardly compress and are read often)."""
        np.savez(
            path,
            images=self.images,
            axes=np.array(self.axes),
            mitotic=self.mitotic,
            stages=self.stages,
            group=self.group,
        )

    @classmethod
    def load(cls, path: Path) -> ViewSet:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as a:
            axes = tuple(str(axis) for axis in a["axes"])
            return cls(a["images"], axes, a["mitotic"], a["stages"], a["group"])


def join(sets: Sequence[ViewSet]) -> ViewSet:
    """Put view sets of the same axes behind each other."""
    return ViewSet(
        np.concatenate([s.images for s in sets]),
        sets[0].axes,
        np.concatenate([s.mitotic for s in sets]),
        np.concatenate([s.stages for s in sets]),
        np.concatenate([s.group for s in sets]),
    )


def stage_targets(phases: PhaseSet, slugs: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Turn the stages that each cell may be in into the boolean columns of a :class:`ViewSet`."""
    order = [phase.slug for phase in phases.children("mitotic")]
    return np.array([[stage in allowed for stage in order] for allowed in slugs], dtype=bool)


def simulated_views(
    n: int,
    *,
    recipe: ViewRecipe,
    phases: PhaseSet,
    mixture: Mapping[str, float],
    seed: int,
    cut: float = 0.07,
    workers: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> ViewSet:
    """Simulate cells and make their views.

    Cell ``i`` depends on ``(seed, i)`` only, not on the number of workers.

    Parameters
    ----------
    n : int
        Number of cells.
    recipe : ViewRecipe
        How views are made.
    phases : PhaseSet
        The vocabulary of the truth.
    mixture : mapping of str to float
        Probability of each leaf.
    seed : int
        Of this set.
    cut : float
        Share of cells that the border of the image cuts.
    workers : int
        Processes.
    progress : callable of (done, total), optional
        Called for every cell.
    """
    from concurrent.futures import ProcessPoolExecutor

    make = partial(_simulated_view, seed=seed, recipe=recipe, mixture=dict(mixture), cut=cut)
    images = np.zeros(
        (n, len(recipe.axes), len(recipe.channels), recipe.size, recipe.size), np.uint8
    )
    truth: list[str] = []
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for i, (image, slug) in enumerate(pool.map(make, range(n), chunksize=32)):
            images[i] = image
            truth.append(slug)
            if progress is not None:
                progress(i + 1, n)
    mitotic = np.array([phases.top(slug).slug == "mitotic" for slug in truth], dtype=np.int64)
    group = np.array([f"simulated-{seed}-{i}" for i in range(n)])
    return ViewSet(images, recipe.axes, mitotic, stage_targets(phases, [[s] for s in truth]), group)


def _simulated_view(
    i: int, *, seed: int, recipe: ViewRecipe, mixture: Mapping[str, float], cut: float
) -> tuple[NDArray[np.uint8], str]:
    from napari_cellcycle.simulate.cell import simulate_cell

    rng = np.random.default_rng((seed, i))
    slug = str(rng.choice(list(mixture), p=list(mixture.values())))
    cell = simulate_cell(slug, rng, misreport=0.35, cut=cut)
    labels_are = "cell" if rng.random() < 0.3 else "nucleus"
    labels = cell.cells_labels if labels_are == "cell" else cell.nuclei_labels
    if not (labels == cell.label).any():
        labels_are, labels = "nucleus", cell.nuclei_labels
    channels: list[NDArray[Any] | None] = [cell.image[0], cell.image[1]]
    if rng.random() < 0.3:
        channels[1] = None
    where = np.nonzero(labels == cell.label)
    bbox = np.array([[w.min() for w in where], [w.max() + 1 for w in where]])
    views, _ = view_cell(
        channels,
        labels,
        cell.label,
        bbox,
        recipe=recipe,
        spacing=cell.spacing,
        labels_are=labels_are,  # type: ignore[arg-type]
    )
    return np.rint(views * 255).astype(np.uint8), slug


def crop_views(
    crops: CropSet,
    *,
    recipe: ViewRecipe,
    phases: PhaseSet,
    allowed: Mapping[str, Sequence[str]],
    join_parts: bool = False,
) -> ViewSet:
    """Make the z views of real 2D crops, which resemble a z projection of DNA.

    Parameters
    ----------
    crops : CropSet
        With a ``dna`` channel, ``(n, c, y, x)``.
    recipe : ViewRecipe
        How views are made.
    phases : PhaseSet
        The vocabulary of the result.
    allowed : mapping of str to sequence of str
        For each label of the set the leaves that it may mean; other labels are left out.
    join_parts : bool
        Take every bright object in a crop as the subject, such as both daughters.

    Raises
    ------
    CropSetError
        If there is no DNA channel, or the crops are 3D.
    """
    if "dna" not in crops.channels:
        raise CropSetError(f"{crops.name} has no dna channel; it has {', '.join(crops.channels)}.")
    if crops.images.ndim != 4:
        raise CropSetError(f"{crops.name} is not 2D: images have shape {crops.images.shape}.")
    dna = crops.images[:, crops.channels.index("dna")]
    rows = np.flatnonzero(np.isin(crops.phase, list(allowed)))
    size = recipe.size
    images = np.zeros((len(rows), 1, len(recipe.channels), size, size), np.uint8)
    index = recipe.channels.index("dna")
    for k, row in enumerate(rows):
        views = view_crop(dna[row], recipe, join_parts=join_parts)
        images[k, :, index] = np.rint(views[:, index] * 255)
    meant = [list(allowed[label]) for label in crops.phase[rows]]
    mitotic = np.array([phases.top(m[0]).slug == "mitotic" for m in meant], dtype=np.int64)
    return ViewSet(
        images,
        view_axes(recipe, is_2d=True),
        mitotic,
        stage_targets(phases, meant),
        crops.group[rows],
    )


def view_crop(
    dna: NDArray[Any], recipe: ViewRecipe, *, join_parts: bool = False
) -> NDArray[np.float32]:
    """Make the z view ``(1, channels, size, size)`` of one ready-made DNA crop ``(y, x)``."""
    labels = crop_labels(dna, join=join_parts)
    where = np.nonzero(labels == 1)
    bbox = np.array([[0, *(w.min() for w in where)], [1, *(w.max() + 1 for w in where)]])
    channels = [dna[None] if role == "dna" else None for role in recipe.channels]
    return view_cell(
        channels,
        labels[None],
        1,
        bbox,
        recipe=recipe,
        spacing=Spacing(1.0, 1.0, 1.0, "cell-size"),
        labels_are="nucleus",
    )[0]
