"""Fit one network of ``mitosis-3d`` by steps, on batches drawn from several view sets.

All other models are fitted by epochs, in :mod:`napari_cellcycle.train.fit.fitting`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_cellcycle.train.fit.losses import level_loss
from napari_cellcycle.train.shipped.mitosis3d_augment import augment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cellcycle.train.data.viewset import ViewSet


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fit.

    Parameters
    ----------
    steps : int
        Batches.
    learning_rate : float
        Peak of a one-cycle schedule (AdamW).
    batch_size : int
    weight_decay : float
    cut : float
        Share of views that are cut by a straight border.
    seed : int
    """

    steps: int
    learning_rate: float = 1e-3
    batch_size: int = 64
    weight_decay: float = 0.02
    cut: float = 0.1
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Source:
    """A view set to draw from, along which axes, and how often."""

    views: ViewSet
    axes: tuple[str, ...]
    weight: float


def fit(
    network: torch.nn.Module,
    sources: Sequence[Source],
    options: FitOptions,
    progress: Callable[[int, float], None] | None = None,
) -> None:
    """Train ``network`` in place.

    Each batch comes from one axis; its share of every source goes by weight, and half of what a
    source gives is mitotic.

    Parameters
    ----------
    network : Module
        Takes ``(n, channels, size, size)``, gives ``(n, 2 + stages)``.
    sources : sequence of Source
        What batches are drawn from.
    options : FitOptions
        Steps, learning rate, seed.
    progress : callable of (step, mean loss), optional
        Called every 50 steps.
    """
    rng = np.random.default_rng(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.steps, pct_start=0.15
    )
    axes = sorted({axis for source in sources for axis in source.axes})
    network.train()
    losses: list[float] = []
    for step in range(options.steps):
        axis = axes[int(rng.integers(len(axes)))]
        images, mitotic, stages = _batch(sources, axis, options.batch_size, rng)
        inputs = augment(images, axis, generator, cut=options.cut)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad(set_to_none=True)
        loss = level_loss(network(inputs), mitotic, stages)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if progress is not None and (step + 1) % 50 == 0:
            progress(step + 1, float(np.mean(losses[-50:])))


def _batch(
    sources: Sequence[Source], axis: str, size: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    usable = [source for source in sources if axis in source.axes]
    weights = np.array([source.weight for source in usable])
    counts = rng.multinomial(size, weights / weights.sum())
    images, mitotic, stages = [], [], []
    for source, count in zip(usable, counts, strict=True):
        views = source.views
        chosen = np.concatenate(
            [
                rng.choice(np.flatnonzero(views.mitotic == value), n)
                for value, n in ((0, count - count // 2), (1, count // 2))
            ]
        )
        images.append(views.images[chosen, views.axes.index(axis)])
        mitotic.append(views.mitotic[chosen])
        stages.append(views.stages[chosen])
    return (
        torch.from_numpy(np.concatenate(images)).float() / 255,
        torch.from_numpy(np.concatenate(mitotic)),
        torch.from_numpy(np.concatenate(stages)),
    )
