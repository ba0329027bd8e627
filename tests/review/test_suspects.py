"""Suspects among made-up measures, where it is known which phases are wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.measures.measurements import Measurements
from napari_cellcycle.cells.measures.measures import NAMES
from napari_cellcycle.cells.table import CellTable
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.review.export.tables import write_table
from napari_cellcycle.review.suspects.clusters import log_densities, standard
from napari_cellcycle.review.suspects.curation import suspects_table
from napari_cellcycle.review.suspects.learned import ENOUGH
from napari_cellcycle.review.suspects.suspects import KINDS, Limits, Suspects, find_suspects, judge
from napari_cellcycle.review.suspects.taught import ASIDE, NOBODY
from napari_cellcycle.spreadsheet import restore
from napari_cellcycle.work import run_to_end

RESTING, DIVIDING = 0, 3  # non-mitotic, prometaphase/metaphase
OTHER = KINDS.index("other phase")
BETWEEN = KINDS.index("between phases")


def table(n: int) -> CellTable:
    return CellTable(
        image="field",
        scene="",
        labels_are="cell",
        spacing=Spacing(1, 1, 1, "user"),
        frame=np.zeros(n, np.int64),
        label=np.arange(1, n + 1),
        bbox=np.tile(np.array([[0, 0, 0], [5, 5, 5]]), (n, 1, 1)),
        centroid=np.full((n, 3), 2.0),
        voxels=np.full(n, 125),
        touches_border=np.zeros(n, bool),
        nucleus_voxels=np.full(n, -1),
    )


def measures(**columns: np.ndarray) -> Measurements:
    n = len(next(iter(columns.values())))
    values = np.full((n, len(NAMES)), np.nan)
    for name, column in columns.items():
        values[:, NAMES.index(name)] = column
    return Measurements(table(n), values, is_2d=False)


def population(n: int = 600, *, seed: int = 0) -> tuple[Measurements, np.ndarray]:
    """Resting cells with spread DNA, and one in ten that divides, with condensed DNA."""
    rng = np.random.default_rng(seed)
    truth = np.where(np.arange(n) % 10 == 0, DIVIDING, RESTING)
    divides = truth == DIVIDING
    found = measures(
        volume=np.exp(rng.normal(7, 0.2, n) + 0.3 * divides),
        dna_volume=np.exp(rng.normal(5, 0.2, n) - 1.2 * divides),
        condensation=rng.normal(0.4, 0.04, n) + 0.25 * divides,
        neighbours=rng.integers(0, 9, n).astype(float),
    )
    return found, truth


def mislabelled(seed: int = 0) -> tuple[Measurements, np.ndarray, np.ndarray]:
    found, truth = population(seed=seed)
    wrong = np.random.default_rng(seed).choice(len(truth), 18, replace=False)
    said = truth.copy()
    said[wrong] = np.where(truth[wrong] == DIVIDING, RESTING, DIVIDING)
    return found, said, wrong


def suspects(found: Measurements, said: np.ndarray, **limits: object) -> Suspects:
    return find_suspects(found, said, MITOSIS_STAGES, limits=Limits(**limits))


def taught(known: np.ndarray) -> Suspects:
    found, said, _ = mislabelled()
    return find_suspects(found, said, MITOSIS_STAGES, known=known)


@pytest.mark.parametrize("seed", range(3))
def test_cells_in_the_cluster_of_another_phase_come_first(seed: int) -> None:
    found, said, wrong = mislabelled(seed)
    result = suspects(found, said)
    assert len(set(result.first(18).tolist()) & set(wrong.tolist())) >= 17
    assert set(np.flatnonzero(result.kind == OTHER).tolist()) <= set(wrong.tolist())
    assert (result.likely[result.first(15)] != said[result.first(15)]).all()
    assert sorted(result.order.tolist()) == list(range(600))
    assert (np.diff(result.score[result.order]) <= 0).all()


def test_a_discriminant_learns_what_clusters_only_enclose() -> None:
    """One phase lies in a ring around the other, where two Gaussians do not tell them apart."""
    rng = np.random.default_rng(0)
    truth = np.where(np.arange(3000) % 5 == 0, DIVIDING, RESTING)
    turn = rng.uniform(0, 2 * np.pi, 3000)
    radius = np.where(truth == DIVIDING, 2.0, 1.0) + rng.normal(0, 0.1, 3000)
    found = measures(condensation=radius * np.cos(turn), dna_grain=radius * np.sin(turn))
    wrong = rng.choice(3000, 60, replace=False)
    said = truth.copy()
    said[wrong] = np.where(truth[wrong] == DIVIDING, RESTING, DIVIDING)
    learned, clusters = suspects(found, said), suspects(found, said, by="clusters")
    hits = [int(np.isin(result.first(60), wrong).sum()) for result in (learned, clusters)]
    assert hits[0] >= 55 > hits[1]
    assert (learned.kind[learned.first(40)] == OTHER).all()
    assert clusters.clusters.learned is None
    # what was learned can be judged without it
    again = judge(learned.clusters, None, Limits(by="clusters"))
    np.testing.assert_array_equal(again.score, clusters.score)
    # a phase of four cells is not learned: the cluster of its branch judges it
    rare = truth.copy()
    rare[:4] = 4
    few = suspects(found, rare)
    assert few.clusters.learned is not None
    assert not few.clusters.learned[:, 4].any()
    clusters = suspects(found, rare, by="clusters")
    np.testing.assert_array_equal(few.score[:4], clusters.score[:4])
    assert (few.score[4:] != clusters.score[4:]).any()


def test_of_too_few_cells_nothing_is_learned() -> None:
    found, truth = population()
    learned = suspects(found.select(np.arange(ENOUGH)), truth[:ENOUGH], fewest=5)
    assert learned.clusters.learned is not None
    few = np.arange(ENOUGH - 1)
    clusters = suspects(found.select(few), truth[few], fewest=5)
    assert clusters.clusters.learned is None
    assert (clusters.score > 0).any()


def test_what_is_learned_is_the_phase_that_the_network_finds_likeliest() -> None:
    """The surest projection decides the predicted phase; together they may say another one."""
    found, truth = population()
    said = np.where(truth == DIVIDING, RESTING, DIVIDING)[: len(truth)]
    said[::3] = truth[::3]
    likely = np.full((600, 5), 0.02)
    likely[np.arange(600), truth] = 0.92
    likely[5] = np.nan  # only the predicted phase is known
    learned = find_suspects(found, said, MITOSIS_STAGES, likely).clusters.learned
    assert learned is not None
    assert (learned.argmax(axis=1) == truth).mean() > 0.98
    alone = suspects(found, said).clusters.learned
    assert alone is not None
    assert (alone.argmax(axis=1) == truth).mean() < 0.5
    # a person's word stands above both
    known = np.where(truth == DIVIDING, 2, NOBODY)
    taught = find_suspects(found, said, MITOSIS_STAGES, likely, known=known).clusters.learned
    assert taught is not None
    assert (taught[truth == DIVIDING].argmax(axis=1) == 2).mean() > 0.9


def test_the_reason_names_the_measure_its_percentile_and_both_phases() -> None:
    found, said, wrong = mislabelled()
    result = suspects(found, said, measures=("dna_volume",))
    row = next(r for r in wrong.tolist() if said[r] == DIVIDING)
    column = found["dna_volume"]
    mates = column[said == DIVIDING]
    rank = round(100 * ((mates < column[row]).sum() + 0.5) / len(mates))
    text = result.reason(row)
    assert text.startswith("prometaphase/metaphase, but its DNA volume is ")
    assert f"the {rank}" in text or "largest" in text
    assert text.endswith("of non-mitotic ones")
    quiet = int(np.flatnonzero(result.kind == 0)[0])
    assert result.reason(quiet) == ""


def test_a_size_beyond_all_others_is_an_outlier() -> None:
    found, truth = population()
    found.values[5, NAMES.index("volume")] *= 50
    result = suspects(found, truth)
    assert KINDS[result.kind[5]] == "outlier"
    assert (
        result.reason(5) == "non-mitotic, but its cell volume is the largest of non-mitotic cells"
    )


def test_the_network_and_the_measures_are_weighed_against_each_other() -> None:
    found, said, wrong = mislabelled()
    probabilities = np.full((len(said), 5), 0.01)
    probabilities[np.arange(len(said)), said] = 0.96
    doubtful = int(np.flatnonzero((said == RESTING) & ~np.isin(np.arange(600), wrong))[0])
    probabilities[doubtful] = [0.4, 0.0, 0.0, 0.6, 0.0]
    probabilities[7] = np.nan

    def look(weight: float) -> Suspects:
        limits = Limits(weight=weight)
        return find_suspects(found, said, MITOSIS_STAGES, probabilities, limits=limits)

    assert look(0.0).order[0] == doubtful
    both = look(1.0)
    assert set(both.first(10).tolist()) <= {*wrong.tolist(), doubtful}
    assert KINDS[both.kind[doubtful]] == "network in doubt"
    assert both.reason(doubtful) == "non-mitotic with a probability of 0.40 only"
    assert np.isnan(both.confidence[7])


def test_limits_widen_and_narrow_what_is_suspect() -> None:
    found, said, _ = mislabelled()
    narrow = suspects(found, said, other=0.99, between=0.0, outlier=0.0, doubt=0.0)
    wide = suspects(found, said, other=0.5, between=0.999, outlier=0.05, doubt=1.0)
    assert 0 < (narrow.kind > 0).sum() < (wide.kind > 0).sum()
    others = {"other": 0.99, "outlier": 0.0, "doubt": 0.0}
    assert [
        int((suspects(found, said, between=share, **others).kind == BETWEEN).sum())
        for share in (0.0, 0.999)
    ] == [0, 3]
    np.testing.assert_array_equal(narrow.order, wide.order)


def test_a_rare_phase_shares_the_cluster_of_its_branch() -> None:
    found, truth = population()
    said = truth.copy()
    said[[0, 1, 2, 3]] = 4  # the first divides, the others rest
    result = suspects(found, said)
    assert (result.kind[1:4] == OTHER).all()
    assert (result.likely[1:4] == RESTING).all()
    assert result.likely[0] == DIVIDING


def test_a_branch_of_a_few_cells_has_no_cluster_and_keeps_them() -> None:
    found, truth = population()
    rest = np.flatnonzero(truth == RESTING)
    said = np.full(len(rest), RESTING)
    said[:4] = 4
    result = suspects(found.select(rest), said)
    assert (result.score[:4] == 0).all()
    assert (result.likely == 4).sum() == 4
    with pytest.raises(CellCycleError, match="No phase has 700 cells"):
        suspects(found, truth, fewest=700)
    said[10:20] = -1
    assert not set(range(10, 20)) & set(suspects(found.select(rest), said).order.tolist())


def test_measures_that_tell_nothing_are_left_out() -> None:
    found, truth = population()
    found.values[:, NAMES.index("sphericity")] = 0.8
    result = suspects(found, truth)
    assert result.clusters.names == ("volume", "dna_volume", "condensation")
    with pytest.raises(CellCycleError, match="None of sphericity differs between the 600 cells"):
        suspects(found, truth, measures=("sphericity",))
    with pytest.raises(CellCycleError, match="Nothing called 'girth' is measured"):
        suspects(found, truth, measures=("girth",))


def test_scaling_is_robust() -> None:
    values = np.random.default_rng(0).normal(10, 2, (400, 2))
    values[:40] = 1e6
    values[50, 0] = np.nan
    scaled = standard(values)
    assert abs(np.median(scaled[100:, 0])) < 0.2
    assert 0.8 < scaled[100:].std() < 1.2
    assert scaled.max() <= 8
    assert scaled[50, 0] == 0


def test_a_cell_is_no_witness_for_itself() -> None:
    """Alone in its corner, a cell does not make that corner a part of its phase's cluster."""
    points = np.random.default_rng(0).normal(0, 1, (200, 2))
    points[0] = [7, 7]
    density = run_to_end(log_densities(points, np.zeros(200, np.int64), 2, fewest=20))
    assert density[0, 0] == density[:, 0].min() < -15
    assert (density[:, 1] == -np.inf).all()


