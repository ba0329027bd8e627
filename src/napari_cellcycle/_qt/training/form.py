"""The choices of a training: where to begin, which recipe, and what the result is called."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_cellcycle._qt.combos import ChoiceBox, device_box
from napari_cellcycle._qt.training.asked import IMAGENET, SCRATCH, TrainRun
from napari_cellcycle._qt.training.interrupted import trainings_folder
from napari_cellcycle.errors import CellCycleError, CropSetError, TrainingError
from napari_cellcycle.models.catalogue import list_models
from napari_cellcycle.models.library import check_new_name
from napari_cellcycle.train.data.cropset import GROUP
from napari_cellcycle.train.data.relabel import parse_map
from napari_cellcycle.train.glance import all_recipes, glance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle._qt.training.reading import DataSet
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.train.glance import Glance

_FIRST = "mitosis-2d"
_AS_SAID = ""
_REGION = "region"
_SPLITS = {GROUP: "group (image, plate)", _REGION: "part of an image"}


class TrainForm(QWidget):
    """What a training needs to know beside its data."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recipes: list[Glance] = list(all_recipes())
        self._corrections = False
        self.start = ChoiceBox("start", tooltip="What the weights are before the first epoch")
        self.recipe = ChoiceBox("recipe")
        self.own_recipe = QPushButton("…")
        self.own_recipe.setObjectName("own-recipe")
        self.own_recipe.setToolTip("Choose a recipe of your own (.toml)")
        self.own_recipe.setFixedWidth(30)
        self.split = ChoiceBox(
            "split",
            tooltip="What is never split between training and test: images, plates, or with few "
            "images parts of them, which tells less about new images",
        )
        self.renames = QLineEdit()
        self.renames.setObjectName("renames")
        self.renames.setPlaceholderText("theirs=ours, debris=")
        self.renames.setToolTip(
            "Labels of the data and the phase that each means; nothing after = leaves these cells "
            "out. The recipe knows the labels of its own data."
        )
        self.epochs = QSpinBox()
        self.epochs.setObjectName("epochs")
        self.epochs.setRange(0, 100_000)
        self.epochs.setSpecialValueText("as the recipe says")
        self.epochs.setToolTip("At most; it may stop earlier")
        self.device = device_box()
        self.name = QLineEdit()
        self.name.setObjectName("name")
        self.name.setToolTip("What the new model is called")
        self.licence = QLineEdit()
        self.licence.setObjectName("licence")
        self.licence.setPlaceholderText("of the data, for the card")
        self.attribution = QLineEdit()
        self.attribution.setObjectName("attribution")
        self.attribution.setPlaceholderText("whom to credit for the data")
        recipes = QHBoxLayout()
        recipes.setContentsMargins(0, 0, 0, 0)
        recipes.setSpacing(4)
        recipes.addWidget(self.recipe, 1)
        recipes.addWidget(self.own_recipe)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            ("Start", self.start),
            ("Recipe", recipes),
            ("Split by", self.split),
            ("Rename", self.renames),
            ("Epochs", self.epochs),
            ("Device", self.device),
            ("Name", self.name),
            ("Licence", self.licence),
            ("Credit", self.attribution),
        ):
            form.addRow(text, field)
        self._named_by_hand = False
        self.start.changed.connect(self._on_start)
        self.recipe.changed.connect(self._on_recipe)
        self.own_recipe.clicked.connect(self._ask_recipe)
        self.split.changed.connect(self.changed)
        self.renames.textChanged.connect(self.changed)
        self.epochs.valueChanged.connect(self.changed)
        self.name.textEdited.connect(self._on_name)
        self.refresh()

    def refresh(self) -> None:
        """Offer the models that there are now."""
        self._offer_starts(keep=True)
        self._on_start()

    def _offer_starts(self, default: str = _FIRST, *, keep: bool = False) -> None:
        self.start.set_choices(
            [
                *((entry.name, entry.name, entry) for entry in list_models()),
                (_AS_SAID, "as the recipe says", None),
                (IMAGENET, "ImageNet (a download)", None),
                (SCRATCH, "nothing: from scratch", None),
            ],
            default,
            keep=keep,
        )

    def suit(self, sets: Sequence[DataSet]) -> None:
        """Offer what goes with the data.

        The first set is split by what it has, by parts of images where these are few. For
        corrections in a project, a model comes first that has their phases, and a recipe that keeps
        what it knows.
        """
        self._corrections = bool(sets) and sets[0].is_project
        if self._corrections:
            with QSignalBlocker(self):
                self._offer_starts(_with_phases(set(sets[0].census.phase.tolist())))
                self._on_start()
        first = sets[0].census if sets else None
        keys = [GROUP, *(first.groupings if first is not None else ())]
        few = first is not None and not first.can_be_split and _REGION in keys
        with QSignalBlocker(self.split):
            self.split.set_choices(
                [(key, _SPLITS.get(key, key), None) for key in keys], _REGION if few else GROUP
            )

    def add_recipe(self, path: str | Path) -> None:
        """Offer a recipe file, and choose it where it goes with the start.

        Raises
        ------
        TrainingError
            If it is no recipe, or trains another network than that of the start.
        """
        found = glance(path)
        self._recipes = [found, *(one for one in self._recipes if one.key != found.key)]
        self._on_start()
        if found not in self._fitting():
            raise TrainingError(
                f"{found.name} trains a {found.architecture or 'network without a name'}, which "
                f"cannot begin with {self.start.currentText()}. Choose another start first."
            )
        self.recipe.choose(found.key)

    @property
    def group_key(self) -> str:
        """Column by which the first set is split."""
        key = self.split.key()
        return GROUP if key is None else str(key)

    def labels(self) -> Mapping[str, str | tuple[str, ...]]:
        """Labels that the chosen recipe knows, and what they mean."""
        found: Glance | None = self.recipe.value()
        return {} if found is None else found.labels

    def renamed(self) -> dict[str, str]:
        """Labels that the person gives another meaning.

        Raises
        ------
        CropSetError
            If the text is not of that form.
        """
        text = self.renames.text().strip().rstrip(",")
        if not text:
            return {}
        try:
            return parse_map(text)
        except CropSetError:
            raise CropSetError(
                "Rename is theirs=ours, separated by commas, such as Interphase=non-mitotic, "
                "Debris= (nothing after = leaves these cells out)."
            ) from None

    def run(self, sets: Sequence[DataSet]) -> TrainRun:
        """Say what a training would do now.

        Raises
        ------
        CellCycleError
            If it cannot run; the text says why, in one line.
        """
        if not sets:
            raise CropSetError("Add training data: a crop set, a folder of classes or a project.")
        recipe: Glance | None = self.recipe.value()
        if recipe is None:
            raise TrainingError("No recipe trains such a network: choose another start.")
        renames = self.renamed()
        first = sets[0].census.grouped(self.group_key).meaning(recipe.labels, renames)
        if len(set(first.phase.tolist())) < 2:
            raise CropSetError(f"{first.name} has fewer than two phases to tell apart.")
        if not first.can_be_split:
            raise CropSetError(
                f"{first.name} has fewer than three groups (images, plates): one each is needed "
                "to train, to validate and to test. Split by something finer, add images, or put "
                "another set first."
            )
        entry: ModelEntry | None = self.start.value()
        if recipe.keeps and entry is None:
            raise TrainingError(f"{recipe.name} keeps a part of a model: choose one to start from.")
        name = self.name.text().strip()
        check_new_name(name)
        return TrainRun(
            data=sets[0].path,
            others=tuple((one.path, one.spelling) for one in sets[1:]),
            spelling=sets[0].spelling,
            recipe=recipe.key,
            name=name,
            out=trainings_folder() / time.strftime(f"{name} %Y-%m-%d %H%M%S") / name,
            start=None if entry is None else entry.path,
            begin="" if entry is not None else str(self.start.key()),
            group_key=self.group_key,
            renames=renames,
            epochs=self.epochs.value() or None,
            device=str(self.device.key()),
            licence=self.licence.text().strip(),
            attribution=self.attribution.text().strip(),
        )

    def _fitting(self) -> list[Glance]:
        """Recipes that go with the start."""
        entry: ModelEntry | None = self.start.value()
        if entry is not None:
            network = entry.card.architecture.name
            return [one for one in self._recipes if one.architecture == network]
        if self.start.key() == IMAGENET:
            return [one for one in self._recipes if one.can_be_pretrained and not one.keeps]
        return [one for one in self._recipes if not one.keeps]

    def _on_start(self) -> None:
        entry: ModelEntry | None = self.start.value()
        self.start.setToolTip(
            "What the weights are before the first epoch"
            if entry is None
            else f"{entry.card.description}\n\n{entry.card.limits}"
        )
        self._offer_recipes()
        self._on_recipe()

    def _offer_recipes(self) -> None:
        self.recipe.set_choices(
            [(one.key, one.name, one) for one in self._fitting()], self._usual()
        )

    def _usual(self) -> str:
        """Recipe for those who do not choose one."""
        entry: ModelEntry | None = self.start.value()
        if entry is None:
            return _FIRST
        alike = [one for one in self._fitting() if one.vocabulary == entry.card.vocabulary]
        if self._corrections:
            alike = [one for one in alike if one.keeps] or alike
        keys = [one.key for one in alike] or [entry.card.architecture.name]
        return entry.name if entry.name in keys else keys[0]

    def _on_recipe(self) -> None:
        found: Glance | None = self.recipe.value()
        self.recipe.setToolTip("" if found is None else found.note)
        if not self._named_by_hand:
            entry: Any = self.start.value()
            basis = entry.name if entry is not None else (found.name if found else "model")
            self.name.setText(_free(f"my-{basis.removeprefix('my-')}"))
        self.changed.emit()

    def _on_name(self, text: str) -> None:
        self._named_by_hand = bool(text.strip())
        self.changed.emit()

    def _ask_recipe(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "A recipe", "", "Recipe (*.toml)")
        if not path:
            return
        try:
            self.add_recipe(path)
        except CellCycleError as error:
            from napari.utils.notifications import show_error

            show_error(str(error))


def _with_phases(slugs: set[str]) -> str:
    """Name of a model that has some phases; the usual one where there is none."""
    names = [
        entry.name
        for entry in list_models()
        if slugs <= {phase.slug for phase in entry.card.phase_set}
    ]
    return _FIRST if _FIRST in names or not names else names[0]


def _free(name: str) -> str:
    """The name, with a number where another model has it."""
    taken = {entry.name for entry in list_models()}
    number, found = 2, name
    while found in taken:
        number, found = number + 1, f"{name}-{number}"
    return found
