"""Fitting by epochs on real crops: balance, stopping, checkpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.viewset import ViewSet
from napari_cellcycle.train.fit.fitting import Fitted, Progress, fit_epochs
from napari_cellcycle.train.fit.losses import cell_weights, leaf_loss
from napari_cellcycle.train.fit.passes import _order, outputs, precision
from napari_cellcycle.train.fit.plan import FitPlan

PLAN = FitPlan(
    epochs=4, learning_rate=3e-3, batch_size=32, patience=0, augment={"rotate": 180.0, "noise": 0.1}
)


@pytest.fixture(scope="module")
def views(data_dir: Path) -> ViewSet:
    """H2B of HeLa cells, the middle; three classes of very different size."""
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    kept = {"Interphase": 150, "Apoptosis": 60, "Metaphase": 20}
    rows = np.concatenate([np.flatnonzero(crops.phase == p)[:n] for p, n in kept.items()])
    images = crops.images[rows, None, :, 12:52, 12:52]
    allowed = crops.phase[rows][:, None] == np.array(list(kept))
    return ViewSet(images, ("z",), allowed, crops.group[rows])


@pytest.fixture(scope="module")
def parts(views: ViewSet) -> tuple[ViewSet, ViewSet]:
    rows = np.arange(len(views))
    return views.select(rows % 3 > 0), views.select(rows % 3 == 0)


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
    assert rest[0].epoch == 3
    assert fitted.curve == curve
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    )
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


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


def test_rare_classes_are_shown_as_often_as_the_largest(parts: tuple[ViewSet, ViewSet]) -> None:
    train, _ = parts
    counts = train.allowed.sum(axis=0)
    assert counts.max() > 5 * counts.min()
    shown, _ = _order(train, replace(PLAN, balance="upsample"), seed=0, number=1)
    upsampled = train.allowed[shown].sum(axis=0)
    assert abs(upsampled - counts.max()).max() <= 0.1 * counts.max()
    assert set(shown) == set(range(len(train)))
    weights = cell_weights(train.allowed)
    per_class = weights @ train.allowed
    assert np.allclose(per_class, per_class[0])
    assert weights.mean() == pytest.approx(1)


def test_turned_copies_show_each_cell_once_in_every_turn(parts: tuple[ViewSet, ViewSet]) -> None:
    rows, quarters = _order(parts[0], replace(PLAN, turned_copies=True), seed=0, number=1)
    pairs = set(zip(rows.tolist(), quarters.tolist(), strict=True))
    assert len(rows) == len(pairs) == 4 * len(parts[0])
    other, _ = _order(parts[0], replace(PLAN, turned_copies=True), seed=0, number=2)
    assert (other != rows).any()


def test_further_sets_take_their_share_of_an_epoch(parts: tuple[ViewSet, ViewSet]) -> None:
    common, rare = [True, False, False], [False, True, False]
    open_ = [False, True, True]
    allowed = np.array([common] * 30 + [common] * 90 + [rare] * 10 + [open_] * 7)
    source = np.repeat([0, 1, 2], [30, 100, 7])
    views = ViewSet(
        np.zeros((137, 1, 1, 8, 8), np.uint8), ("z",), allowed, np.full(137, "g"), source
    )
    every, _ = _order(views, PLAN, seed=0, number=1)
    assert sorted(every) == list(range(137))
    plan = replace(PLAN, others=0.6)
    drawn = np.zeros(137)
    for number in range(1, 201):
        rows, _ = _order(views, plan, seed=0, number=number)
        counts = np.bincount(source[rows])
        assert counts[0] == 30
        assert sorted(counts[1:]) == [22, 23]  # of 75 crops 45 are of further sets
        assert sorted(rows[source[rows] == 0]) == list(range(30))
        drawn += np.bincount(rows, minlength=137)
    # classes of 90 and of 10 cells, as 3 to 1
    assert drawn[30:120].sum() / drawn[120:130].sum() == pytest.approx(3, rel=0.1)
    assert drawn[130:].min() > 0
    again, _ = _order(views, plan, seed=0, number=200)
    assert (rows == again).all()
    own = views.select(source == 0)
    assert sorted(_order(own, plan, seed=0, number=1)[0]) == list(range(30))
    turned, quarters = _order(views, replace(plan, turned_copies=True), seed=0, number=1)
    assert len(turned) == 4 * 75
    assert np.bincount(quarters).tolist() == [75] * 4


def test_loss_of_a_phase_that_is_known_in_part() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]])
    allowed = torch.tensor([[True, True, False], [True, False, False]])
    p = torch.softmax(logits, 1)
    first, second = -torch.log(p[0, 0] + p[0, 1]), -torch.log(p[1, 0])
    assert torch.isclose(leaf_loss(logits, allowed), (first + second) / 2)
    weighted = leaf_loss(logits, allowed, torch.tensor([3.0, 1.0]))
    assert torch.isclose(weighted, (3 * first + second) / 4)


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


def test_products_are_in_bfloat16_on_cards_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for has, said in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has: has)
        assert precision("cuda:0") == said
        assert precision("cpu") == "float32"


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
