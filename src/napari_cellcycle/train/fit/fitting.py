"""Fit one network on view sets by epochs, with early stopping, checkpoints and the best kept."""

from __future__ import annotations

import copy
import hashlib
import math
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.native import load_triton_apart
from napari_cellcycle.train.fit.checkpoint import Checkpoint, read_checkpoint
from napari_cellcycle.train.fit.passes import Task, assess, check_finite, train_epoch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellcycle.train.data.viewset import ViewSet
    from napari_cellcycle.train.fit.plan import FitPlan


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to.

    Parameters
    ----------
    epoch : int
        From 1.
    train_loss, validation_loss : float
        Mean over the cells shown; with class weights where the plan asks for them, on training
        data only.
    accuracy, balanced_accuracy : float
        On validation data; a cell whose phase is known in part is right with any that is allowed.
    learning_rate : float
        At its end.
    seconds : float
        Never compared: two equal runs differ in it.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    accuracy: float
    balanced_accuracy: float
    learning_rate: float
    seconds: float = field(default=0.0, compare=False)

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a fit is.

    Parameters
    ----------
    axis : str
    epoch, epochs : int
        Of these, from 1.
    batch, batches : int
        Done within the epoch; 0 of 0 for one that a checkpoint brings.
    loss : float
        Mean over the epoch up to now.
    done : Epoch or None
        Set once the epoch has been validated.
    stage : str
        What the fit is part of, such as ``fold 2 of 10``; empty for the model itself.
    """

    axis: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    done: Epoch | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a fit went; the network holds the best epoch's weights.

    Parameters
    ----------
    curve : tuple of Epoch
    best_epoch : int
        From 1.
    stopped_early : bool
    """

    curve: tuple[Epoch, ...]
    best_epoch: int
    stopped_early: bool

    @property
    def best(self) -> Epoch:
        """The epoch whose weights are kept."""
        return self.curve[self.best_epoch - 1]