def test_judged_cells_are_not_suspect_any_more_and_leave_the_order() -> None:
    _, said, wrong = mislabelled()
    known = np.full(600, NOBODY)
    before = taught(known)
    judged = before.first(8)
    known[judged[:6]] = np.where(said[judged[:6]] == RESTING, DIVIDING, RESTING)
    known[judged[6:]] = ASIDE
    after = taught(known)
    assert sorted(after.order.tolist()) == sorted(set(range(600)) - set(judged.tolist()))
    assert not after.kind[judged].any()
    assert not after.score[judged].any()
    assert [after.reason(row) for row in judged] == [""] * 8
    assert (before.answers, after.answers) == (0, 6)
    rest = sorted(set(wrong.tolist()) - set(judged.tolist()))
    assert set(after.first(len(rest)).tolist()) == set(rest)


def test_mistakes_of_one_kind_are_learned_from_answers_on_some_of_them() -> None:
    """All cells of a corner are mistaken, so that it is taken for what is predicted there."""
    rng = np.random.default_rng(0)
    place, grain = np.repeat([[0.4, 0.7, 0.4], [0.3, 0.3, 0.9]], [1000, 100, 100], axis=1)
    found = measures(
        condensation=place + rng.normal(0, 0.03, 1200), dna_grain=grain + rng.normal(0, 0.05, 1200)
    )
    said = np.where(np.arange(1200) // 100 == 10, DIVIDING, RESTING)
    corner, known = np.arange(1100, 1200), np.full(1200, NOBODY)
    for by in ("discriminant", "clusters"):
        limits = Limits(by=by)
        known[:] = NOBODY
        unaware = find_suspects(found, said, MITOSIS_STAGES, known=known, limits=limits)
        assert np.isin(unaware.first(40), corner).sum() < 15
        known[corner[::5]] = DIVIDING
        known[corner[1::5]] = DIVIDING
        aware = find_suspects(found, said, MITOSIS_STAGES, known=known, limits=limits)
        assert np.isin(aware.first(60), corner).sum() >= 40


def test_phases_of_suspects_are_no_formulas_in_a_csv(tmp_path: Path) -> None:
    found, said, _ = mislabelled()
    phases = flat_vocabulary("mine", ["=rest", "@a", "+b", "-c"])
    given = find_suspects(found, said, phases)
    table = suspects_table(given, given.first(5))
    write_table(table, tmp_path / "suspects.csv")
    with (tmp_path / "suspects.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row[name] for row in rows for name in ("predicted_phase", "likely_phase", "reason")]
    assert len(texts) == 15
    assert {text[:2] for text in texts} <= {"'=", "'@", "'+", "'-"}
    assert [restore(row["reason"]) for row in rows] == table["reason"].tolist()
