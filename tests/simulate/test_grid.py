import numpy as np
import pytest

from napari_cellcycle.simulate.grid import (
    Grid,
    directions,
    distance,
    kernel,
    noise,
    rotation,
    smooth,
    splat,
)


@pytest.fixture
def grid():
    return Grid((20, 24, 28), (-0.95, -1.15, -1.35), 0.1)


def test_cube_is_centred_and_reaches_its_half_edge():
    cube = Grid.cube(50, 2.0)
    axis = cube.axis(1)
    np.testing.assert_allclose(axis, -axis[::-1], atol=1e-6)
    assert axis[-1] + cube.step / 2 == pytest.approx(2.0)


def test_window_cuts_the_same_voxels_out_of_the_coordinates(grid):
    where, part = grid.window(np.array([0.9, 0.0, 0.0], np.float32), 0.3)
    for i in range(3):
        np.testing.assert_allclose(part.axis(i), grid.axis(i)[where[i]], atol=1e-5)
    assert grid.window(np.array([5.0, 0, 0], np.float32), 0.3) is None


def test_kernel_keeps_levels_or_sums():
    at = np.arange(30, dtype=np.float32)
    level = kernel(at, at, 2.0, 1.0)
    np.testing.assert_allclose(level.sum(axis=1), 1, atol=1e-5)
    total = kernel(at, at, 2.0, 1.0, keep=True)
    assert total[:, 15].sum() == pytest.approx(1, abs=1e-3)


def test_smooth_agrees_with_scipy_away_from_borders():
    from scipy.ndimage import gaussian_filter

    cube = Grid.cube(32, 1.6)
    volume = np.random.default_rng(0).random((32, 32, 32)).astype(np.float32)
    ours = smooth(volume, cube, 0.2)
    theirs = gaussian_filter(volume, 2.0, truncate=8)
    inner = (slice(10, 22),) * 3
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=2e-3)


def test_distance_is_one_on_an_ellipsoid(grid):
    axes = np.array([0.5, 0.7, 0.9])
    turn = rotation(np.random.default_rng(3))
    metric = (np.diag(1 / axes) @ turn.T).astype(np.float32)
    centre = np.array([0.1, -0.2, 0.05], np.float32)
    field = distance(grid, centre, metric)
    z, y, x = (grid.axis(i) for i in range(3))
    p = np.array([z[3], y[20], x[7]]) - centre
    assert field[3, 20, 7] == pytest.approx(float(np.linalg.norm(metric @ p)), rel=1e-4)
    volume = (field < 1).sum() * grid.step**3
    assert volume == pytest.approx(4 / 3 * np.pi * axes.prod(), rel=0.03)


def test_splat_sums_weights_and_drops_what_is_outside(grid):
    points = np.array([[0, 0, 0], [0.001, 0, 0], [9, 0, 0]], np.float32)
    volume = splat(grid, points, np.array([1, 2, 4], np.float32))
    assert volume.sum() == 3
    assert volume.max() == 3


@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0])
def test_noise_has_unit_variance_at_every_scale(scale):
    cube = Grid.cube(48, 2.4)
    values = [noise(np.random.default_rng(s), cube, scale) for s in range(6)]
    assert np.std(values) == pytest.approx(1, abs=0.15)
    assert abs(np.mean(values)) < 0.2


def test_rotations_and_directions_have_unit_length():
    rng = np.random.default_rng(1)
    turn = rotation(rng)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turn) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(directions(rng, 50), axis=1), 1, atol=1e-5)
