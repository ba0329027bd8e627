"""How to fit: optimiser, epochs, stopping, balance and augmentation. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from napari_cellcycle.errors import TrainingError

OPTIMIZERS = ("adamw", "nadam", "adam", "sgd")
MONITORS = ("loss", "accuracy", "balanced-accuracy")
BALANCES = ("none", "weights", "upsample")
SCHEDULES = ("constant", "cosine")

OF_A_START = ("keep", "freeze_norms", "familiar")
"""Settings that keep a part of the model which training begins with."""

_MOST_OTHERS = 0.95

STRENGTHS: dict[str, tuple[float, float]] = {
    "rotate": (180.0, 180.0),
    "scale": (0.1, 0.7),
    "shift": (0.05, 0.5),
    "rotate90": (1.0, 1.0),
    "flip": (1.0, 1.0),
    "border": (0.2, 1.0),
    "window": (0.2, 1.0),
    "blur": (1.0, 8.0),
    "saturate": (0.3, 1.0),
    "gamma": (0.3, 2.0),
    "brightness-contrast": (0.2, 1.0),
    "colour-jitter": (0.2, 1.0),
    "grey": (0.1, 1.0),
    "noise": (0.05, 1.0),
    "coarse": (0.1, 1.0),
}
"""Usual and greatest strength of every augmentation, in the order in which they are done; what each
number means stands in :mod:`napari_cellcycle.train.fit.augmentations`."""


@dataclass(frozen=True, slots=True)
class NamedSet:
    """What a data set of a publication adds to the raw crops.

    Parameters
    ----------
    augment : tuple of str
        Augmentations, at their usual strength.
    balance : str
        One of :data:`BALANCES`; empty where the set says nothing of it.
    turned_copies : bool
        Each crop also turned by exactly 90, 180 and 270 degrees, in every epoch.
    sharpen : bool
        Views are sharpened, for training and for ever after.
    """

    augment: tuple[str, ...] = ()
    balance: str = ""
    turned_copies: bool = False
    sharpen: bool = False


_D2 = ("rotate", "flip", "blur", "brightness-contrast", "colour-jitter", "grey")
SETS: dict[str, NamedSet] = {
    "D1": NamedSet(),
    "D2": NamedSet(_D2),
    "D3": NamedSet(_D2, balance="upsample"),
    "T": NamedSet(turned_copies=True),
    "S": NamedSet(sharpen=True),
}
"""Raw; augmented; balanced and augmented; quarter turns; sharpened."""


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How one network is fitted.

    Parameters
    ----------
    epochs : int
        At most.
    optimizer : {"adamw", "nadam", "adam", "sgd"}
        SGD has momentum 0.9.
    learning_rate : float
        At the start.
    schedule : {"constant", "cosine"}
        Course of the learning rate; cosine falls to 0 at the last epoch.
    batch_size : int
    weight_decay : float
        On weights, not on biases or norms: decoupled with AdamW, otherwise L2.
    patience : int
        Epochs without a better value after which to stop; 0 never stops early.
    monitor : {"loss", "accuracy", "balanced-accuracy"}
        Value on validation data that tells which epoch is best and is kept.
    balance : {"none", "weights", "upsample"}
        Rare classes count more in the loss, or are shown more often.
    augment : mapping of str to float
        Strength of each augmentation; keys of :data:`STRENGTHS`.
    turned_copies : bool
        In every epoch each crop is shown four times, turned by exactly 0, 90, 180 and 270 degrees.
    average : float
        Decay of the moving average of the weights, a batch: the average is validated and kept
        instead of the weights themselves, which jump. 0 for none.
    others : float
        Share of the crops shown in an epoch that come from further sets, where there are any: all
        crops of the set that is split are shown, and as many as it takes are drawn from the others,
        evenly between these sets and, in a set, from each class in proportion to the square root of
        its size. 0 shows each crop of every set once. Goes without balance.
    keep : float
        Share of the start's weights in the result, which is the mean of both (Wortsman et al. 2022,
        "Robust fine-tuning of zero-shot models"): what the start could do is not forgotten. For
        training that begins with a whole model; 0 for none.
    freeze_norms : bool
        Batch normalisation keeps the means and variances of the start. Few cells of one microscope
        would spoil them. For training that begins with a whole model.
    familiar : float
        The first layers alone are learned, and put beside those of the start: cells that look like
        those learned from go through the new ones, all others through the old. This is the share of
        cells like these that count as such; a lower one changes less of what the start says. For
        training that begins with a whole model, with ``freeze_norms``; 0 for none.

    Raises
    ------
    TrainingError
        Naming the value that is out of range.
    """

    epochs: int = 30
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    batch_size: int = 32
    weight_decay: float = 0.01
    patience: int = 8
    monitor: str = "loss"
    balance: str = "none"
    augment: Mapping[str, float] = field(default_factory=dict)
    turned_copies: bool = False
    average: float = 0.0
    others: float = 0.0
    keep: float = 0.0
    freeze_norms: bool = False
    familiar: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("monitor", MONITORS),
            ("balance", BALANCES),
        ):
            value = getattr(self, name)
            if value not in known:
                raise TrainingError(f"There is no {name} {value!r}; choose {one_of(known)}.")
        for name, low, high in (("epochs", 1, 100_000), ("batch_size", 2, 65_536)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise TrainingError(f"{name} is {value!r}, expected {low} to {high:,}.")
        if type(self.patience) is not int or self.patience < 0:
            raise TrainingError(f"patience is {self.patience!r}, expected epochs, or 0 for never.")
        if not 0 < self.learning_rate <= 10 or not 0 <= self.weight_decay <= 10:
            raise TrainingError(
                f"learning_rate is {self.learning_rate!r} and weight_decay {self.weight_decay!r}; "
                "expected positive numbers of at most 10."
            )
        if not 0 <= self.average < 1:
            raise TrainingError(
                f"average is {self.average!r}, expected a decay such as 0.99, or 0 for none."
            )
        if not 0 <= self.others <= _MOST_OTHERS:
            raise TrainingError(
                f"others is {self.others!r}, expected the share of further sets in an epoch, up to "
                f"{_MOST_OTHERS:g}, or 0 to show each crop of every set once."
            )
        if self.others and self.balance != "none":
            raise TrainingError(
                f"others is {self.others:g} and balance {self.balance!r}, but crops of further "
                "sets are drawn by class already: leave one of the two out."
            )
        if not 0 <= self.keep < 1:
            raise TrainingError(
                f"keep is {self.keep!r}, expected the share of the start's weights, such as 0.5, "
                "or 0 for none."
            )
        if not 0 <= self.familiar < 1:
            raise TrainingError(
                f"familiar is {self.familiar!r}, expected the share of cells like those learned "
                "from that are known as such, such as 0.7, or 0 for none."
            )
        if self.familiar and not self.freeze_norms:
            raise TrainingError(
                f"familiar is {self.familiar:g} without freeze_norms: layers that old and new "
                "cells share must stay as they are. Add freeze_norms = true."
            )
        for name, strength in self.augment.items():
            if name not in STRENGTHS:
                raise TrainingError(f"There is no augmentation {name!r}{hint(name, STRENGTHS)}")
            most = STRENGTHS[name][1]
            if not isinstance(strength, (int, float)) or not 0 < strength <= most:  # type: ignore[redundant-expr]
                raise TrainingError(
                    f"The strength of {name} is {strength!r}, expected a number up to {most:g}."
                )

    @property
    def keeps_start(self) -> bool:
        """Whether it keeps a part of a model, and so must begin with one."""
        return any(getattr(self, setting) for setting in OF_A_START)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def parse_plan(values: Mapping[str, Any], where: str) -> tuple[FitPlan, bool]:
    """Read the ``[fit]`` table of a recipe.

    ``sets`` lists named sets of :data:`SETS`; ``augment`` is a list of augmentations, or a table of
    their strengths. Other keys are those of :class:`FitPlan`, and outweigh what a set says.

    Parameters
    ----------
    values : mapping
        As read from TOML.
    where : str
        What messages call the table.

    Returns
    -------
    plan : FitPlan
    sharpen : bool
        Whether a named set asks for sharpened views.

    Raises
    ------
    TrainingError
        Naming the unknown key or wrong value.
    """
    own = {field.name: field.type for field in fields(FitPlan)}
    for key in values:
        if key not in own and key != "sets":
            raise TrainingError(f"{where} has an unknown {key}{hint(key, (*own, 'sets'))}")
    named = values.get("sets", [])
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise TrainingError(f"{where}: sets is {named!r}, expected a list such as ['T', 'S'].")
    plain: dict[str, Any] = {"augment": {}}
    sharpen = False
    for name in named:
        if name not in SETS:
            raise TrainingError(f"{where}: there is no set {name!r}; there are {', '.join(SETS)}.")
        one = SETS[name]
        plain["augment"] |= {key: STRENGTHS[key][0] for key in one.augment}
        sharpen |= one.sharpen
        if one.balance:
            plain["balance"] = one.balance
        if one.turned_copies:
            plain["turned_copies"] = True
    if "augment" in values:
        plain["augment"] |= _augment(values["augment"], where)
    kinds: dict[str, Any] = {
        "int": (int,),
        "float": (int, float),
        "str": (str,),
        "bool": (bool,),
    }
    for key, value in values.items():
        if key in ("sets", "augment"):
            continue
        kind = kinds[str(own[key])]
        if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
            raise TrainingError(f"{where}: {key} is {value!r}, expected {_words(str(own[key]))}.")
        plain[key] = float(value) if own[key] == "float" else value
    try:
        return FitPlan(**plain), sharpen
    except TrainingError as error:
        raise TrainingError(f"{where}: {error}") from None


def _augment(value: Any, where: str) -> dict[str, float]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: STRENGTHS.get(name, (1.0, 1.0))[0] for name in value}
    if isinstance(value, dict):
        return dict(value)
    raise TrainingError(
        f"{where}: augment is {value!r}, expected a list of names or a table of strengths."
    )


def _words(kind: str) -> str:
    return {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}[
        kind
    ]


def one_of(words: Sequence[str], last: str = "or") -> str:
    """Write ``a, b or c``."""
    return ", ".join(words[:-1]) + f" {last} {words[-1]}" if len(words) > 1 else words[0]


def hint(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """Say which of the known names was meant, or what they are; ends the sentence."""
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}."
