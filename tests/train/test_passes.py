"""What a network is shown in an epoch, how often, and what its loss counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_cellcycle.train.data.viewset import ViewSet
from napari_cellcycle.train.fit.fitting import fit_epochs
from napari_cellcycle.train.fit.losses import cell_weights, leaf_loss
from napari_cellcycle.train.fit.passes import _order, outputs, precision
from napari_cellcycle.train.fit.plan import FitPlan

PLAN = FitPlan(epochs=1)


class Recorder(torch.nn.Module):
    """A linear network that keeps what it is shown while it learns."""

    def __init__(self, edge: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(edge**2, 3)
        self.shown: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.shown.append(x.detach().clone())
        return self.linear(x.flatten(1))


def test_the_network_is_shown_each_crop_in_its_four_turns(parts: tuple[ViewSet, ViewSet]) -> None:
    net = Recorder(40)
    plan = FitPlan(epochs=1, turned_copies=True)
    fit_epochs(net, *parts, "z", plan)
    shown = (255 * torch.cat(net.shown)).round().byte()[:, 0].numpy()
    crops = parts[0].images[:, 0, 0]
    turned = np.concatenate([np.rot90(crops, k, axes=(1, 2)) for k in range(4)])
    assert sorted(image.tobytes() for image in shown) == sorted(i.tobytes() for i in turned)


def test_rare_classes_count_as_much_as_the_largest_in_the_loss(
    parts: tuple[ViewSet, ViewSet],
) -> None:
    train = parts[0]
    plan = FitPlan(epochs=1, batch_size=len(train), learning_rate=1e-12)
    given = torch.from_numpy(outputs(Recorder(40), train.images[:, 0]))
    allowed = torch.from_numpy(train.allowed)
    weights = torch.from_numpy(cell_weights(train.allowed)).float()
    for balance, expected in (
        ("none", leaf_loss(given, allowed)),
        ("weights", leaf_loss(given, allowed, weights)),
    ):
        fitted = fit_epochs(Recorder(40), *parts, "z", replace(plan, balance=balance))
        assert fitted.curve[0].train_loss == pytest.approx(float(expected), rel=1e-5)
    assert abs(float(leaf_loss(given, allowed)) - float(expected)) > 0.02


def test_crops_are_varied_anew_in_every_epoch(parts: tuple[ViewSet, ViewSet]) -> None:
    net = Recorder(40)
    fit_epochs(net, *parts, "z", FitPlan(epochs=2, batch_size=999, augment={"noise": 0.1}))
    first, second = net.shown
    raw = torch.from_numpy(parts[0].images[:, 0]).float() / 255
    assert first.shape == second.shape == raw.shape
    for shown in (first, second):
        far = torch.cdist(shown.flatten(1), raw.flatten(1)).min(dim=1).values
        assert (far > 0).all(), "none is shown as it is"
    assert len(torch.unique(torch.cat(net.shown).flatten(1), dim=0)) == 2 * len(raw)


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


def test_products_are_in_bfloat16_on_cards_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for has, said in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has: has)
        assert precision("cuda:0") == said
        assert precision("cpu") == "float32"


def test_the_rate_falls_along_half_a_cosine(parts: tuple[ViewSet, ViewSet]) -> None:
    plan = FitPlan(epochs=4, learning_rate=1e-3, batch_size=999)
    for schedule, expected in (
        ("constant", [1e-3] * 4),
        ("cosine", [1e-3 * 0.5 * (1 + np.cos(np.pi * done)) for done in (0, 0.25, 0.5, 0.75)]),
    ):
        curve = fit_epochs(Recorder(40), *parts, "z", replace(plan, schedule=schedule)).curve
        assert [epoch.learning_rate for epoch in curve] == pytest.approx(expected)
