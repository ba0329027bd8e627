from dataclasses import replace

import numpy as np
import pytest

from napari_cellcycle.simulate.grid import Grid
from napari_cellcycle.simulate.optics import Microscope, microscope

CLEAN = Microscope(
    pixel=0.1,
    plane=0.3,
    lateral=0.1,
    axial=0.3,
    skirt=0.0,
    haze=0.0,
    background=0.0,
    photons=1e6,
    read=0.0,
    fade=0.0,
    look="raw",
    gamma=1.0,
    saturate=0.0,
    depth=65535,
    white=0.5,
)


@pytest.fixture
def bead():
    grid = Grid.cube(60, 2.4)
    volume = np.zeros(grid.shape, np.float32)
    volume[29:31, 29:31, 29:31] = 1
    return grid, volume


def test_a_bead_is_spread_along_z_as_far_as_the_microscope_says(bead):
    grid, volume = bead
    scope = replace(CLEAN, plane=0.1)
    out = scope.axes(grid, np.random.default_rng(0))
    image = scope.blur(volume, grid, out)

    def width(axis):
        profile = image.sum(axis=tuple(i for i in range(3) if i != axis))
        return np.sqrt((profile * out[axis] ** 2).sum() / profile.sum())

    assert width(0) == pytest.approx(0.3, rel=0.1)
    assert width(2) == pytest.approx(0.1, rel=0.15)


def test_planes_and_pixels_have_the_stated_distance(bead):
    grid, _ = bead
    z, y, x = CLEAN.axes(grid, np.random.default_rng(3))
    np.testing.assert_allclose(np.diff(z), 0.3, atol=1e-5)
    np.testing.assert_allclose(np.diff(y), 0.1, atol=1e-5)
    assert grid.axis(0)[0] <= z[0]
    assert x[-1] <= grid.axis(2)[-1] + 1e-5


def test_fewer_photons_mean_more_noise():
    grid = Grid.cube(40, 2.0)
    flat = np.ones(grid.shape, np.float32)
    variations = []
    for photons in (20.0, 2000.0):
        scope = replace(CLEAN, photons=photons)
        out = scope.axes(grid, np.random.default_rng(0))
        image = scope.expose(flat, grid, out, np.random.default_rng(1)).astype(float)
        variations.append(image.std() / image.mean())
    assert variations[0] == pytest.approx(np.sqrt(1 / 20), rel=0.15)
    assert variations[0] > 5 * variations[1]


@pytest.mark.parametrize("fade", [0.3, -0.3])
def test_light_fades_along_z_either_way(fade):
    grid = Grid.cube(40, 2.0)
    scope = replace(CLEAN, fade=fade)
    out = scope.axes(grid, np.random.default_rng(0))
    image = scope.expose(np.ones(grid.shape, np.float32), grid, out, np.random.default_rng(1))
    first, last = image[0].mean(), image[-1].mean()
    assert (first > 1.5 * last) if fade > 0 else (last > 1.5 * first)


def test_saturation_clips_what_is_bright(bead):
    grid, volume = bead
    scope = replace(CLEAN, saturate=0.5, photons=1e8)
    out = scope.axes(grid, np.random.default_rng(0))
    image = scope.expose(volume * 100, grid, out, np.random.default_rng(1))
    assert image.max() == pytest.approx(0.5 * 0.5 * 65535, rel=0.02)


def test_eight_bit_stays_in_eight_bit(bead):
    grid, volume = bead
    scope = replace(CLEAN, depth=255, white=0.9, photons=50.0)
    out = scope.axes(grid, np.random.default_rng(0))
    image = scope.expose(volume, grid, out, np.random.default_rng(1))
    assert image.dtype == np.uint16
    assert image.max() <= 255


@pytest.mark.parametrize("look", ["denoised", "median", "sharpened"])
def test_processing_takes_grain_away_or_sharpens(look, bead):
    grid, volume = bead
    raw = replace(CLEAN, photons=40.0, background=0.5)
    out = raw.axes(grid, np.random.default_rng(0))
    before = raw.expose(volume, grid, out, np.random.default_rng(1)).astype(float)
    after = replace(raw, look=look).expose(volume, grid, out, np.random.default_rng(1))
    corner = (slice(None), slice(0, 8), slice(0, 8))
    assert (before[corner] != after[corner]).any()
    if look != "sharpened":
        assert after[corner].astype(float).std() < 0.8 * before[corner].std()


def test_microscopes_differ_as_widely_as_real_ones():
    scopes = [microscope(np.random.default_rng(seed)) for seed in range(300)]
    per_nucleus = [2 / s.pixel for s in scopes]
    assert min(per_nucleus) < 15
    assert max(per_nucleus) > 50
    for s in scopes:
        assert 0.99 <= s.plane / s.pixel <= 10.01
        assert s.axial <= 5.01 * s.lateral
    assert {s.look for s in scopes} == {"raw", "denoised", "sharpened", "median"}
    assert {s.depth for s in scopes} == {255, 4095, 65535}
    assert max(s.photons for s in scopes) > 30 * min(s.photons for s in scopes)
