"""Everything of Curate for one open review: plot, DNA content, suspects, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QLabel,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.curate.axis import Axis, number
from napari_cellcycle._qt.curate.dna_page import DnaPage
from napari_cellcycle._qt.curate.finding import Finding, Step
from napari_cellcycle._qt.curate.marks import Marks
from napari_cellcycle._qt.curate.picks import Picks
from napari_cellcycle._qt.curate.plot_bar import PlotBar
from napari_cellcycle._qt.curate.report import ReportView
from napari_cellcycle._qt.curate.scatter import Scatter
from napari_cellcycle._qt.curate.suspect_file import SuspectFile
from napari_cellcycle._qt.curate.suspect_list import SuspectList
from napari_cellcycle._qt.progress import ProgressRow
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.look import phase_name
from napari_cellcycle._qt.timers import once
from napari_cellcycle.counted import counted
from napari_cellcycle.phases import UNCLASSIFIED
from napari_cellcycle.review.suspects.curation import curation_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.dock import ReviewWidget

_COUNT_MS = 200
_COLOR_MS = 100
"""After a word: what follows it in Review comes first."""
_SECONDS_A_CELL = 0.05
_BLIND_REPORT = "Blind mode is on: the report would tell what the model says."


class CurateBench(QWidget):
    """Curates the cells of the review that is open.

    Parameters
    ----------
    viewer : napari.Viewer
    review : ReviewWidget
        With a project open.
    """

    def __init__(self, viewer: Any, review: ReviewWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert review.desk is not None
        assert review.scene is not None
        assert review.bench is not None
        self.desk, self.scene, self._workbench = review.desk, review.scene, review.bench
        desk, scene = self.desk, self.scene
        self.finding = Finding(desk, self)
        self.picks = Picks(desk, self)
        self.marks = Marks(viewer, scene, self)
        self._file = SuspectFile(self)
        self.title = QLabel()
        self.title.setObjectName("curate-title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = ProgressRow("Measure the cells")
        self.message = MessageLabel("curate-message")
        self.bar = PlotBar()
        self.scatter = Scatter(self._tip)
        self.told = QLabel()
        self.told.setObjectName("curate-told")
        self.told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.dna = DnaPage()
        self.suspects = SuspectList(self.finding.limits)
        self.report = ReportView()
        self._counting = once(self, self._count, _COUNT_MS)
        self._coloring = once(self, self._color, _COLOR_MS)
        self._lay_out()
        self._connect()
        self._workbench.lend_keys(self)
        self._show_measures()
        self.finding.begin()

    def close_bench(self) -> None:
        """Stop the workers, and follow the review no more."""
        self._workbench.take_keys_back(self)
        self._counting.stop()
        self._coloring.stop()
        self._file.close()
        self.finding.close()
        self.picks.close()
        self.marks.close()

    # --- inside ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setObjectName("curate-tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setMinimumHeight(160)
        for page, name in (
            (self.suspects, "Suspects"),
            (self.dna, "DNA content"),
            (self.report, "Report"),
        ):
            self.tabs.addTab(page, name)
        above = QWidget()
        upper = QVBoxLayout(above)
        upper.setContentsMargins(0, 0, 0, 5)
        upper.setSpacing(5)
        for widget, stretch in ((self.bar, 0), (self.scatter, 1), (self.told, 0)):
            upper.addWidget(widget, stretch)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.setChildrenCollapsible(False)
        self.parts.addWidget(above)
        self.parts.addWidget(self.tabs)
        self.parts.setSizes([340, 250])
        self.parts.setStretchFactor(0, 1)
        self.parts.setStretchFactor(1, 1)
        self._rest = QWidget()  # keeps what is above at the top while there is no plot
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(5)
        layout.addWidget(self.title)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addWidget(self.parts, 1)
        layout.addWidget(self._rest, 1)

    def _connect(self) -> None:
        desk, finding = self.desk, self.finding
        self.progress.start.clicked.connect(finding.measure)
        self.progress.cancel.clicked.connect(finding.cancel)
        finding.began.connect(self._begin)
        finding.stepped.connect(self._step)
        finding.ended.connect(self._offer)
        finding.refused.connect(self.message.error)
        finding.measured.connect(self._show_measures)
        finding.judged.connect(self._show_suspects)
        finding.searched.connect(lambda: self.picks.queue_more(self.suspects.model.rows))
        self.bar.changed.connect(self._plot)
        self.bar.tool_changed.connect(self._set_tool)
        self.bar.reset_wanted.connect(self.scatter.reset_view)
        self.scatter.enclosed.connect(self.picks.pick)
        self.scatter.pointed.connect(self._point)
        self.scatter.activated.connect(self.scene.zoom_to)
        self.picks.changed.connect(self._mark)
        self.suspects.activated.connect(desk.go_to)
        self.suspects.queue_wanted.connect(self._review_suspects)
        self.suspects.limits_changed.connect(finding.set_limits)
        self.suspects.save_wanted.connect(self._save)
        self._file.written.connect(self.suspects.message.hint)
        self._file.refused.connect(self.suspects.message.error)
        self.tabs.currentChanged.connect(lambda _: self._counting.start())
        desk.source.signals.changed.connect(self._change)
        desk.source.signals.reloaded.connect(self._reload)

    # --- the work -------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.message.clear()
        self.progress.begin("Reading…")
        self.progress.setVisible(True)

    def _step(self, step: Step) -> None:
        if step.total:
            self.progress.advance(step.done, step.total, step.things)

    def _offer(self) -> None:
        """Offer what is still to be done, if anything is."""
        finding, found = self.finding, self.finding.measurements
        self.progress.end()
        n = len(self.desk.review) - (0 if found is None else found.n_known)
        many = counted(n, "cell")
        self.progress.start.setText(f"Measure {many}" if n else "Find suspects")
        self.progress.setVisible(n > 0 or finding.was_cancelled)
        if n and finding.source is None:
            self.progress.set_ready(False, self.desk.undertaking.problem)
            self.message.error(f"Not measured: {many}. {self.desk.undertaking.problem}")
        elif n and not self.message.is_error:
            self.progress.set_ready(True)
            self.message.hint(
                f"Size, shape and DNA of {many} can be measured: "
                f"{_duration(n * _SECONDS_A_CELL)}. They are kept in the project."
            )

    # --- what is shown --------------------------------------------------------------------------

    def _show_measures(self) -> None:
        found = self.finding.measurements
        name = self.desk.project.folder.stem
        known = 0 if found is None else found.n_known
        self.title.setText(f"<b>{name}</b> · {known:,} of {len(self.desk.review):,} cells measured")
        self.parts.setVisible(known > 0)
        self._rest.setVisible(not known)
        if found is None or not known:
            return
        self.message.clear()
        self.bar.set_measures(found)
        self._plot()
        self.dna.show_content(found["dna_content"])
        self._color()
        self._mark()

    def _plot(self) -> None:
        found = self.finding.measurements
        if found is None:
            return
        names = self.bar.measures
        columns = [found[name] for name in names]
        x, y = (
            Axis.around(column, found.title(name), log=self.bar.logs[side].isChecked())
            for side, name, column in zip("xy", names, columns, strict=True)
        )
        self.scatter.set_values(x, y, *columns)
        self.suspects.limits.set_plotted(names)

    def _color(self) -> None:
        source = self.desk.source
        colors = [QColor(phase.color) for phase in source.phases] + [QColor(UNCLASSIFIED)]
        groups = np.asarray(source.phase, np.int64) % len(colors)  # -1 is the last
        for plot in (self.scatter, self.dna.histogram):
            plot.set_groups(groups, colors)

    def _mark(self) -> None:
        marked, current = self.picks.marked, self.desk.current
        if self.finding.measurements is None:
            marked = None
        self.scatter.set_marked(marked, current)
        self.marks.mark(marked)
        self.suspects.follow(current)
        n = 0 if marked is None else int(marked.sum())
        if not n:
            self.told.setText("Drag around points to pick cells; click one to see it.")
        else:
            many = counted(n, "cell stands out", "cells stand out")
            self.told.setText(f"{many} · Esc lets go")

    def _show_suspects(self) -> None:
        finding = self.finding
        self.suspects.show_suspects(finding.suspects, finding.problem)
        n = len(self.suspects.model.rows)
        self.tabs.setTabText(0, f"Suspects ({n:,})" if n else "Suspects")
        self._counting.start()

    def _count(self) -> None:
        if self.tabs.currentWidget() is not self.report:
            return
        review = self.desk.review
        if review.blind:
            self.report.show_nothing(_BLIND_REPORT)
        elif review.prediction_set is None:
            self.report.show_nothing("There are no predictions yet.")
        else:
            counts = curation_counts(review, self.finding.suspects)
            self.report.show_counts(counts, review.phases)

    def _change(self, rows: NDArray[np.int64]) -> None:
        self._coloring.start()
        self._counting.start()

    def _reload(self) -> None:
        # there may be other cells: the plot waits for their measures
        found = self.finding.measurements
        if found is not None and len(found) == len(self.desk.review):
            self._coloring.start()
        self._counting.start()

    def _tip(self, row: int) -> str:
        found, source = self.finding.measurements, self.desk.source
        if found is None:
            return ""
        frame = f", frame {source.frame[row]}" if source.frame.any() else ""
        lines = [f"Cell {source.label[row]}{frame}"]
        lines.append(phase_name(source.phases, int(source.phase[row])))
        for name in self.bar.measures:
            lines.append(f"{found.title(name)}: {number(float(f'{found[name][row]:.4g}'))}")
        if self.finding.suspects is not None:
            lines.append(self.finding.suspects.reason(row))
        return "\n".join(filter(None, lines))

    # --- gestures -------------------------------------------------------------------------------

    def _set_tool(self, tool: Any) -> None:
        self.scatter.gestures.tool = tool

    def _point(self, row: int) -> None:
        if row >= 0:
            self.desk.go_to(row)
        else:
            self.picks.clear()

    def _review_suspects(self, rows: NDArray[np.int64]) -> None:
        self.picks.queue_up(rows)
        self.suspects.message.hint("They are the queue of Review now, the most suspect first.")

    def _save(self) -> None:
        found = self.finding.suspects
        if found is not None:
            self._file.save(self.desk.project, found, self.suspects.model.rows)


def _duration(seconds: float) -> str:
    if seconds < 20:
        return "a few seconds"
    return f"about {seconds / 60:.0f} min" if seconds >= 90 else "about a minute"
