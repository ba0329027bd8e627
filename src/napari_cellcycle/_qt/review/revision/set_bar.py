"""The prediction sets of an image: which one is shown, beside which other, and one more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QMenu, QToolButton, QWidget

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle.counted import counted
from napari_cellcycle.models.catalogue import list_models
from napari_cellcycle.review.orders import BETWEEN_MODELS
from napari_cellcycle.review.sets import comparable, sets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.project.predictions import PredictionSet


class SetBar(QWidget):
    """Chooses among prediction sets; hidden where there are none, and in blind mode.

    Parameters
    ----------
    desk : Desk
        Whose predictions they are.

    Attributes
    ----------
    classify_wanted : Signal(object)
        A model of the catalogue is to classify the image.
    """

    classify_wanted = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.shown = ChoiceBox("shown-set", tooltip="Whose predictions are shown")
        self.other = ChoiceBox("other-set", tooltip="The model that the shown one is compared with")
        self.more = QToolButton()
        self.more.setObjectName("classify-with")
        self.more.setText("Classify…")
        self.more.setToolTip("Let another model classify the image: one more set, words stay")
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet(
            "QToolButton::menu-indicator { image: none; }"
        )  # it lies on the text
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        self._beside = QLabel("beside")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.addWidget(QLabel("Model"), 0, 0)
        grid.addWidget(self.shown, 0, 1)
        grid.addWidget(self.more, 0, 2)
        grid.addWidget(self._beside, 1, 0)
        grid.addWidget(self.other, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self.menu.aboutToShow.connect(self._offer_models)
        self.shown.changed.connect(lambda: desk.show_set(str(self.shown.key())))
        self.other.changed.connect(lambda: desk.sort(BETWEEN_MODELS, other=self.other.value()))
        desk.queue_changed.connect(self._follow)
        self.fill()

    def fill(self) -> None:
        """Offer the sets that there are now."""
        review = self._desk.review
        shown = review.prediction_set
        self.setVisible(shown is not None)
        if shown is None:
            return
        sets = sets_of(review)
        names = names_of(sets)
        self.shown.set_choices([(one.id, names[one.id], one) for one in sets], shown.id)
        self.shown.follow(shown.id)
        self.shown.setToolTip(
            f"{names[shown.id]}\n"
            f"{counted(shown.n_cells, 'cell')}, by {shown.who}, vote: {shown.vote}\n"
            f"sha256 {shown.model_sha256[:12]}"
        )
        others = comparable(review)
        self.other.set_choices([(one.id, names[one.id], one) for one in others])
        self.more.setEnabled(not self._desk.project.read_only)
        self._follow()

    def _follow(self) -> None:
        queue = self._desk.queue
        compares = queue.order == BETWEEN_MODELS and queue.other is not None
        self._beside.setVisible(compares)
        self.other.setVisible(compares)
        if queue.other is not None:
            self.other.follow(queue.other.id)

    def _offer_models(self) -> None:
        """Offer models of the phases that are shown, and those of others one menu further."""
        self.menu.clear()
        shown = self._desk.review.prediction_set
        known = None if shown is None else (shown.vocabulary, shown.phases)
        same: list[ModelEntry] = []
        others: list[ModelEntry] = []
        for entry in list_models():
            card = entry.card
            (same if (card.vocabulary, card.phases) == known else others).append(entry)
        self._offer(self.menu, same)
        if others:
            further = self.menu.addMenu("With other phases")
            assert further is not None
            self._offer(further, others)

    def _offer(self, menu: QMenu, entries: Sequence[ModelEntry]) -> None:
        for entry in entries:
            action = menu.addAction(entry.name)
            assert action is not None
            action.setToolTip(entry.card.description)
            action.triggered.connect(lambda _=False, entry=entry: self.classify_wanted.emit(entry))


def names_of(sets: Sequence[PredictionSet]) -> dict[str, str]:
    """What a person reads of each set, by id: model, version and time."""
    return {
        one.id: " ".join(filter(None, (one.model, one.version)))
        + f" · {datetime.fromtimestamp(one.time / 1e6, UTC).astimezone():%Y-%m-%d %H:%M}"
        for one in sets
    }
