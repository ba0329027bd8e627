"""The model card: what a model is, how views are made for it, its training data and its limits."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import CellCycleError, ModelFormatError
from napari_cellcycle.models import fields as check
from napari_cellcycle.models.levels import stages_of
from napari_cellcycle.phases import VOCABULARIES, PhaseSet, flat_vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CARD = "card.json"
SCHEMA = 2
"""2 added intensity, mask and sharpen to the recipe, and vocabularies of a user's own."""
_ADDED_TO_RECIPE = {"intensity": "cell", "mask": True, "sharpen": False}
"""What every recipe of schema 1 meant."""
RANGES = ("spacing_um", "cell_radius_um", "axial_ratio", "contrast")
"""What a card may give a range of: pixel size (y, x), equivalent radius, z over xy, contrast."""
_MOST_BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILE = re.compile(r"[A-Za-z0-9_-]+\.safetensors")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Architecture:
    """Name of an architecture of ours, and its parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """One source of training data.

    Parameters
    ----------
    name, licence, attribution : str
    n : int
        Number of cells.
    """

    name: str
    licence: str
    attribution: str
    n: int


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """File of one axis, beside the card, and its hash."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything about a model but its weights.

    Parameters
    ----------
    name, version : str
        The name is unique in a catalogue; both are printed in every table.
    description, limits, licence : str
        Free text.
    architecture : Architecture
    vocabulary : str
        Name of a built-in vocabulary, or of a user's own.
    phases : tuple of str
        Slugs of its leaves, in the order of the outputs.
    recipe : ViewRecipe
    temperatures : mapping of axis to mapping of level to float
        Logits are divided by these before the softmax; ``level2`` only where there are stages.
    ranges : mapping of str to (low, high)
        What training data covered; keys of :data:`RANGES`, those that are known.
    missing_channels : str
        How a channel that an image lacks is handled.
    training_data : tuple of TrainingData
    metrics : mapping
        How well it does; numbers and text, nested.
    package_version : str
        Version of napari-cellcycle that wrote it.
    weights : mapping of axis to WeightsFile
        Filled when the model is saved.

    Raises
    ------
    ModelFormatError
        If parts of it contradict one another.
    """

    name: str
    version: str
    description: str
    architecture: Architecture
    vocabulary: str
    phases: tuple[str, ...]
    recipe: ViewRecipe
    temperatures: Mapping[str, Mapping[str, float]]
    ranges: Mapping[str, tuple[float, float]]
    missing_channels: str
    training_data: tuple[TrainingData, ...]
    metrics: Mapping[str, Any]
    package_version: str
    licence: str
    limits: str
    weights: Mapping[str, WeightsFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ModelFormatError(
                f"A model's name is letters, digits, '.', '_' and '-', not {self.name!r}."
            )
        self._check_phases()
        check.recipe(self.recipe, self.name)
        axes = self.recipe.axes
        check.same("temperatures", self.temperatures, axes, self.name)
        for axis, levels in self.temperatures.items():
            check.same(f"temperatures of {axis}", levels, self.levels, self.name)
            for level, value in levels.items():
                check.positive(f"temperature {axis} {level}", value, self.name)
        unknown = set(self.ranges) - set(RANGES)
        if unknown:
            self._refuse(f"ranges of {sorted(unknown)}, expected some of {', '.join(RANGES)}")
        for key, (low, high) in self.ranges.items():
            if not 0 <= low <= high < float("inf"):
                self._refuse(f"a range of {key} from {low} to {high}")
        if self.weights:
            check.same("weights", self.weights, axes, self.name)
        for weights in self.weights.values():
            if not _FILE.fullmatch(weights.file) or not _SHA256.fullmatch(weights.sha256):
                self._refuse(
                    f"weights {weights.file!r} with hash {weights.sha256!r}; expected the name of "
                    "a .safetensors file beside the card and its sha256"
                )

    def _check_phases(self) -> None:
        try:
            known = self.phase_set
        except CellCycleError as error:
            raise ModelFormatError(f"The card of model {self.name}: {error}") from None
        if self.phases != known.slugs:
            self._refuse(
                f"phases {', '.join(self.phases)}; those of {self.vocabulary} are, in this order, "
                f"{', '.join(known.slugs)}"
            )
        if len(self.phases) < 2:
            self._refuse(f"phases {', '.join(self.phases) or 'none'}; a model tells two at least")

    def _refuse(self, found: str) -> NoReturn:
        raise ModelFormatError(f"The card of model {self.name} has {found}.")

    @property
    def phase_set(self) -> PhaseSet:
        """The vocabulary itself: a built-in one, or the phases as a user named them."""
        if self.vocabulary in VOCABULARIES:
            return VOCABULARIES[self.vocabulary]
        return flat_vocabulary(self.vocabulary, self.phases)

    @property
    def n_stages(self) -> int:
        """Number of stages at level 2; 0 for a flat vocabulary."""
        return len(stages_of(self.phase_set))

    @property
    def n_tops(self) -> int:
        """Number of classes at level 1: two where there are stages, otherwise all phases."""
        return 2 if self.n_stages else len(self.phases)

    @property
    def n_outputs(self) -> int:
        """Logits of each network."""
        return self.n_tops + self.n_stages

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels that are predicted."""
        return ("level1", "level2") if self.n_stages else ("level1",)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"schema": SCHEMA, **asdict(self)}

    def to_json(self) -> str:
        """Text of ``card.json``, the same for the same card."""
        return (
            json.dumps(
                self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False
            )
            + "\n"
        )

    @classmethod
    def from_json(cls, text: str | bytes, *, name: str = CARD) -> ModelCard:
        """Read a card; nothing is completed by defaults.

        Parameters
        ----------
        text : str or bytes
            Content of a ``card.json``.
        name : str
            What messages call the file.

        Raises
        ------
        ModelFormatError
            Naming what is missing, unknown or of the wrong type.
        """
        try:
            values = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ModelFormatError(f"{name} is not a model card: {error}.") from None
        values = check.mapping(name, values, name)
        schema = values.get("schema", SCHEMA)
        if schema not in (1, SCHEMA):
            raise ModelFormatError(
                f"{name} is of schema {schema!r}, this version reads 1 to {SCHEMA}. "
                "Update napari-cellcycle."
            )
        if schema == 1 and isinstance(values.get("recipe"), dict):
            values["recipe"] = _ADDED_TO_RECIPE | values["recipe"]
        return _from_dict(values, name)


