"""Real clicks on "Train": real crops in, a model kept, and chosen to classify with."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace

import imageio.v3
import numpy as np
import pytest
from fields import write_field
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QFileDialog

from napari_cellcycle._qt.classify_widget import ClassifyWidget
from napari_cellcycle._qt.training import run as run_module
from napari_cellcycle._qt.training.asked import TrainRun
from napari_cellcycle._qt.training.form import TrainForm
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.models.catalogue import user_models
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review
from napari_cellcycle.train.data.leakage import hash_groups
from napari_cellcycle.train.fit.checkpoint import Checkpoint

LONG = 120_000
RECIPE = """
source = "tests"
[labels]
Interphase = "non-mitotic"
Metaphase = "metaphase"
MetaphaseAlignment = "metaphase"
[architecture]
name = "logistic-regression"
[views]
size = 16
[fit]
epochs = 2
learning_rate = 0.01
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder of the user."""
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def crops(data_dir, tmp_path_factory):
    """Some nuclei in interphase and metaphase of eight real plates."""
    path = tmp_path_factory.mktemp("crops") / "mitocheck.npz"
    with np.load(data_dir / "mitocheck_hela_h2b_64px.npz") as whole:
        kept = np.isin(whole["phase"], ["Interphase", "Metaphase", "MetaphaseAlignment"])
        plates = np.unique(whole["group"][kept], return_counts=True)
        plates = plates[0][np.argsort(-plates[1])][:8]
        rows = np.concatenate(
            [np.flatnonzero(kept & (whole["group"] == plate))[:24] for plate in plates]
        )
        np.savez(path, **{key: whole[key][rows] for key in ("images", "phase", "group")})
    return path


@pytest.fixture
def panel(viewer, home, qtbot, tmp_path):
    """The widget, with a recipe of one second."""
    (tmp_path / "small.toml").write_text(RECIPE)
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Train")
    qtbot.waitUntil(widget.isVisible)
    widget.form.start.choose("scratch")
    widget.form.add_recipe(tmp_path / "small.toml")
    widget.form.device.choose("cpu")
    return widget


def click(qtbot, button):
    assert button.isVisible()
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def add(qtbot, monkeypatch, panel, path):
    """Add a file through the button, as its dialog would name it."""
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    n = len(panel.data.sets())
    click(qtbot, panel.data.buttons["add-file"])
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    assert len(panel.data.sets()) == n + 1, panel.data.message.text()


def trained(qtbot, panel, button):
    click(qtbot, button)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.result is not None, panel.message.text()
    return panel.result


def test_train_keep_train_on_from_it_and_classify(
    viewer, panel, crops, qtbot, monkeypatch, tmp_path
):
    assert "Add training data" in panel.message.text()
    assert not panel.progress.start.isEnabled()
    add(qtbot, monkeypatch, panel, crops)
    assert panel.counts.rowCount() == 2
    assert panel.counts.verticalHeaderItem(0).text() == "metaphase"
    total = sum(int(panel.counts.item(i, 0).text()) for i in range(2))
    assert total == len(panel.data.sets()[0].census.phase)
    panel.form.name.selectAll()
    qtbot.keyClicks(panel.form.name, "mine")
    qtbot.keyClicks(panel.form.licence, "CC BY 4.0")

    first = trained(qtbot, panel, panel.progress.start)
    assert [epoch.epoch for epoch in panel.curves.fits["z"]] == [1, 2]
    assert first.before is None
    assert not panel.outcome.before.isVisible()
    assert panel.outcome.after.counts.sum() == first.result.parts["test"]
    assert user_models() == []
    assert not panel.outcome.classify.isEnabled()
    click(qtbot, panel.outcome.keep)
    assert panel.outcome.message.text().startswith("mine is kept")
    qtbot.waitUntil(lambda: not panel.outcome.message.visibleRegion().isEmpty())
    (kept,) = user_models()
    assert (kept.name, kept.card.licence) == ("mine", "CC BY 4.0")
    assert kept.card.training_data[0].name == "mitocheck.npz"

    panel.form.start.choose("mine")
    panel.form.name.selectAll()
    qtbot.keyClicks(panel.form.name, "mine")
    assert "You have a model mine already" in panel.message.text()
    assert not panel.progress.start.isEnabled()
    qtbot.keyClicks(panel.form.name, "-again")
    panel.form.recipe.choose(str(panel.form.recipe.key()))
    second = trained(qtbot, panel, panel.progress.start)

    found = second.before
    assert found is not None, second.note
    assert (found.comparison.first, found.comparison.second) == ("mine", "mine-again")
    learned = set(kept.card.metrics["training_groups"])
    tested = panel.data.sets()[0].census.group
    held = [g for g in np.unique(tested) if hash_groups([g])[0] not in learned]
    assert found.evaluation.n == int(np.isin(tested, held).sum())
    assert found.evaluation.n == second.result.test.n
    np.testing.assert_array_equal(panel.outcome.before.counts, found.evaluation.confusion)
    np.testing.assert_array_equal(panel.outcome.after.counts, found.other.confusion)
    np.testing.assert_array_equal(found.other.confusion, second.result.test.confusion)
    assert "McNemar" in panel.outcome.told.text()
    same = replace(found.comparison, difference=0.0, interval=(0.0, 0.0))
    panel.outcome.show_outcome(replace(second, before=replace(found, comparison=same)))
    assert "+0.0 points (95 % interval +0.0 to +0.0," in panel.outcome.told.text()

    panel.outcome.name.setText("mine")
    click(qtbot, panel.outcome.keep)
    assert panel.outcome.message.is_error
    assert [entry.sha256 for entry in user_models()] == [kept.sha256]
    panel.outcome.name.setText("mine-2")
    click(qtbot, panel.outcome.keep)
    assert [entry.name for entry in user_models()] == ["mine", "mine-2"]
    click(qtbot, panel.outcome.classify)
    docks = viewer.window.dock_widgets.values()
    (classify,) = (dock for dock in docks if isinstance(dock, ClassifyWidget))
    assert classify.form.model.key() == "mine-2"
    assert tuple(classify.form.channels) == ("dna",)

    # with an open review, the model gives it one more prediction set
    image, labels = write_field(tmp_path)
    with Project.create(tmp_path / "field", who="Ann") as project:
        settings = {"channels": {"dna": 0}}
        project.images.add(open_image(image), open_labels(labels), settings=settings)
        project.vocabularies.add(kept.card.phase_set)
        Review(project).say(0, "metaphase")
    _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    review.open_project(tmp_path / "field.cellcycle")
    qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
    assert not review.bench.sets.isVisible()
    window = viewer.__wrapped__.window._qt_window
    docks = [dock for dock in window.findChildren(QDockWidget) if dock.isAncestorOf(review)]
    others = [dock for dock in window.findChildren(QDockWidget) if dock.isAncestorOf(panel)]
    window.tabifyDockWidget(docks[0], others[0])
    others[0].raise_()
    qtbot.waitUntil(lambda: review.visibleRegion().isEmpty())
    panel.outcome.classify.click()
    qtbot.waitUntil(lambda: not review.visibleRegion().isEmpty())
    qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
    desk = review.desk
    assert desk.review.prediction_set is not None, review.bench.message.text()
    assert desk.review.prediction_set.model == "mine-2"
    assert desk.review.final_slugs()[0] == "metaphase"
    assert (desk.review.shown.phase >= 0).all()
    assert review.bench.sets.shown.currentText().startswith("mine-2 ")
    review.close_project()


def test_the_wheel_scrolls_past_fields_and_changes_none(panel, crops, qtbot, monkeypatch):
    add(qtbot, monkeypatch, panel, crops)
    form = panel.form
    fields = (form.start, form.recipe, form.split, form.device)
    before = [field.key() for field in fields], form.epochs.value()
    for field in (*fields, form.epochs):
        for notch in (-120, 120, 120):
            assert not turn(field, notch)
    assert ([field.key() for field in fields], form.epochs.value()) == before
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    form.epochs.setFocus()  # a number that is being edited takes the wheel
    assert turn(form.epochs, 120)
    assert form.epochs.value() == before[1] + 1


def turn(widget, notch):
    """Turn the wheel over a widget; False where it is left to the page around it."""
    event = QWheelEvent(
        QPointF(widget.rect().center()),
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, notch),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_stopping_keeps_the_best_and_it_can_go_on(panel, crops, qtbot, monkeypatch):
    add(qtbot, monkeypatch, panel, crops)
    panel.form.epochs.setValue(100_000)
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: len(panel.curves.fits.get("z", ())) > 2, timeout=LONG)
    click(qtbot, panel.progress.cancel)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.result is None
    assert "are kept" in panel.message.text()
    before = panel.curves.fits["z"][-1].epoch
    qtbot.waitUntil(lambda: not panel.go_on.visibleRegion().isEmpty())

    click(qtbot, panel.go_on)
    qtbot.waitUntil(lambda: panel.curves.fits["z"][-1].epoch > before + 1, timeout=LONG)
    click(qtbot, panel.progress.cancel)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    found = trained(qtbot, panel, panel.finish)
    fitted = found.result.trained.fits["z"]
    assert len(fitted.curve) > before
    assert fitted.best_epoch == 1 + np.argmin([e.validation_loss for e in fitted.curve])


def test_a_disk_that_is_full_keeps_the_epochs_up_to_then(panel, crops, qtbot, monkeypatch):
    add(qtbot, monkeypatch, panel, crops)
    panel.form.epochs.setValue(5)
    written = []

    def write(checkpoint, path):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written.append(path)
        real(checkpoint, path)

    with monkeypatch.context() as patch:
        real = Checkpoint.write
        patch.setattr(Checkpoint, "write", write)
        click(qtbot, panel.progress.start)
        qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.message.is_error
    assert panel.message.text().endswith("No space left on device. Make room there, and try again.")
    qtbot.waitUntil(lambda: not panel.go_on.visibleRegion().isEmpty())
    found = trained(qtbot, panel, panel.go_on)
    assert len(found.result.trained.fits["z"].curve) == 5


def test_a_half_written_checkpoint_is_none(tmp_path):
    folder = tmp_path / "mine.checkpoints"
    folder.mkdir()
    (folder / ".axis-z-x1.pt").write_bytes(b"half")  # as a killed program leaves it
    run = TrainRun(tmp_path, (), "", "mine", tmp_path / "mine")
    assert not run.has_checkpoints
    (folder / "axis-z.pt").write_bytes(b"whole")
    assert run.has_checkpoints


def test_a_start_that_is_removed_meanwhile_costs_the_comparison_only(
    panel, crops, home, qtbot, monkeypatch
):
    add(qtbot, monkeypatch, panel, crops)
    panel.form.name.setText("mine")
    trained(qtbot, panel, panel.progress.start)
    click(qtbot, panel.outcome.keep)
    panel.form.start.choose("mine")
    panel.form.name.setText("mine-again")
    panel.form.epochs.setValue(100_000)
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: len(panel.curves.fits.get("z", ())) > 1, timeout=LONG)
    click(qtbot, panel.progress.cancel)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    real = run_module._before

    def before(*given):
        shutil.rmtree(home / "models" / "mine")
        return real(*given)

    monkeypatch.setattr(run_module, "_before", before)
    found = trained(qtbot, panel, panel.finish)
    assert found.before is None
    assert "There is no comparison with mine: " in found.note
    click(qtbot, panel.outcome.keep)
    assert [model.name for model in user_models()] == ["mine-again"]


def test_what_is_wrong_is_said_before_anything_runs(panel, crops, qtbot, monkeypatch, tmp_path):
    with np.load(crops) as arrays:
        few = np.unique(arrays["group"])[:2]
        rows = np.isin(arrays["group"], few)
        np.savez(tmp_path / "two.npz", **{key: arrays[key][rows] for key in arrays.files})
        rows = np.flatnonzero(arrays["phase"] == "Interphase")[:30]
        rows = np.append(rows, np.flatnonzero(arrays["phase"] == "Metaphase")[:3])
        status = np.full(len(rows), "corrected")
        np.savez(
            tmp_path / "thin.npz",
            images=arrays["images"][rows],
            phase=arrays["phase"][rows],
            status=status,
        )
    add(qtbot, monkeypatch, panel, tmp_path / "two.npz")
    assert "fewer than three groups" in panel.message.text()
    assert not panel.progress.start.isEnabled()
    click(qtbot, panel.data.buttons["remove"])
    add(qtbot, monkeypatch, panel, tmp_path / "thin.npz")
    assert "Fewer than 10 cells of metaphase (3)" in panel.warnings.text()
    assert "All cells of thin.npz are corrections" in panel.warnings.text()
    assert panel.progress.start.isEnabled()
    qtbot.keyClicks(panel.form.renames, "nonsense")
    assert "theirs=ours" in panel.message.text()
    panel.form.renames.clear()
    qtbot.keyClicks(panel.form.renames, "Metaphase=")
    assert "fewer than two phases" in panel.message.text()
    panel.form.start.choose("mitosis-2d")
    assert "mitosis-2d-wider" in [panel.form.recipe.itemText(i) for i in range(5)]
    assert "small" not in [panel.form.recipe.itemText(i) for i in range(5)]


def test_a_refusal_names_fields_of_the_dock(panel, crops, qtbot, monkeypatch, tmp_path):
    """Each of three groups has a phase of its own: two of them cannot be learned."""
    own = ("Metaphase", "Anaphase", "Apoptosis")
    with np.load(crops) as arrays:
        rows = np.flatnonzero(arrays["phase"] == "Interphase")[:30]
        group = np.repeat(["a", "b", "c"], 10)
        phase = np.where(np.arange(30) % 2, np.repeat(own, 10), "Interphase")
        np.savez(tmp_path / "own.npz", images=arrays["images"][rows], phase=phase, group=group)
    add(qtbot, monkeypatch, panel, tmp_path / "own.npz")
    qtbot.keyClicks(panel.form.renames, "Anaphase=anaphase, Apoptosis=apoptosis")
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    told = panel.message.text()
    assert told.endswith("Add groups with it, merge it with another phase (Rename)."), told


def test_every_group_was_learned_from(panel, crops, qtbot, monkeypatch, tmp_path):
    """A model is not trained where nothing would be left to test it on."""
    add(qtbot, monkeypatch, panel, crops)
    panel.form.name.setText("mine")
    first = trained(qtbot, panel, panel.progress.start)
    click(qtbot, panel.outcome.keep)
    learned = set(first.result.card.metrics["training_groups"])
    with np.load(crops) as arrays:
        rows = np.array([hash_groups([g])[0] in learned for g in arrays["group"]])
        np.savez(tmp_path / "seen.npz", **{key: arrays[key][rows] for key in arrays.files})
    click(qtbot, panel.data.buttons["remove"])
    add(qtbot, monkeypatch, panel, tmp_path / "seen.npz")
    panel.form.start.choose("mine")
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.message.is_error
    assert "has learned from every group" in panel.message.text()


def test_a_folder_of_classes(panel, qtbot, monkeypatch, tmp_path, crops):
    with np.load(crops) as arrays:
        rows = zip(arrays["images"], arrays["phase"], arrays["group"], strict=True)
        for i, (image, phase, group) in enumerate(rows):
            place = tmp_path / "set" / str(phase) / str(group)
            place.mkdir(parents=True, exist_ok=True)
            imageio.v3.imwrite(place / f"{i}.png", image[0].astype(np.uint8))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "set"))
    click(qtbot, panel.data.buttons["add-folder"])
    qtbot.waitUntil(lambda: len(panel.data.sets()) == 1, timeout=LONG)
    qtbot.waitUntil(panel.progress.start.isEnabled, timeout=LONG)
    found = trained(qtbot, panel, panel.progress.start)
    assert found.result.data == "set"


def test_files_of_other_makers(panel, qtbot, tmp_path, crops):
    """What is none is refused; what is spelled otherwise is read as a person says."""
    (tmp_path / "x.npz").write_bytes(b"no")
    panel.data.add(tmp_path / "x.npz")
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    assert panel.data.message.is_error
    assert "is no crop set" in panel.data.message.text()
    assert panel.data.sets() == []

    with np.load(crops) as arrays:
        images = np.stack([np.zeros_like(arrays["images"]), arrays["images"]], axis=1)
        images = images.reshape(len(images), 2, *images.shape[-2:])
        np.savez(
            tmp_path / "theirs.npz", images=images, stage=arrays["phase"], group=arrays["group"]
        )
    panel.data.add(tmp_path / "theirs.npz")
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    assert "has no phase" in panel.data.message.text()
    asked = panel.data.spelling
    qtbot.keyClicks(asked.label_key, "stage")
    qtbot.keyClicks(asked.channels, "dna=one")
    click(qtbot, asked.button)
    assert "is not role=index" in panel.data.message.text()
    asked.channels.clear()
    qtbot.keyClicks(asked.channels, "dna=1")
    click(qtbot, asked.button)
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    (added,) = panel.data.sets()
    assert not asked.isVisible()
    assert set(added.census.phase) == {"Interphase", "Metaphase", "MetaphaseAlignment"}
    found = trained(qtbot, panel, panel.progress.start)
    assert found.result.card.recipe.channels == ("dna",)


def test_what_people_judged_in_a_project(panel, qtbot, monkeypatch, tmp_path, data_dir):
    """One image is enough: its parts are split, and that is said."""
    with Project.create(tmp_path / "organoid", who="Ann") as project:
        project.vocabularies.add(MITOSIS_STAGES)
        stem = data_dir / "organoid_h2b_membrane_3d_t302"
        labels = open_labels(f"{stem}_nuclei_labels.ome.tif")
        image = project.images.add(open_image(f"{stem}.ome.tif"), labels)
        review = Review(project, image.number)
        n = len(review)
        review.say(np.arange(n), "non-mitotic")
        # every other one, so that any split can be learned from
        review.say(np.arange(0, n, 2), "prometaphase-metaphase")
        review.exclude(1)
        folder = project.folder
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    click(qtbot, panel.data.buttons["add-project"])
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    (added,) = panel.data.sets()
    assert (added.source, added.path.parent) == (folder, folder / "exports")
    assert len(added.census.phase) == n - 1
    assert "without a final phase" in panel.data.message.text()
    assert panel.form.group_key == "region"
    # what is offered: a model of the same phases, and a recipe that forgets little if there is any
    form = TrainForm()
    qtbot.addWidget(form)
    assert form.start.key() == "mitosis-2d"
    form.suit(panel.data.sets())
    assert (form.start.key(), form.recipe.key()) == ("mitosis-3d", "resnet18-projections")
    panel.form.start.choose("mitosis-2d")
    assert panel.form.recipe.key() == "mitosis-2d-corrections"
    panel.form.start.choose("scratch")
    panel.form.recipe.choose(str(tmp_path / "small.toml"))
    found = trained(qtbot, panel, panel.progress.start)
    assert sum(found.result.parts.values()) == n - 1
    assert set(panel.curves.fits) == set("xyz")
    widths = [panel.counts.columnWidth(i) for i in range(panel.counts.columnCount())]
    assert max(widths) <= 90
    panel.form.split.choose("group")
    assert "fewer than three groups" in panel.message.text()
    # chosen again, it is read again
    with Project.open(folder, who="Ann") as project:
        Review(project, image.number).say(1, "non-mitotic")
    click(qtbot, panel.data.buttons["add-project"])
    qtbot.waitUntil(lambda: not panel.data.is_reading, timeout=LONG)
    (added,) = panel.data.sets()
    assert len(added.census.phase) == n
