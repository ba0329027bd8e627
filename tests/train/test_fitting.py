"""Fitting by epochs on real crops: balance, stopping, checkpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.fit.fitting import Fitted, Progress, _optimizer, fit_epochs
from napari_cellcycle.train.fit.losses import leaf_loss
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.fit.plan import FitPlan

if TYPE_CHECKING:
    from napari_cellcycle.train.data.viewset import ViewSet

PLAN = FitPlan(
    epochs=4, learning_rate=3e-3, batch_size=32, patience=0, augment={"rotate": 180.0, "noise": 0.1}
)


def network(n: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 5, 2),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(3),
        torch.nn.Flatten(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(8 * 36, n),
    )


def fit(parts: tuple[ViewSet, ViewSet], plan: FitPlan, **more: object) -> Fitted:
    return fit_epochs(network(), *parts, "z", plan, **more)


def test_it_learns_and_keeps_the_best_epoch(parts: tuple[ViewSet, ViewSet]) -> None:
    net = network()
    seen: list[Progress] = []
    state = torch.get_rng_state()
    plan = replace(PLAN, epochs=8, augment={"flip": 1.0})
    fitted = fit_epochs(net, *parts, "z", plan, progress=seen.append)
    assert (torch.get_rng_state() == state).all()  # the caller's random numbers are its own
    assert fitted.curve[-1].train_loss < 0.7 * fitted.curve[0].train_loss
    assert fitted.best.accuracy > 0.75
    assert fitted.best_epoch == 1 + int(np.argmin([e.validation_loss for e in fitted.curve]))
    validation = parts[1]
    given = outputs(net, validation.images[:, 0])
    loss = leaf_loss(torch.from_numpy(given), torch.from_numpy(validation.allowed))
    assert float(loss) == pytest.approx(fitted.best.validation_loss, rel=1e-5)
    epochs = [p.done for p in seen if p.done is not None]
    assert tuple(epochs) == fitted.curve
    batches = [p for p in seen if p.epoch == 1 and p.done is None]
    assert [p.batch for p in batches] == list(range(1, batches[0].batches + 1))


@pytest.mark.parametrize(
    ("optimizer", "average"),
    [("nadam", 0.0), ("adamw", 0.0), ("adam", 0.0), ("sgd", 0.0), ("adamw", 0.9)],
)
def test_resuming_gives_the_same_curve_to_the_bit(
    optimizer: str, average: float, parts: tuple[ViewSet, ViewSet], tmp_path: Path
) -> None:
    plan = replace(PLAN, optimizer=optimizer, average=average)
    whole = network()
    curve = fit_epochs(whole, *parts, "z", plan, seed=5).curve

    class Cut(Exception):
        pass

    def cut(progress: Progress) -> None:
        if progress.epoch == 3 and progress.batch == 2:
            raise Cut

    path = tmp_path / "axis-z.pt"
    with pytest.raises(Cut):
        fit(parts, plan, seed=5, checkpoint=path, progress=cut)
    torch.rand(7)  # whatever else drew random numbers in between
    rest: list[Progress] = []
    again = network()
    fitted = fit_epochs(
        again, *parts, "z", plan, seed=5, checkpoint=path, resume=True, progress=rest.append
    )
    assert [p.done for p in rest[:2]] == list(curve[:2])  # what the checkpoint brings is told first
    assert (rest[2].epoch, rest[2].batch) == (3, 1)
    assert fitted.curve == curve
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    )
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nadam", torch.optim.NAdam),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("sgd", torch.optim.SGD),
    ],
)
def test_an_optimiser_is_that_of_its_name_and_decays_weights_alone(
    name: str, kind: type[torch.optim.Optimizer]
) -> None:
    net = network()
    found = _optimizer(net, FitPlan(optimizer=name, learning_rate=0.002, weight_decay=0.01))
    assert type(found) is kind
    assert {group["lr"] for group in found.param_groups} == {0.002}
    decay = {id(p): group["weight_decay"] for group in found.param_groups for p in group["params"]}
    assert [decay[id(p)] for p in net.parameters()] == [0.01, 0, 0, 0, 0.01, 0]


def test_the_average_of_the_weights_is_what_is_judged_and_kept(
    parts: tuple[ViewSet, ViewSet],
) -> None:
    plan = replace(PLAN, epochs=1, average=0.9)
    last, kept = network(), network()
    fit_epochs(last, *parts, "z", replace(plan, average=0.0))
    fitted = fit_epochs(kept, *parts, "z", plan)
    start, end, mean = (net[0].weight for net in (network(), last, kept))
    assert not torch.equal(mean, end)
    assert (mean - end).norm() < (start - end).norm()
    given = outputs(kept, parts[1].images[:, 0])
    loss = leaf_loss(torch.from_numpy(given), torch.from_numpy(parts[1].allowed))
    assert float(loss) == pytest.approx(fitted.best.validation_loss, rel=1e-5)


def test_a_share_of_the_start_is_kept(parts: tuple[ViewSet, ViewSet]) -> None:
    plan = replace(PLAN, epochs=2)
    new, mixed = network(), network()
    fit_epochs(new, *parts, "z", plan)
    fit_epochs(mixed, *parts, "z", replace(plan, keep=0.25))
    for start, end, found in zip(
        *(net.state_dict().values() for net in (network(), new, mixed)), strict=True
    ):
        if start.is_floating_point():
            torch.testing.assert_close(found, 0.25 * start + 0.75 * end)
        else:
            assert torch.equal(found, end)
    assert not torch.equal(new[0].weight, mixed[0].weight)


def test_frozen_norms_keep_their_statistics_and_learn_their_scale(
    parts: tuple[ViewSet, ViewSet],
) -> None:
    plan = replace(PLAN, epochs=1)
    for frozen in (True, False):
        net, start = network(), network()
        fit_epochs(net, *parts, "z", replace(plan, freeze_norms=frozen))
        assert torch.equal(net[1].running_mean, start[1].running_mean) == frozen
        assert not torch.equal(net[1].weight, start[1].weight)


def test_a_checkpoint_of_another_fit_is_refused(
    parts: tuple[ViewSet, ViewSet], tmp_path: Path
) -> None:
    path = tmp_path / "z.pt"
    plan = replace(PLAN, epochs=1)
    fit(parts, plan, checkpoint=path)
    more = fit(parts, replace(plan, epochs=2), checkpoint=path, resume=True)
    assert len(more.curve) == 2
    done = fit(parts, replace(plan, epochs=9), checkpoint=path, resume=True, finish=True)
    assert done == replace(more, stopped_early=True)
    assert len(fit(parts, replace(plan, epochs=9), resume=True, finish=True).curve) == 1
    with pytest.raises(TrainingError, match="other data, another start, other options"):
        fit(parts, plan, checkpoint=path, resume=True, seed=1)
    with pytest.raises(TrainingError, match="was made with other data"):
        fit((parts[1], parts[0]), plan, checkpoint=path, resume=True)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(TrainingError, match="no checkpoint of this version, or it is damaged"):
        fit(parts, plan, checkpoint=path, resume=True)
    assert len(fit(parts, plan, checkpoint=path).curve) == 1


def test_it_stops_when_nothing_gets_better(parts: tuple[ViewSet, ViewSet]) -> None:
    frozen = replace(PLAN, learning_rate=1e-12, epochs=9, patience=2, monitor="accuracy")
    net = network().requires_grad_(False)
    net[-1].bias.requires_grad_(True)
    net[1].momentum = 0.0
    fitted = fit_epochs(net, *parts, "z", frozen)
    assert len(fitted.curve) == 3
    assert fitted.best_epoch == 1
    assert fitted.stopped_early


def test_two_levels_and_their_accuracy(parts: tuple[ViewSet, ViewSet]) -> None:
    plan = replace(PLAN, epochs=6, balance="upsample")
    fitted = fit_epochs(network(4), *parts, "z", plan, two_level=True)
    assert fitted.best.balanced_accuracy > 0.5
    with pytest.raises(TrainingError, match="balance = 'upsample'"):
        fit_epochs(network(4), *parts, "z", replace(plan, balance="weights"), two_level=True)


def test_a_learning_rate_that_is_far_too_high(parts: tuple[ViewSet, ViewSet]) -> None:
    plan = replace(PLAN, optimizer="sgd", learning_rate=10.0, weight_decay=10.0, epochs=40)
    net = network()
    del net[1]  # norms would keep it finite
    with pytest.raises(TrainingError, match=r"diverged in epoch \d+ \(axis z\).*below 10"):
        fit_epochs(net, *parts, "z", plan)


def test_nothing_to_learn_from(parts: tuple[ViewSet, ViewSet]) -> None:
    with pytest.raises(TrainingError, match="no training cells"):
        fit((parts[0].select(np.zeros(0, int)), parts[1]), PLAN)


def test_a_full_disk_is_an_error_of_the_system_that_names_the_checkpoint(
    parts: tuple[ViewSet, ViewSet], tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "axis-z.pt"
    fit(parts, replace(PLAN, epochs=1), checkpoint=path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"axis-z\.pt"):
            fit(parts, PLAN, checkpoint=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
