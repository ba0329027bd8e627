"""Shipped models of one level in "Classify cells": the population's DNA content, and tubulin."""

from __future__ import annotations

import numpy as np
import pytest
from parting import parted
from qtpy.QtCore import Qt

from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
from napari_cellcycle.image import Spacing, open_image
from napari_cellcycle.phases import EXPOSURE, G1_S_G2_M

LONG = 120_000


def run(qtbot, panel):
    assert panel.progress.start.isEnabled(), panel.progress.start.toolTip()
    qtbot.mouseClick(panel.progress.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert not panel.message.text(), panel.message.text()
    return panel.result


def check(viewer, layer, panel, phases):
    """Overlay, features, counts and notes are those of the result."""
    result = panel.result
    slugs = np.array(phases.slugs)[result.decision.phase]
    features = layer.features.set_index("index")
    assert features.loc[result.cells.label, "phase"].tolist() == slugs.tolist()
    (overlay,) = overlays_of(viewer, layer)
    table = np.zeros(layer.data.max() + 1, np.uint8)
    table[result.cells.label] = result.decision.phase + 1
    np.testing.assert_array_equal(np.asarray(overlay.data), parted(table, layer.data))
    for slug, count in result.counts().items():
        assert panel.results.findChild(object, f"count-{slug}").text() == str(count)


def test_g1_s_g2_m_on_a_field_without_pixel_size(add, viewer, widget, qtbot):
    *_, layer = add("h2b_field_2d_t70", units=False)
    panel = widget()
    panel.form.model.choose("g1-s-g2-m")
    assert list(panel.form.channels) == ["dna"]
    assert "suspension" in panel.form.model.toolTip()

    result = run(qtbot, panel)

    assert result.population.n == len(result.cells) == len(np.unique(layer.data)) - 1
    assert any("30 or more" in note for note in result.notes) == (result.population.n < 30)
    check(viewer, layer, panel, G1_S_G2_M)


def test_g1_s_g2_m_refuses_a_stack_in_one_line(add, widget, qtbot):
    add("embryo16_nuclei_3d")
    panel = widget()
    panel.form.model.choose("g1-s-g2-m")
    qtbot.mouseClick(panel.progress.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert "has planes. Project it" in panel.message.text()
    assert panel.result is None


@pytest.fixture
def tubulin(viewer, data_dir):
    """A part of a field: tubulin, H2B, and nuclei that were segmented in it."""
    stack = open_image(data_dir / "tubulin_h2b_field_2d.ome.tif")
    labels = segment_nuclei(
        stack, stack.channel("H2B"), spacing=Spacing(1.0, 1.0, 1.0, "cell-size")
    )
    part = (slice(300, 700), slice(300, 700))
    for index, name in enumerate(stack.channels):
        viewer.add_image(stack.volume(0, index)[0][part], name=name)
    return viewer.add_labels(labels.volume(0)[0][part], name="nuclei")


def test_exposure_looks_at_tubulin_around_nuclei(tubulin, viewer, widget, qtbot):
    panel = widget()
    panel.form.model.choose("microtubule-demo")
    assert list(panel.form.channels) == ["tubulin"]
    assert panel.form.channels["tubulin"].value().name == "tubulin"
    assert "demonstration" in panel.form.model.toolTip().lower()

    result = run(qtbot, panel)

    assert len(result.cells) > 3
    check(viewer, tubulin, panel, EXPOSURE)


def test_tubulin_is_not_offered_to_be_segmented_as_nuclei(tubulin, viewer, widget):
    viewer.layers.remove(tubulin)
    panel = widget()
    assert panel.form.can_segment
    panel.form.model.choose("microtubule-demo")
    assert not panel.form.can_segment
