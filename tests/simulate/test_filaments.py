import numpy as np
import pytest

from napari_cellcycle.simulate.adherent import adherent_body
from napari_cellcycle.simulate.filaments import STEP, Filaments, Habit, bundle, grow

STRAIGHT = Habit(persistence=1e6, bend=0.0, follow=1.0, margin=2.0, cross=1.0)


@pytest.fixture(scope="module")
def body():
    return adherent_body(np.random.default_rng(0), radius=18.0, elongation=1.2, corners=0.2)


def grown(body, habit, n=60, length=40.0, seed=0):
    rng = np.random.default_rng(seed)
    start = body.draw(rng, n, body.room > 3)
    return grow(rng, body, start, rng.uniform(-np.pi, np.pi, n), np.full(n, length), habit)


def test_filaments_stay_in_the_cell(body):
    lines = grown(body, STRAIGHT)
    room = body.room[body.nearest(lines.points[lines.there])]
    assert room.min() > 0


def test_a_filament_is_as_long_as_asked_where_nothing_stops_it(body):
    lines = grown(body, STRAIGHT, n=1, length=3 * STEP)
    assert lines.there.all()
    np.testing.assert_allclose(np.abs(np.diff(lines.points, axis=0)), STEP, rtol=1e-4)
    assert lines.length == pytest.approx(3 * STEP)


def test_stiff_filaments_run_straighter(body):
    def turned(persistence):
        lines = grown(body, Habit(persistence, 0.0, 1.0, 0.01, 1.0), length=8.0)
        steps = np.diff(lines.points, axis=0)
        return np.abs(np.angle(steps[-1] / steps[0])[lines.there[-1]]).mean()

    assert turned(200.0) < 0.5 * turned(5.0)


def test_those_that_follow_the_edge_outlive_those_that_end_there(body):
    follow = grown(body, STRAIGHT)
    end = grown(body, Habit(1e6, 0.0, 0.0, 2.0, 1.0))
    assert follow.length > 1.3 * end.length


def test_the_nucleus_is_gone_around_unless_it_may_be_crossed(body):
    def over(cross):
        lines = grown(body, Habit(50.0, 0.0, 1.0, 2.0, cross))
        late = lines.points[6:][lines.there[6:]]
        return (body.nucleus[body.nearest(late)] < 0.9).mean()

    assert over(0.0) < 0.3 * over(1.0)


def test_a_bundle_keeps_beside_its_middle(body):
    leaders = grown(body, STRAIGHT, n=4)
    members = np.array([5, 0, 7, 30])
    lines = bundle(np.random.default_rng(1), leaders, members, np.full(4, 0.2))
    assert lines.points.shape[1] == members.sum()
    owner = np.repeat(np.arange(4), members)
    apart = np.abs(lines.points - leaders.points[:, owner])[lines.there]
    assert 0.1 < apart.std() + apart.mean() < 0.5
    assert not (lines.there & ~leaders.there[:, owner]).any()


def test_samples_lie_evenly_on_the_lines():
    points = np.array([[0], [STEP], [STEP + 1j * STEP], [9]], np.complex64)
    lines = Filaments(points, np.array([[True], [True], [True], [False]]))
    quarter = STEP / 4
    expected = [quarter, 3 * quarter, STEP + 1j * quarter, STEP + 3j * quarter]
    np.testing.assert_allclose(np.sort_complex(lines.samples(2)), expected)


def test_no_filaments_at_all_are_no_error(body):
    none = grown(body, STRAIGHT, n=0)
    assert none.length == 0
    assert bundle(np.random.default_rng(0), none, np.zeros(0, int), np.zeros(0)).length == 0
