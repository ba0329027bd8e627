"""Views with their phases, ready to train on: from simulated cells and from real 2D crops."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.views import view_cell, view_shape
from napari_cellcycle.errors import CropSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.phases import PhaseSet


@dataclass(frozen=True, slots=True)
class ViewSet:
    """Views of cells whose phase is known, fully or in part.

    Parameters
    ----------
    images : ndarray, ``(n, axes, channels, size, size)``, uint8
        Views times 255; of volumes ``(n, 1, channels, size, size, size)``.
    axes : tuple of str
    allowed : ndarray, ``(n, leaves)``, bool
        Leaves of the vocabulary that the cell may be in; one is true where the phase is known,
        several where a data set is coarser than the vocabulary.
    group : ndarray, ``(n,)``, str
    source : ndarray, ``(n,)``, int, optional
        Data set that each cell is from; 0, the default, is the one that is split, all others are
        only learned from.
    """

    images: NDArray[np.uint8]
    axes: tuple[str, ...]
    allowed: NDArray[np.bool_]
    group: NDArray[np.str_]
    source: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        if not len(self.source):
            object.__setattr__(self, "source", np.zeros(len(self.allowed), np.int64))

    def __len__(self) -> int:
        return len(self.allowed)

    @property
    def mitotic(self) -> NDArray[np.int64]:
        """1 where the first leaf (non-mitotic) is excluded; of two-level vocabularies."""
        return np.asarray(~self.allowed[:, 0], dtype=np.int64)

    @property
    def stages(self) -> NDArray[np.bool_]:
        """Stages that each cell may be in, ``(n, stages)``; of two-level vocabularies."""
        return self.allowed[:, 1:]

    def select(self, which: NDArray[Any]) -> ViewSet:
        """Rows by boolean mask or by indices."""
        return ViewSet(
            self.images[which],
            self.axes,
            self.allowed[which],
            self.group[which],
            self.source[which],
        )

    def save(self, path: Path) -> None:
        """Write as ``.npz``, uncompressed (views hardly compress and are read often)."""
        np.savez(
            path,
            images=self.images,
            axes=np.array(self.axes),
            allowed=self.allowed,
            group=self.group,
            source=self.source,
        )

    @classmethod
    def load(cls, path: Path) -> ViewSet:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as a:
            axes = tuple(str(axis) for axis in a["axes"])
            source = {"source": a["source"]} if "source" in a else {}
            return cls(a["images"], axes, a["allowed"], a["group"], **source)


def join(sets: Sequence[ViewSet]) -> ViewSet:
    """Put view sets of the same axes behind each other."""
    return ViewSet(
        np.concatenate([s.images for s in sets]),
        sets[0].axes,
        np.concatenate([s.allowed for s in sets]),
        np.concatenate([s.group for s in sets]),
        np.concatenate([s.source for s in sets]),
    )


def allowed_leaves(
    labels: Sequence[str] | NDArray[np.str_],
    slugs: Sequence[str],
    meanings: Mapping[str, Sequence[str]] | None = None,
    *,
    name: str = "",
) -> NDArray[np.bool_]:
    """Turn labels into the boolean columns of a :class:`ViewSet`.

    Parameters
    ----------
    labels : sequence of str, ``(n,)``
        One a cell.
    slugs : sequence of str
        Leaves of the vocabulary, in order.
    meanings : mapping of str to sequence of str, optional
        Leaves that a label may mean; every other label means itself.
    name : str
        Of the data set, for messages.

    Raises
    ------
    CropSetError
        If a label means nothing in this vocabulary.
    """
    meanings = dict(meanings or {})
    unknown = sorted(
        {str(v) for v in labels}
        - set(slugs)
        - {label for label, meant in meanings.items() if meant and set(meant) <= set(slugs)}
    )
    if unknown:
        what = f"No phase for the label{'s' * (len(unknown) > 1)} {', '.join(unknown)}"
        raise CropSetError(
            f"{f'{name}: {what}' if name else what}; the vocabulary has {', '.join(slugs)}. Rename "
            "or drop them (--map theirs=ours,theirs=)."
        )
    rows = {label: [s in meanings.get(label, (label,)) for s in slugs] for label in set(labels)}
    return np.array([rows[label] for label in labels], dtype=bool).reshape(-1, len(slugs))


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
    from napari_cellcycle.simulate.workers import in_processes

    make = partial(_simulated_view, seed=seed, recipe=recipe, mixture=dict(mixture), cut=cut)
    images = np.zeros((n, *view_shape(recipe, recipe.axes)), np.uint8)
    truth: list[str] = []
    for i, (image, slug) in enumerate(in_processes(make, n, workers)):
        images[i] = image
        truth.append(slug)
        if progress is not None:
            progress(i + 1, n)
    group = np.array([f"simulated-{seed}-{i}" for i in range(n)])
    return ViewSet(images, recipe.axes, allowed_leaves(truth, phases.slugs), group)


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
