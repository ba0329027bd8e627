"""One pass over a view set: to learn from it, or to measure how well it is told."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.fit.augmentations import turn, vary
from napari_cellcycle.train.fit.losses import cell_weights, leaf_loss, level_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_cellcycle.train.data.viewset import ViewSet
    from napari_cellcycle.train.fit.plan import FitPlan


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What one network is to learn.

    Parameters
    ----------
    train, validation : ViewSet
    axis : str
        Which of their views.
    plan : FitPlan
    two_level : bool
        Whether the network gives non-mitotic, mitotic and the stages, or one logit a leaf.
    seed : int
    device : str
    """

    train: ViewSet
    validation: ViewSet
    axis: str
    plan: FitPlan
    two_level: bool
    seed: int
    device: str


def train_epoch(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    task: Task,
    number: int,
    report: Callable[[int, int, float], None],
    average: torch.nn.Module | None = None,
) -> float:
    """Show the training cells of an epoch in batches: all once, or as the plan says.

    Parameters
    ----------
    network : Module
        Is changed.
    optimizer : Optimizer
        Of its parameters.
    task : Task
        What is learned.
    number : int
        Of the epoch, from 1.
    report : callable of (batch, batches, mean loss)
        Called after every batch.
    average : Module, optional
        A copy of the network whose weights follow the network's.

    Returns
    -------
    float
        Mean loss.

    Raises
    ------
    TrainingError
        If the loss is no longer finite.
    """
    plan, views, axis, seed, device = task.plan, task.train, task.axis, task.seed, task.device
    order, quarters = _order(views, plan, seed, number)
    weights = cell_weights(views.allowed)
    own = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    torch.manual_seed(own)
    rng = torch.Generator(device).manual_seed(own)
    a = views.axes.index(axis)
    n = _batches(len(order), plan.batch_size)
    total, shown = 0.0, 0
    network.train()
    if plan.freeze_norms:
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()
    for i in range(n):
        chosen = slice(i * plan.batch_size, (i + 1) * plan.batch_size)
        rows = order[chosen]
        images = _input(torch.from_numpy(views.images[rows, a]), device)
        if plan.turned_copies:
            images = turn(images, torch.from_numpy(quarters[chosen]).to(device))
        if plan.augment:
            images = vary(images, plan.augment, axis, rng)
        _set_rate(optimizer, plan, (number - 1 + i / n) / plan.epochs)
        optimizer.zero_grad(set_to_none=True)
        with _mixed(device):
            given = network(images)
        given = given.float()
        if task.two_level:
            mitotic = torch.from_numpy(views.mitotic[rows]).to(device)
            stages = torch.from_numpy(views.stages[rows]).to(device)
            loss = level_loss(given, mitotic, stages)
        else:
            allowed = torch.from_numpy(views.allowed[rows]).to(device)
            share = torch.from_numpy(weights[rows]).to(device, torch.float32)
            loss = leaf_loss(given, allowed, share if plan.balance == "weights" else None)
        value = float(loss.detach())
        check_finite(value, task, number)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if average is not None:
            _follow(average, network, plan.average, (number - 1) * n + i)
        total += value * len(rows)
        shown += len(rows)
        report(i + 1, n, total / shown)
    return total / shown


def assess(network: torch.nn.Module, task: Task) -> tuple[float, float, float]:
    """Loss, accuracy and balanced accuracy on validation data."""
    views = task.validation
    images = views.images[:, views.axes.index(task.axis)]
    given = outputs(network, images, device=task.device, batch_size=max(task.plan.batch_size, 64))
    logits = torch.from_numpy(given)
    if task.two_level:
        mitotic, stages = torch.from_numpy(views.mitotic), torch.from_numpy(views.stages)
        loss = level_loss(logits, mitotic, stages)
        called = np.where(given[:, 1] > given[:, 0], 1 + given[:, 2:].argmax(axis=1), 0)
    else:
        loss = leaf_loss(logits, torch.from_numpy(views.allowed))
        called = given.argmax(axis=1)
    right = views.allowed[np.arange(len(views)), called]
    weights = cell_weights(views.allowed)
    return float(loss), float(right.mean()), float(np.average(right, weights=weights))


