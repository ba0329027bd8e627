"""What a project gives to other programs, written from the viewer while a person works on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.exchange.export_kinds import KINDS, Kind
from napari_cellcycle._qt.review.image_bar import name_of
from napari_cellcycle._qt.scrolled import scroll_to
from napari_cellcycle.errors import CellCycleError, ProjectError

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.review.export.export import Exported, What
    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.places import Pixels
    from napari_cellcycle.review.state import Review


_ONLY = (
    ("all", "all cells"),
    ("reviewed", "only reviewed"),
    ("corrected", "only corrected"),
    ("final", "all with a final phase"),
)
_NEEDED = {".parquet": "pyarrow", ".h5ad": "h5py", ".ome.zarr": "zarr"}


class ExportForm(QWidget):
    """Asks what to write and where, writes it in a thread, and says where it is.

    Parameters
    ----------
    desk : Desk
        Whose project is written; it is only read.
    """

    _cut = Signal(int, int)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job = Job(self)
        self._file = Path()
        self.what = ChoiceBox("export-what", tooltip="What to write")
        self.what.set_choices([(kind.what, kind.name, kind) for kind in KINDS])
        self.form = ChoiceBox("export-form", tooltip="In which form")
        self.only = ChoiceBox("export-only", tooltip="Of which cells")
        self.images = ChoiceBox("export-images", tooltip="Of which images of the project")
        self.blind = QCheckBox("blind")
        self.blind.setObjectName("export-blind")
        self.blind.setToolTip("Without predictions, in a shuffled order")
        self.button = QPushButton("Export…")
        self.button.setObjectName("export")
        self.show_it = QPushButton("Open folder")
        self.show_it.setObjectName("export-show")
        self.message = MessageLabel("export-message")
        self._lay_out()
        self.what.changed.connect(self._offer)
        self.button.clicked.connect(self._go)
        self.show_it.clicked.connect(self._open)
        self._cut.connect(lambda done, total: self.message.hint(f"{done:,} of {total:,}…"))
        self._job.stepped.connect(self.message.hint)
        self._job.refused.connect(self.message.error)
        self._job.succeeded.connect(self._tell)
        self._job.cancelled.connect(lambda: self.message.hint("Cancelled; nothing was written."))
        self._job.ended.connect(self._rest)
        self._job.ended.connect(lambda: scroll_to(self.message))
        desk.source.signals.reloaded.connect(self.fill)
        self.fill()
        self._offer()
        self._rest()

    @property
    def is_busy(self) -> bool:
        """Whether something is being written."""
        return self._job.is_running

    def fill(self) -> None:
        """Offer the images that the project has."""
        images = self._desk.project.images.all()
        self._rows.setRowVisible(self.images, len(images) > 1)
        at = self._desk.undertaking.image
        one = [
            (image.number, f"this one: {name_of(image)}", None)
            for image in images
            if image.number == at
        ]
        self.images.set_choices([(0, f"all {len(images):,} images", None), *one], keep=True)

    def close_job(self) -> None:
        """Stop writing; there is no half of a file."""
        self._job.cancel()

    def _lay_out(self) -> None:
        self._rows = QFormLayout()
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.setVerticalSpacing(4)
        self._which = QWidget()
        which = QHBoxLayout(self._which)
        which.setContentsMargins(0, 0, 0, 0)
        which.addWidget(self.only, 1)
        which.addWidget(self.blind)
        for name, box in (
            ("Write", self.what),
            ("as", self.form),
            ("of", self._which),
            ("images", self.images),
        ):
            self._rows.addRow(name, box)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.button, self.show_it):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._rows)
        layout.addLayout(buttons)
        layout.addWidget(self.message)
        layout.addStretch(1)

    def _offer(self) -> None:
        kind: Kind = self.what.value()
        forms = [
            (ending, name, None)
            for ending, name in kind.forms
            if ending not in _NEEDED or find_spec(_NEEDED[ending]) is not None
        ]
        self.form.set_choices(forms)
        self._rows.setRowVisible(self._which, bool(kind.only))
        self.blind.setVisible(kind.what == "sheets")
        self.only.set_choices([(key, name, None) for key, name in _ONLY])
        self.only.follow(kind.only)

    def _rest(self) -> None:
        self.button.setText("Cancel" if self.is_busy else "Export…")
        self.show_it.setEnabled(not self.is_busy and self._file != Path())

    def _go(self) -> None:
        if self.is_busy:
            self._job.cancel()
            return
        kind: Kind = self.what.value()
        ending = self._ending(kind)
        project = self._desk.project
        with suppress(OSError):  # it is a proposal only
            project.exports.mkdir(exist_ok=True)
        asked = self._ask_file(project.exports / f"{project.folder.stem}-{kind.what}{ending}")
        if not asked:
            return
        out = kind.file(asked, ending)
        self.message.clear()
        self._file = Path()
        if out != Path(asked) and out.exists():  # the dialog has not asked about this one
            self.message.error(f"{out.name} is there already: choose it, or another name.")
            self._rest()
            return
        only: Only | None = self.only.key() if kind.only else None  # type: ignore[assignment]
        one = bool(self.images.key())
        if kind.what in ("report", "sheets"):
            blind = self.blind.isChecked()
            given = (self._desk, out, kind.what, only or "all", one, blind, self._step)
            self._job.start("Export", _draw, *given)
        else:
            self._job.start("Export", _write, self._desk, out, kind.what, only, one, self._step)
        self._rest()

    def _ending(self, kind: Kind) -> str:
        """Of the chosen form; none of label images of several images, which go into a folder."""
        ending = str(self.form.key())
        several = self.images.key() == 0 and len(self._desk.project.images.all()) > 1
        return "" if several and kind.what == "labels" and ending == ".ome.tif" else ending

    def _ask_file(self, proposed: Path) -> str:
        return QFileDialog.getSaveFileName(self, self.what.currentText(), str(proposed))[0]

    def _step(self, done: int, total: int) -> None:
        """Called in the thread."""
        if self._job.abort_requested:
            raise CellCycleError("Cancelled; nothing was written.")
        self._cut.emit(done, total)

    def _tell(self, done: Exported) -> None:
        unit = {"reviews": "words", "agreement": "cells judged by two people or more"}
        self._file = done.files[0]
        lines = [f"{done.n:,} {unit.get(done.what, 'cells')} are in {self._file}"]
        lines += [f"Left out: {note}." for note in done.notes]
        self.message.hint("\n".join(lines))

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.parent)))


def _write(
    desk: Desk,
    out: Path,
    what: What,
    only: Only | None,
    one: bool,
    step: Callable[[int, int], None],
) -> Generator[str, None, Exported]:
    from napari_cellcycle.review.export.export import export_project

    yield f"Writing {out.name}…"
    try:
        return export_project(
            desk.project,
            out,
            what=what,
            only=only,
            image=desk.undertaking.image if one else None,
            reviews=_reviews(desk, one=one),
            pixels=_pixels(desk),
            progress=step,
        )
    except OSError as error:
        raise _unwritable(out, error) from error


def _draw(
    desk: Desk,
    out: Path,
    what: Literal["report", "sheets"],
    only: Only,
    one: bool,
    blind: bool,
    step: Callable[[int, int], None],
) -> Generator[str, None, Exported]:
    from napari_cellcycle.figures.report import write_report
    from napari_cellcycle.figures.sheet_set import write_sheets
    from napari_cellcycle.review.export.export import Exported

    yield f"Writing {out.name}…"
    reviews, pixels = _reviews(desk, one=one), _pixels(desk)
    try:
        if what == "report":
            write_report(reviews, out, pixels=pixels, progress=step)
            return Exported(what, (out,), sum(map(len, reviews)), {})
        made = write_sheets(reviews, out, blind=blind, only=only, pixels=pixels, progress=step)
        return Exported(what, made.files, made.n, {})
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> ProjectError:
    return ProjectError(
        f"{out} cannot be written ({error.strerror or error}). Choose another place."
    )


def _pixels(desk: Desk) -> dict[int, Pixels]:
    """The image that is shown, which need not be read again."""
    given = desk.undertaking
    return {} if given.stack is None else {given.image: (given.stack, given.segmentation)}


def _reviews(desk: Desk, *, one: bool) -> list[Review]:
    """What the desk shows, read anew with what blind mode hides."""
    from napari_cellcycle.review.state import Review

    project, shown = desk.project, desk.review
    chosen = shown.chosen_set
    at = Review(
        project,
        shown.image,
        vocabulary=shown.phases.name if chosen is None else None,
        predictions=None if chosen is None else chosen.id,
    )
    numbers = [shown.image] if one else [image.number for image in project.images.all()]
    return [at if number == shown.image else Review(project, number) for number in numbers]
