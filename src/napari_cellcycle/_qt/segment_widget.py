"""Dock widget "Segment nuclei": a plain segmentation of one channel as a new Labels layer."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout, QWidget

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.layer_watch import LayerWatch
from napari_cellcycle._qt.origin import origin_of
from napari_cellcycle._qt.pages import fill_scrolled
from napari_cellcycle._qt.progress import ProgressRow
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.keys.key_binder import TypingGuard
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.spacing_edit import SpacingEdit
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError, ChannelError, SegmentationError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtCore import QEvent

    from napari_cellcycle.cells.nuclei.segmentation import Method

_METHODS = (
    ("local", "local threshold", "For nuclei of uneven brightness or different depth"),
    ("otsu", "Otsu threshold", "One threshold for the whole image"),
)


@dataclass(frozen=True, slots=True)
class Segmented:
    """Labels found in one channel of a layer.

    Parameters
    ----------
    what : ToSegment
    labels : ndarray, ``(t, z, y, x)``, integer
    """

    what: inputs.ToSegment
    labels: NDArray[np.integer[Any]]


def segment(
    what: inputs.ToSegment, method: Method = "local"
) -> Generator[tuple[int, int], None, Segmented]:
    """Segment the nuclei frame by frame.

    Yields
    ------
    done, total : int
        Frames.
    """
    from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei

    n = what.stack.n_frames
    labels = np.zeros(what.stack.grid, np.uint32)
    nothing: SegmentationError | None = None
    for frame in range(n):
        try:
            found = segment_nuclei(
                what.stack, what.channel, spacing=what.spacing, frames=[frame], method=method
            )
        except SegmentationError as error:
            nothing = error
        else:
            labels[frame] = found.data[frame]
        yield frame + 1, n
    if nothing is not None and not labels.any():
        raise nothing
    return Segmented(what, labels)


def add_labels(viewer: Any, found: Segmented) -> Any:
    """Add the labels over the image they come from and select them.

    Returns
    -------
    napari.layers.Labels
    """
    layer, axes = found.what.layer, found.what.axes
    kept = [axis for axis, letter in enumerate(axes) if letter != "C"]
    letters = [axes[axis] for axis in kept]
    data = found.labels[tuple(slice(None) if a in letters else 0 for a in "TZYX")]
    data = data.transpose([[a for a in "TZYX" if a in letters].index(a) for a in letters])
    names = layer.axis_labels if origin_of(layer) is None else axes.lower()
    if axes[0] == "C":  # the nuclei are seen over the channel where they were found
        at = np.zeros(layer.ndim)
        at[0] = found.what.channel
        viewer.dims.set_point(viewer.dims.ndim - layer.ndim, layer.data_to_world(at)[0])
    return viewer.add_labels(
        data,
        name=f"nuclei of {layer.name}",
        scale=np.asarray(layer.scale)[kept],
        translate=np.asarray(layer.translate)[kept],
        units=[layer.units[axis] for axis in kept],
        axis_labels=[names[axis] for axis in kept],
    )


class SegmentWidget(QWidget):
    """Segments the nuclei of one channel.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._job = Job(self)
        self.channel = ChoiceBox("channel-dna", tooltip="Channel that shows the DNA")
        self.channel.setPlaceholderText("none")
        self.time = QCheckBox("first axis is time")
        self.time.setObjectName("time")
        self.spacing = SpacingEdit()
        self.method = ChoiceBox("method")
        self.method.set_options(_METHODS)
        self.message = MessageLabel("message")
        self.progress = ProgressRow("Segment nuclei")

        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(4)
        for text, field in (
            ("DNA", self.channel),
            ("", self.time),
            ("Spacing", self.spacing),
            ("Method", self.method),
        ):
            self._form.addRow(text, field)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(self._form)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addStretch(1)
        fill_scrolled(self, page)

        self.channel.changed.connect(self._on_channel)
        self.time.toggled.connect(self._on_channel)
        self.spacing.changed.connect(self._update)
        self.progress.start.clicked.connect(self._run)
        self.progress.cancel.clicked.connect(self._job.cancel)
        self._job.stepped.connect(self._on_frame)
        self._job.succeeded.connect(self._on_success)
        self._job.refused.connect(self.message.error)
        self._job.ended.connect(self._on_end)
        self._watch = LayerWatch(napari_viewer, self)
        self._watch.changed.connect(self._refresh)
        self._refresh()
        TypingGuard(self)
        make_room(self)

    @property
    def is_running(self) -> bool:
        """Whether a segmentation is under way."""
        return self._job.is_running

    def event(self, event: QEvent | None) -> bool:
        """Cancel and disconnect when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._job.cancel()
            self._watch.stop()
        return handled

    def _refresh(self) -> None:
        found = inputs.channels_of(self._viewer.layers)
        guessed = inputs.guess(found, ("dna",))["dna"] if found else None
        self.channel.set_choices(inputs.choices_of(found), None if guessed is None else guessed.key)
        self._on_channel()

    def _on_channel(self) -> None:
        channel = self.channel.value()
        if channel is not None:
            self._form.setRowVisible(self.time, inputs.may_be_time(channel.layer))
            try:
                stack, _ = inputs.combine({"dna": channel}, time=self._time)
            except CellCycleError as error:
                self.message.error(str(error))
                return
            self.spacing.set_found(stack.spacing, is_2d=stack.is_2d)
        self._update()

    @property
    def _time(self) -> bool:
        return self.time.isChecked() and not self.time.isHidden()

    def _what(self) -> inputs.ToSegment:
        channel = self.channel.value()
        if channel is None:
            raise ChannelError("There is no image layer yet: open an image.")
        return inputs.to_segment(channel, self.spacing, time=self._time)

    def _update(self) -> None:
        if self._job.is_running:
            return
        self.progress.check(self._what, self.message)

    def _run(self) -> None:
        try:
            what = self._what()
        except CellCycleError as error:
            self.message.error(str(error))
            return
        self.message.clear()
        self.progress.begin("Segmenting…")
        self._job.start("Segment nuclei", segment, what, self.method.key())

    def _on_frame(self, done: tuple[int, int]) -> None:
        self.progress.advance(*done, "frames")

    def _on_success(self, found: Segmented) -> None:
        layer = add_labels(self._viewer, found)
        n = sum(len(np.unique(frame[frame > 0])) for frame in found.labels)
        many = counted(n, "nucleus", "nuclei")
        where = f" in {len(found.labels)} frames" if len(found.labels) > 1 else ""
        self.message.hint(
            f"{layer.name}: {many}{where}. For serious work see Cellpose or StarDist."
        )

    def _on_end(self) -> None:
        self.progress.end()