def check_finite(loss: float, task: Task, number: int) -> None:
    """Refuse to go on with a loss that is no number."""
    if not math.isfinite(loss):
        raise TrainingError(
            f"Training diverged in epoch {number} (axis {task.axis}): the loss is {loss}. Take a "
            f"learning rate below {task.plan.learning_rate:g}."
        )


@torch.inference_mode()
def outputs(
    network: torch.nn.Module,
    images: NDArray[np.uint8],
    *,
    device: str = "cpu",
    batch_size: int = 128,
) -> NDArray[np.float32]:
    """Run a network on views of one axis, ``(n, channels, size, size[, size])``, uint8.

    Returns
    -------
    ndarray, ``(n, outputs)``, float32
        Logits.
    """
    network.eval()
    parts = [
        network(_input(torch.from_numpy(images[i : i + batch_size]), device)).float().cpu().numpy()
        for i in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts)


def _order(
    views: ViewSet, plan: FitPlan, seed: int, number: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of an epoch in the order in which they are shown, and the quarter turn of each."""
    rng = np.random.default_rng((seed, number, 1))
    rows = np.arange(len(views))
    if plan.others and views.source.any():
        rows = _drawn(views, plan.others, rng)
    if plan.balance == "upsample":
        # a rare class is repeated until it counts as many cells as the largest
        copies = cell_weights(views.allowed)
        copies = copies / copies.min()
        whole = np.floor(copies).astype(np.int64)
        rows = np.repeat(rows, whole + (rng.random(len(rows)) < copies - whole))
    turns = 4 if plan.turned_copies else 1
    quarters = np.tile(np.arange(turns), len(rows))
    order = rng.permutation(len(rows) * turns)
    return np.repeat(rows, turns)[order], quarters[order]


def _drawn(views: ViewSet, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """All rows of the set that is split, and some of the further sets, with replacement."""
    own = np.flatnonzero(views.source == 0)
    others = np.unique(views.source[views.source > 0])
    total = round(len(own) * share / (1 - share))
    counts = np.full(len(others), total // len(others))
    counts[rng.permutation(len(others))[: total % len(others)]] += 1
    rows = [own]
    for other, n in zip(others, counts, strict=True):
        of_it = np.flatnonzero(views.source == other)
        leaves = views.allowed[of_it] / views.allowed[of_it].sum(axis=1, keepdims=True)
        sizes = leaves.sum(axis=0)
        odds = leaves @ np.divide(1, np.sqrt(sizes), out=np.zeros_like(sizes), where=sizes > 0)
        rows.append(rng.choice(of_it, n, p=odds / odds.sum()))
    return np.concatenate(rows)


def _batches(n: int, size: int) -> int:
    """Number of batches; a last one of a single cell, which has no variance, is left out."""
    return max(1, n // size + (n % size > 1))


def _set_rate(optimizer: torch.optim.Optimizer, plan: FitPlan, done: float) -> None:
    if plan.schedule == "cosine":
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def _input(images: torch.Tensor, device: str) -> torch.Tensor:
    scaled = images.to(device).float() / 255
    if scaled.ndim == 4:
        return scaled.contiguous(memory_format=torch.channels_last)
    return scaled


@torch.no_grad()
def _follow(average: torch.nn.Module, network: torch.nn.Module, decay: float, step: int) -> None:
    """Move an average towards the network: quickly at first, when the start still counts."""
    share = 1 - min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, share)
        else:
            kept.copy_(new)


def precision(device: str) -> str:
    """Of products while a network learns on a device: bfloat16 where a CUDA card has them.

    Weights and their steps are float32 in either case, and the loss needs no scaling. On a CPU it
    is float32: with bfloat16 a loss was not finite now and then.
    """
    on_card = torch.device(device).type == "cuda" and torch.cuda.is_bf16_supported()
    return "bfloat16" if on_card else "float32"


def _mixed(device: str) -> Any:
    on_card = precision(device) == "bfloat16"
    return torch.autocast("cuda", torch.bfloat16) if on_card else nullcontext()