def fit_epochs(
    network: torch.nn.Module,
    train: ViewSet,
    validation: ViewSet,
    axis: str,
    plan: FitPlan,
    *,
    two_level: bool = False,
    seed: int = 0,
    device: str = "cpu",
    checkpoint: Path | None = None,
    resume: bool = False,
    finish: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Train ``network`` in place.

    With a plan that averages, the average of the weights is validated, and the best one kept. With
    one that keeps a share of the start, this is mixed in at the end, after all validation.

    All randomness of an epoch follows from the seed and the epoch's number, so that a fit which was
    interrupted goes on, on the same CPU, bit for bit as if it had not been.

    Parameters
    ----------
    network : Module
        Takes ``(n, channels, size, size)`` (``volume``: a cube), float32 in [0, 1]; gives a logit a
        leaf, or for two levels non-mitotic, mitotic, then the stages.
    train, validation : ViewSet
        Validation data decide when to stop and which epoch is best; nothing is learned from them.
    axis : str
        Which views to take.
    plan : FitPlan
        Epochs, optimiser, balance, augmentation.
    two_level : bool
        Form of the outputs.
    seed : int
        Of batches, augmentation and dropout. The network's own start is its maker's.
    device : str
        A device of torch. On CUDA, matrix products are in bfloat16 where the card has it.
    checkpoint : Path, optional
        Written whole after every epoch.
    resume : bool
        Go on from the checkpoint, if there is one.
    finish : bool
        Be content with the epochs of the checkpoint; without one a single epoch is fitted.
    progress : callable of Progress, optional
        Called after every batch and every epoch, first for every epoch of the checkpoint. An
        exception that it raises ends the fit; the checkpoint of the last whole epoch stays.

    Returns
    -------
    Fitted

    Raises
    ------
    TrainingError
        If there is nothing to train on, the loss is no longer finite, the checkpoint belongs to
        another fit, or the balance does not go with two levels.
    """
    task = Task(train, validation, axis, plan, two_level, seed, device)
    _check(task)
    network.to(device)
    average = copy.deepcopy(network) if plan.average else None
    judged = network if average is None else average
    optimizer = _optimizer(network, plan)
    mark = _fingerprint(network, task)
    state = read_checkpoint(checkpoint, mark) if resume and checkpoint is not None else None
    curve: list[Epoch] = []
    start = _copy(network)
    best = (-math.inf, 0, start)
    if state is not None:
        network.load_state_dict(state.network)
        if average is not None:
            average.load_state_dict(state.average)
        optimizer.load_state_dict(state.optimizer)
        curve = [Epoch(**values) for values in state.curve]
        best = (state.best_value, state.best_epoch, state.best)
    most = 1 if finish else plan.epochs
    where = Progress(axis, 0, plan.epochs, 0, 0, math.nan)
    if progress is not None:
        for epoch in curve:
            progress(replace(where, epoch=epoch.epoch, loss=epoch.train_loss, done=epoch))
    cards = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(cards):
        while len(curve) < most and not _stale(curve, best[1], plan):
            started = time.monotonic()
            number = len(curve) + 1

            def report(batch: int, batches: int, loss: float, number: int = number) -> None:
                nonlocal where
                where = Progress(axis, number, plan.epochs, batch, batches, loss)
                if progress is not None:
                    progress(where)

            loss = train_epoch(network, optimizer, task, number, report, average)
            values = assess(judged, task)
            check_finite(values[0], task, number)
            rate = float(optimizer.param_groups[0]["lr"])
            curve.append(Epoch(number, loss, *values, rate, time.monotonic() - started))
            if (value := _value(curve[-1], plan.monitor)) > best[0]:
                best = (value, number, _copy(judged))
            if checkpoint is not None:
                epochs = [epoch.to_dict() for epoch in curve]
                followed = {} if average is None else _copy(average)
                Checkpoint(
                    mark, _copy(network), followed, optimizer.state_dict(), epochs, *best
                ).write(checkpoint)
            if progress is not None:
                progress(replace(where, done=curve[-1]))
    network.load_state_dict(_mean(best[2], start, plan.keep))
    network.eval()
    return Fitted(tuple(curve), best[1], len(curve) < plan.epochs)


def _optimizer(network: torch.nn.Module, plan: FitPlan) -> torch.optim.Optimizer:
    load_triton_apart()
    weights = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": plan.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if plan.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=plan.learning_rate, momentum=0.9)
    if plan.optimizer == "nadam":
        return torch.optim.NAdam(groups, lr=plan.learning_rate)
    kind = torch.optim.Adam if plan.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=plan.learning_rate)


def _value(epoch: Epoch, monitor: str) -> float:
    """What is to be as large as can be."""
    if monitor == "loss":
        return -epoch.validation_loss
    return epoch.accuracy if monitor == "accuracy" else epoch.balanced_accuracy


def _stale(curve: list[Epoch], best_epoch: int, plan: FitPlan) -> bool:
    return bool(plan.patience) and len(curve) - best_epoch >= plan.patience


def _copy(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()}


def _mean(
    fitted: dict[str, torch.Tensor], start: dict[str, torch.Tensor], keep: float
) -> dict[str, torch.Tensor]:
    """Weights between what was fitted and what the fit began with."""
    return {
        key: tensor.lerp(start[key], keep) if tensor.is_floating_point() else tensor
        for key, tensor in fitted.items()
    }


def _check(task: Task) -> None:
    for part, views in (("training", task.train), ("validation", task.validation)):
        if len(views) == 0:
            raise TrainingError(f"There are no {part} cells.")
    if task.two_level and task.plan.balance == "weights":
        raise TrainingError(
            "Class weights go with flat vocabularies. Balance a model of two levels by showing "
            "rare phases more often: balance = 'upsample'."
        )


def _fingerprint(network: torch.nn.Module, task: Task) -> str:
    """Hash of everything that a checkpoint depends on but its epoch."""
    plan = task.plan
    values = plan.to_dict() | {"axis": task.axis, "seed": task.seed, "network": repr(network)}
    if plan.schedule == "constant":
        del values["epochs"], values["patience"]  # more of them is no other fit
    found = hashlib.sha256(repr(sorted(values.items())).encode())
    for key, tensor in network.state_dict().items():  # what the fit begins with
        found.update(key.encode() + tensor.detach().cpu().numpy().tobytes())
    for views in (task.train, task.validation):
        found.update(views.images[:, views.axes.index(task.axis)].tobytes())
        found.update(views.allowed.tobytes())
        found.update(views.source.tobytes())
    return found.hexdigest()
