"""Each augmentation on real crops, against what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from napari_cellcycle.cells.views.geometry import sharpen
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.fit.augmentations import SIDE_ANGLE, turn, vary
from napari_cellcycle.train.fit.plan import SETS, STRENGTHS


@pytest.fixture(scope="module")
def crops(data_dir: Path) -> torch.Tensor:
    """Jurkat cells in three channels, without their background."""
    some = read_crop_set(data_dir / "jurkat_ifc_40px.npz").images[::80].astype(np.float32)
    some = some[:, :, :40, :40] / some.max(axis=(2, 3), keepdims=True)
    some[:, 1][some[:, 1] < 0.3] = 0
    return torch.from_numpy(some)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", STRENGTHS)
def test_every_one_changes_views_within_their_range(name: str, crops: torch.Tensor) -> None:
    augment = {name: STRENGTHS[name][0]}
    varied = vary(crops, augment, "z", seeded())
    assert varied.shape == crops.shape
    assert varied.min() >= 0
    assert varied.max() <= 1
    assert not torch.allclose(varied, crops, atol=1e-3)
    assert (varied == vary(crops, augment, "z", seeded())).all()
    assert not (varied == vary(crops, augment, "z", seeded(1))).all()
    # a stack is varied plane by plane, all alike
    stack = crops[:, :, None].repeat(1, 1, 3, 1, 1)
    varied = vary(stack, augment, "volume", seeded())
    if name != "noise":
        assert torch.allclose(varied[:, :, 0], varied[:, :, 2], atol=1e-6)


def test_quarter_turns_are_exact(crops: torch.Tensor) -> None:
    quarters = torch.arange(len(crops)) % 4
    turned = turn(crops, quarters)
    for image, result, k in zip(crops.numpy(), turned.numpy(), quarters.tolist(), strict=True):
        assert (result == np.rot90(image, k, axes=(1, 2))).all()
    varied = vary(crops, {"rotate90": 1.0}, "z", seeded()).numpy()
    found = set()
    for image, result in zip(crops.numpy(), varied, strict=True):
        same = [k for k in range(4) if (result == np.rot90(image, k, axes=(1, 2))).all()]
        assert len(same) == 1
        found.add(same[0])
    assert found == {0, 1, 2, 3}


def test_side_views_keep_the_optical_axis(crops: torch.Tensor) -> None:
    for image, result in zip(
        crops.numpy(), vary(crops, {"rotate90": 1.0}, "x", seeded()).numpy(), strict=True
    ):
        assert (result == image).all() or (result == np.rot90(image, 2, axes=(1, 2))).all()
    bar = torch.zeros(64, 1, 65, 65)
    bar[:, :, 31:34] = 1
    for axis, most in (("x", SIDE_ANGLE), ("z", 180.0)):
        turned = vary(bar, {"rotate": 180.0}, axis, seeded())
        edge = turned[:, 0, :, 58].argmax(dim=1) - 32
        angle = torch.rad2deg(torch.atan2(edge.float().abs(), torch.tensor(26.0)))
        assert angle.max() <= most + 1
        assert (axis == "z") == bool((angle > SIDE_ANGLE + 3).any())


def test_blur_is_gaussian(crops: torch.Tensor) -> None:
    from scipy.ndimage import gaussian_filter

    rng = seeded(4)
    sigma = (torch.rand(len(crops), 1, generator=seeded(4)) * 4 - 2).flatten()
    blurred = vary(crops, {"blur": 2.0}, "z", rng)
    for image, result, s in zip(crops, blurred, sigma.tolist(), strict=True):
        if s < 0.3:
            continue
        for c in range(3):
            expected = gaussian_filter(image[c].numpy(), s, mode="mirror", radius=6)
            assert np.allclose(result[c].numpy(), expected, atol=1e-4)


def test_outside_of_the_mask_stays_black(crops: torch.Tensor) -> None:
    outside = crops == 0
    for name in ("noise", "brightness-contrast", "gamma", "colour-jitter"):
        assert (vary(crops, {name: STRENGTHS[name][0]}, "z", seeded())[outside] == 0).all()


def test_a_window_leaves_a_square_in_the_middle_as_it_is() -> None:
    views = torch.ones(400, 2, 40, 40)
    varied = vary(views, {"window": 0.5}, "z", seeded())
    edges = varied[:, 0, 20].sum(dim=1)
    assert set(edges.tolist()) == {float(edge) for edge in range(20, 41, 2)}
    assert 0.4 < (edges < 40).float().mean() < 0.55
    for view, edge in zip(varied, edges.int().tolist(), strict=True):
        start = (40 - edge) // 2
        assert view[:, start : start + edge, start : start + edge].all()
        assert view.sum() == 2 * edge**2
    stack = torch.rand(4, 1, 3, 40, 40, generator=seeded())
    assert (vary(stack, {"window": 1.0}, "volume", seeded()) == stack).all()


def test_saturated_views_are_stretched_between_a_floor_and_a_ceiling() -> None:
    ramp = torch.linspace(0, 1, 101).repeat(400, 1, 3, 1)
    varied = vary(ramp, {"saturate": 0.5}, "z", seeded())[:, 0, 0]
    assert (varied.diff(dim=1) >= 0).all(), "the order of grey values stays"
    floor = (varied == 0).sum(dim=1) - 1
    ceiling = 101 - (varied == 1).sum(dim=1)
    changed = (varied != ramp[:, 0, 0]).any(dim=1)
    assert 0.4 < changed.float().mean() < 0.6
    assert 12 <= floor.max() <= 15
    assert 55 <= ceiling.min() <= 58
    straight = varied[changed].diff(dim=1)[:, 20:50]
    assert torch.allclose(straight, straight[:, :1].expand_as(straight), atol=1e-5)


def test_grey_is_the_same_in_all_channels(crops: torch.Tensor) -> None:
    varied = vary(crops, {"grey": 1.0}, "z", seeded())
    assert torch.allclose(varied[:, 0], varied[:, 2])
    assert torch.allclose(varied[:, 0], crops.mean(dim=1), atol=1e-6)


def test_sharpening_is_that_of_pillow(data_dir: Path) -> None:
    images = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz").images[:40, 0]
    for image in images:
        expected = np.asarray(Image.fromarray(image).filter(ImageFilter.SHARPEN))
        # sixteenths of a 256th are exact in float32
        ours = np.floor(sharpen(image.astype(np.float32) / 256) * 256 + 0.5).clip(max=255)
        assert (ours == expected).all()
    assert SETS["S"].sharpen