def _from_dict(values: dict[str, Any], name: str) -> ModelCard:
    text = (
        *("name", "version", "description", "vocabulary", "missing_channels"),
        *("package_version", "licence", "limits"),
    )
    structures = ("architecture", "phases", "recipe", "temperatures", "ranges", "training_data")
    check.keys("", values, ("schema", *text, *structures, "metrics", "weights"), name)
    architecture = check.record("architecture", values["architecture"], ("name", "params"), name)
    sources = [
        check.record("training_data", source, ("name", "licence", "attribution", "n"), name)
        for source in check.sequence("training_data", values["training_data"], name)
    ]
    temperatures = check.mapping("temperatures", values["temperatures"], name)
    ranges = check.mapping("ranges", values["ranges"], name)
    weights = check.mapping("weights", values["weights"], name)
    try:
        recipe = ViewRecipe.from_dict(check.mapping("recipe", values["recipe"], name))
    except ModelFormatError as error:
        raise ModelFormatError(f"{name}: {error}") from None
    return ModelCard(
        **{key: check.string(key, values[key], name) for key in text},
        architecture=Architecture(
            check.string("architecture.name", architecture["name"], name),
            check.mapping("architecture.params", architecture["params"], name),
        ),
        phases=tuple(
            check.string("phases", slug, name)
            for slug in check.sequence("phases", values["phases"], name)
        ),
        recipe=recipe,
        temperatures={
            axis: {
                level: check.number(f"temperatures.{axis}", value, name)
                for level, value in check.mapping("temperatures", levels, name).items()
            }
            for axis, levels in temperatures.items()
        },
        ranges={key: check.pair(f"ranges.{key}", pair, name) for key, pair in ranges.items()},
        training_data=tuple(
            TrainingData(
                check.string("training_data.name", source["name"], name),
                check.string("training_data.licence", source["licence"], name),
                check.string("training_data.attribution", source["attribution"], name),
                check.count("training_data.n", source["n"], name),
            )
            for source in sources
        ),
        metrics=check.mapping("metrics", values["metrics"], name),
        weights={
            axis: WeightsFile(
                **{
                    key: check.string(f"weights.{axis}", value, name)
                    for key, value in check.record(
                        f"weights.{axis}", entry, ("file", "sha256"), name
                    ).items()
                }
            )
            for axis, entry in weights.items()
        },
    )


def read_card(folder: Path) -> tuple[ModelCard, str]:
    """Read the card of a model folder.

    Returns
    -------
    card : ModelCard
    sha256 : str
        Hash of the file: that of the model.

    Raises
    ------
    ModelFormatError
        If there is none, or it is not valid.
    """
    path = folder / CARD
    if not path.is_file():
        raise ModelFormatError(f"{folder} is no model folder: it has no {CARD}.")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ModelFormatError(f"{path} is larger than {_MOST_BYTES:,} bytes: not a model card.")
    return ModelCard.from_json(content, name=str(path)), hashlib.sha256(content).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} stands there twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
