"""Whole runs on real images: what is classified, what is refused, what is told."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import torch

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.classify import ClassifyRequest, classify, iter_classify, prepare
from napari_cellcycle.classify.run import BORDER_NOTE, BORDER_ODDS, run
from napari_cellcycle.errors import (
    CellCycleError,
    ChannelError,
    DeviceError,
    ImageReadError,
    ModelNotFoundError,
    SegmentationError,
    SegmentationMismatchError,
    SpacingError,
)
from napari_cellcycle.image import Segmentation, Spacing, Stack, open_image, open_labels
from napari_cellcycle.image.window import Window
from napari_cellcycle.models.catalogue import DEFAULT_MODEL
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import decide, discount


def test_a_saved_model_classifies_every_nucleus_of_a_real_stack(organoid, model_folder):
    result = classify(organoid.stack, organoid.nuclei, model=model_folder, device="cpu")
    labels = np.unique(organoid.nuclei.volume(0))[1:]
    np.testing.assert_array_equal(result.cells.label, labels)
    assert result.card.name == "untrained"
    assert result.device == "cpu"
    assert result.channels == {"dna": 0, "membrane": 1}
    assert sum(result.counts().values()) == len(labels)
    np.testing.assert_allclose(result.decision.probabilities.sum(axis=1), 1)


def test_the_result_is_views_then_networks_then_the_vote(organoid, classifier):
    result = classify(organoid.stack, organoid.nuclei, model=classifier, batch_size=7)
    cells = cell_table(organoid.nuclei, organoid.stack.spacing, image=organoid.stack.name)
    volumes = [organoid.stack.volume(0, 0), organoid.stack.volume(0, 1)]
    views = make_views(volumes, organoid.nuclei.volume(0), cells, classifier.card.recipe)
    level1, level2 = classifier.predict(views.images, views.axes)
    expected = decide(discount(level1, cells.touches_border, BORDER_ODDS), level2, views.axes)
    np.testing.assert_allclose(result.decision.probabilities, expected.probabilities, atol=1e-6)
    np.testing.assert_array_equal(result.decision.phase, expected.phase)
    assert len(set(result.decision.phase.tolist())) > 1
    assert result.notes == ()


def test_what_the_border_makes_non_mitotic_is_noted(organoid, classifier):
    result = classify(organoid.stack, organoid.nuclei, model=classifier)
    views = make_views(
        [organoid.stack.volume(0, 0), organoid.stack.volume(0, 1)],
        organoid.nuclei.volume(0),
        result.cells,
        classifier.card.recipe,
    )
    plain = decide(*classifier.predict(views.images, views.axes), views.axes)
    changed = (plain.phase > 0) & (result.decision.phase == 0)
    noted = np.array([BORDER_NOTE in note for note in result.cell_notes])
    assert changed.any()
    np.testing.assert_array_equal(noted, changed)
    assert result.cells.touches_border[changed].all()
    inside = ~result.cells.touches_border
    np.testing.assert_allclose(
        result.decision.probabilities[inside], plain.probabilities[inside], atol=1e-6
    )


def test_the_same_run_twice_gives_the_same_numbers(organoid, classifier):
    a, b = (classify(organoid.stack, organoid.nuclei, model=classifier) for _ in range(2))
    np.testing.assert_array_equal(a.decision.probabilities, b.decision.probabilities)


def test_paths_will_do_in_place_of_stacks(organoid, classifier):
    name = "organoid_h2b_membrane_3d_t301"
    result = classify(
        organoid.folder / f"{name}.ome.tif",
        str(organoid.folder / f"{name}_cells_labels.ome.tif"),
        labels_are="cell",
        nuclei=organoid.folder / f"{name}_nuclei_labels.ome.tif",
        model=classifier,
    )
    assert result.cells.labels_are == "cell"
    assert result.cells.nucleus_voxels.max() > 0


@pytest.mark.parametrize("vote", ["lowest-entropy", "majority", "mean"])
def test_votes_are_passed_on(organoid, classifier, vote):
    result = classify(organoid.stack, organoid.nuclei, model=classifier, vote=vote)
    assert result.decision.vote == vote
    assert (result.decision.deciding_axis == "").all() == (vote == "mean")


def test_an_unknown_vote_an_empty_batch_and_no_memory_are_refused(organoid):
    with pytest.raises(CellCycleError, match="no vote 'loudest'"):
        ClassifyRequest(organoid.stack, organoid.nuclei, vote="loudest")
    with pytest.raises(CellCycleError, match="at least one cell, not 0"):
        ClassifyRequest(organoid.stack, organoid.nuclei, batch_size=0)
    with pytest.raises(CellCycleError, match="number of GiB above 0, not 0"):
        ClassifyRequest(organoid.stack, organoid.nuclei, memory=0)


# --- batches ----------------------------------------------------------------------------------


def test_batches_come_as_they_are_done_after_an_empty_one(organoid, classifier):
    request = ClassifyRequest(organoid.stack, organoid.nuclei, classifier, batch_size=6)
    batches = list(iter_classify(request))
    total = len(batches[0].cells)
    sizes = [len(batch.indices) for batch in batches]
    assert sizes[0] == 0
    assert 1 < max(sizes) <= 6
    assert [batch.done for batch in batches] == np.cumsum(sizes).tolist()
    assert {batch.total for batch in batches} == {total}
    rows = np.concatenate([batch.indices for batch in batches])
    np.testing.assert_array_equal(rows, np.arange(total))
    phases = np.concatenate([batch.decision.phase for batch in batches])
    np.testing.assert_array_equal(
        phases, classify(organoid.stack, organoid.nuclei, model=classifier).decision.phase
    )


def test_work_stops_when_the_generator_is_closed(organoid, classifier):
    work = iter_classify(ClassifyRequest(organoid.stack, organoid.nuclei, classifier, batch_size=1))
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        next(work)
        assert next(work).done == 1
        work.close()
    finally:
        torch.set_num_threads(cores)
    # the only worker may have begun with what came next
    assert sum(classifier.networks["z"].sizes) <= 3 < len(np.unique(organoid.nuclei.data)) - 1


def test_progress_is_told_by_the_cell(organoid, classifier):
    told = []
    classify(
        organoid.stack,
        organoid.nuclei,
        model=classifier,
        batch_size=8,
        progress=lambda done, total: told.append((done, total)),
    )
    total = told[0][1]
    done = [n for n, _ in told]
    assert done[0] == 0
    assert done[-1] == total
    assert (np.diff(done) > 0).all()
    assert np.diff(done).max() <= 8


def test_a_movie_is_read_frame_by_frame_and_only_the_channels_that_count(data_dir, classifier):
    movie = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    labels = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    movie, labels = (
        replace(opened, data=np.asarray(opened.data)[..., ::2, ::3, ::3])
        for opened in (movie, labels)
    )
    read = []

    def frame(block_info=None, array=None):
        location = block_info[None]["array-location"]
        read.append((location[0][0], location[1][0]))
        return movie.data[location[0][0], 0][None, None]

    t, z, y, x = movie.grid
    lazy = da.map_blocks(frame, chunks=((1,) * t, (1, 1), z, y, x), dtype=movie.data.dtype)
    stack = replace(movie, data=lazy, channels=("nuclei", "phase contrast"))
    work = iter_classify(ClassifyRequest(stack, labels, classifier, isotropic=True))
    next(work)
    read.clear()
    seen = np.concatenate([batch.cells.frame[batch.indices] for batch in work])
    assert read == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert np.unique(seen).tolist() == [0, 1, 2, 3]
    assert (np.diff(seen) >= 0).all()


def test_frames_are_apart_and_empty_ones_are_skipped(organoid, classifier):
    labels = organoid.nuclei.volume(0)
    twice = np.stack([labels, np.zeros_like(labels), labels])
    stack = replace(organoid.stack, data=np.repeat(np.asarray(organoid.stack.data), 3, axis=0))
    result = classify(stack, Segmentation(twice, "nucleus", "twice"), model=classifier)
    half = len(result) // 2
    assert result.cells.frame.tolist() == [0] * half + [2] * half
    np.testing.assert_allclose(
        result.decision.probabilities[:half], result.decision.probabilities[half:], atol=1e-6
    )
    assert result.features(2)["index"].tolist() == result.cells.label[half:].tolist()


def test_some_labels_only(organoid, classifier):
    request = ClassifyRequest(organoid.stack, organoid.nuclei, classifier, only_labels=(15, 18))
    assert prepare(request).cells.label.tolist() == [15, 18]
    with pytest.raises(SegmentationError, match="none of the labels 999"):
        prepare(replace(request, only_labels=(999,)))


# --- 2D and unlabelled ------------------------------------------------------------------------


def test_a_plane_is_decided_by_its_one_projection(data_dir, classifier):
    stack = open_image(data_dir / "h2b_field_2d_t70.ome.tif")
    labels = open_labels(data_dir / "h2b_field_2d_t70_labels.ome.tif")
    result = classify(replace(stack, spacing=None), replace(labels, spacing=None), model=classifier)
    assert set(result.decision.deciding_axis.tolist()) == {"z"}
    assert result.decision.axes == ("z",)
    assert result.cells.spacing.source == "cell-size"
    assert classifier.networks["x"].sizes == []
    assert any("pixel size of h2b_field_2d_t70.ome.tif is unknown" in n for n in result.notes)


def test_without_labels_nuclei_are_segmented_and_it_says_so(organoid, classifier):
    result = classify(organoid.stack, model=classifier)
    assert result.segmentation.labels_are == "nucleus"
    assert len(result) > 1
    assert any(note.startswith("No segmentation was given: nuclei were") for note in result.notes)


@pytest.mark.parametrize(
    ("image", "model", "told"),
    [
        ("h2b_field_2d_t70", "mitosis-3d", True),
        ("h2b_field_2d_t70", "mitosis-2d", False),
        ("embryo16_nuclei_3d", "mitosis-3d", False),
    ],
)
def test_a_plane_under_the_default_model_is_told_of_the_one_for_2d(data_dir, image, model, told):
    stack = open_image(data_dir / f"{image}.ome.tif")
    labels = open_labels(data_dir / f"{image}_labels.ome.tif")
    given = {} if model == DEFAULT_MODEL else {"model": model}
    notes = prepare(ClassifyRequest(stack, labels, isotropic=True, **given)).notes
    found = [note for note in notes if "--model mitosis-2d" in note]
    assert [note.split(". ")[0] for note in found] == [
        "h2b_field_2d_t70.ome.tif has one plane, and mitosis-3d is made for nuclei in 3D"
    ] * told


# --- spacing ----------------------------------------------------------------------------------


def test_unknown_spacing_of_3d_is_refused_with_the_way_out(organoid, classifier):
    stack = replace(organoid.stack, spacing=None)
    labels = replace(organoid.nuclei, spacing=None)
    with pytest.raises(SpacingError, match=r"--spacing z,y,x.*--isotropic"):
        classify(stack, labels, model=classifier)
    said = classify(stack, labels, model=classifier, spacing="2,0.26,0.26")
    assert said.cells.spacing == Spacing(2.0, 0.26, 0.26, "user")
    assert said.notes == ()
    isotropic = classify(stack, labels, model=classifier, isotropic=True)
    assert isotropic.cells.spacing.source == "isotropic"
    assert any("as deep as wide" in note for note in isotropic.notes)


def test_an_image_without_spacing_takes_that_of_its_labels(organoid, classifier):
    labels = replace(organoid.nuclei, spacing=Spacing(2.0, 0.26, 0.26, "metadata"))
    result = classify(replace(organoid.stack, spacing=None), labels, model=classifier)
    assert result.cells.spacing.zyx == (2.0, 0.26, 0.26)
    assert any("that of" in note and "2 × 0.26 × 0.26 µm" in note for note in result.notes)


def test_spacings_that_disagree_are_refused_by_name(organoid, classifier):
    def labels(z):
        return replace(organoid.nuclei, spacing=Spacing(z, 0.26, 0.26, "metadata"))

    assert len(classify(organoid.stack, labels(2.01), model=classifier))
    with pytest.raises(
        SegmentationMismatchError, match=r"is 2 × 0\.26 × 0\.26 µm.* 1\.9 × 0\.26 × 0\.26 µm"
    ):
        classify(organoid.stack, labels(1.9), model=classifier)
    assert len(classify(organoid.stack, labels(1.9), model=classifier, spacing=(2, 0.26, 0.26)))


def test_a_recipe_in_micrometres_needs_them(organoid, classifier):
    card = replace(classifier.card, recipe=ViewRecipe(unit="um", extent=8.0))
    in_um = ProjectionClassifier(card, classifier.networks)
    assert len(classify(organoid.stack, organoid.nuclei, model=in_um))
    with pytest.raises(SpacingError, match="in micrometres"):
        classify(organoid.stack, organoid.nuclei, model=in_um, isotropic=True)


# --- channels and segmentations ---------------------------------------------------------------


def test_a_persons_word_on_a_channel_leaves_the_others_to_their_names(organoid, classifier):
    def channels(said):
        request = ClassifyRequest(organoid.stack, organoid.nuclei, classifier, channels=said)
        return prepare(request).channels

    assert channels({"dna": 0}) == {"dna": 0, "membrane": 1}
    assert channels({"dna": "membrane"}) == {"dna": 1, "membrane": None}
    assert channels({"membrane": None}) == {"dna": 0, "membrane": None}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"dna": 7}, "no channel 7; it has 0=H2B, 1=membrane"),
        ({"dna": "DAPI"}, "no channel 'DAPI'; it has 0=H2B, 1=membrane"),
        ({"tubulin": 1}, "no channel role 'tubulin'; it has dna, membrane"),
        ({"dna": 1, "membrane": 1}, "'dna' and 'membrane' are both given channel 1"),
        ({"dna": None}, "DNA is not clear .*0=H2B, 1=membrane"),
    ],
)
def test_channels_that_cannot_be(organoid, classifier, said, message):
    with pytest.raises(ChannelError, match=message):
        classify(organoid.stack, organoid.nuclei, model=classifier, channels=said)


def test_channels_whose_names_say_nothing_are_asked_for(organoid, classifier):
    stack = replace(organoid.stack, channels=("0", "1"))
    with pytest.raises(ChannelError, match="not clear from their names: it has 0=0, 1=1"):
        classify(stack, organoid.nuclei, model=classifier)


def test_a_missing_membrane_is_told_in_the_cards_words(organoid, classifier):
    result = classify(
        organoid.stack, organoid.nuclei, model=classifier, channels={"membrane": None}
    )
    told = classifier.card.missing_channels.rstrip(".")
    assert result.notes == (f"No membrane channel: {told}.",)


def test_labels_of_another_shape_are_refused(organoid, classifier):
    cropped = replace(organoid.nuclei, data=organoid.nuclei.data[:, :, :-1])
    with pytest.raises(SegmentationMismatchError, match=r"\(1, 27, 90, 90\).*89"):
        classify(organoid.stack, cropped, model=classifier)
    with pytest.raises(SegmentationMismatchError, match="does not lie on"):
        classify(organoid.stack, organoid.cells, nuclei=cropped, model=classifier)


def test_labels_without_any_label_are_refused(organoid, classifier):
    empty = Segmentation(np.zeros(organoid.stack.grid, np.uint16), "nucleus", "empty")
    with pytest.raises(SegmentationError, match="empty is empty"):
        classify(organoid.stack, empty, model=classifier)


def test_nuclei_beside_nuclei_are_told_to_be_unused(organoid, classifier):
    result = classify(organoid.stack, organoid.nuclei, nuclei=organoid.nuclei, model=classifier)
    assert any("is not used" in note for note in result.notes)


def test_large_labels_stay_what_they_are(classifier):
    rng = np.random.default_rng(0)
    labels = np.zeros((1, 9, 40, 40), np.uint32)
    labels[0, 2:7, 5:15, 5:15] = 70_000
    labels[0, 2:7, 20:35, 20:35] = 4_000_000_000
    data = (rng.poisson(50, (1, 1, 9, 40, 40)) + 500 * (labels[:, None] > 0)).astype(np.uint16)
    stack = Stack(data, ("DAPI",), Spacing(1.0, 0.5, 0.5, "user"), "large")
    result = classify(stack, Segmentation(labels, "nucleus", "large labels"), model=classifier)
    assert result.features()["index"].tolist() == [70_000, 4_000_000_000]


# --- files, models and devices ----------------------------------------------------------------


def test_what_does_not_exist_is_named(organoid, tmp_path):
    with pytest.raises(ImageReadError, match=r"no file .*missing\.tif"):
        classify(tmp_path / "missing.tif")
    with pytest.raises(ModelNotFoundError, match="no model 'oracle'"):
        classify(organoid.stack, organoid.nuclei, model="oracle")


def test_a_device_that_is_not_there_is_refused_before_any_work(organoid, classifier, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceError, match="no cuda"):
        classify(organoid.stack, organoid.nuclei, model=classifier, device="cuda")
    assert classifier.networks["z"].sizes == []


@pytest.mark.parametrize("labels_are", ["nucleus", "cell"])
def test_what_is_read_in_blocks_gives_the_same(organoid, classifier, monkeypatch, labels_are):
    labels = organoid.nuclei if labels_are == "nucleus" else organoid.cells
    nuclei = None if labels_are == "nucleus" else organoid.nuclei
    request = ClassifyRequest(organoid.stack, labels, classifier, nuclei=nuclei)
    whole = run(request)

    def lazy(opened):
        data = da.from_array(opened.data, (*(1,) * (opened.data.ndim - 3), 5, 31, 17))
        return replace(opened, data=data)

    monkeypatch.setattr("napari_cellcycle.image.window._LEAST", 1)
    opened = []
    made = Window.__init__

    def open_window(window, *args, **kwargs):
        made(window, *args, **kwargs)
        opened.append(window)

    monkeypatch.setattr(Window, "__init__", open_window)
    held = 2**20 // 8
    blocks = run(
        replace(
            request,
            stack=lazy(organoid.stack),
            segmentation=lazy(labels),
            nuclei=None if nuclei is None else lazy(nuclei),
            memory=2**-10,
        )
    )
    assert opened
    for window in opened:  # the volumes are three times larger
        assert sum(part.nbytes for part in window._kept.values()) <= held
        assert np.prod(window.shape) * window.dtype.itemsize > 3 * held
    for name in ("label", "bbox", "centroid", "voxels", "nucleus_voxels", "touches_border"):
        np.testing.assert_array_equal(getattr(blocks.cells, name), getattr(whole.cells, name))
    np.testing.assert_allclose(
        blocks.decision.probabilities, whole.decision.probabilities, atol=1e-6
    )
    assert blocks.notes == whole.notes
    assert blocks.cell_notes == whole.cell_notes
