"""What a recipe begins with and how it calls labels, told without building a network."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.networks import ARCHITECTURES
from napari_cellcycle.train.fit.plan import OF_A_START
from napari_cellcycle.train.recipes import list_recipes, recipe_file

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Glance:
    """A recipe as a person chooses it; the whole of it is read where it is used.

    Parameters
    ----------
    key : str
        What :func:`~napari_cellcycle.train.recipes.find_recipe` takes.
    name : str
    architecture : str
    labels : mapping of str to str or tuple of str
        Labels of data sets and the phase, or phases, that each means.
    note : str
        Source and note.
    start : str
        Model that it begins with by itself.
    pretrained : bool
        Whether it begins with ImageNet weights by itself.
    keeps : bool
        Whether it keeps a part of the model that it begins with, and so needs one.
    vocabulary : str
        Name of that of its phases; empty where it lists them or takes those of the data.
    """

    key: str
    name: str
    architecture: str
    labels: Mapping[str, str | tuple[str, ...]]
    note: str = ""
    start: str = ""
    pretrained: bool = False
    keeps: bool = False
    vocabulary: str = ""

    @property
    def can_be_pretrained(self) -> bool:
        """Whether its network can begin with ImageNet weights."""
        entry = ARCHITECTURES.get(self.architecture)
        return entry is not None and entry.pretrained


def glance(recipe: str | Path) -> Glance:
    """Look at one recipe.

    Parameters
    ----------
    recipe : str or path-like
        As for :func:`~napari_cellcycle.train.recipes.find_recipe`. What is wrong in a file, other
        than that it is no TOML, is found where it is used.

    Raises
    ------
    TrainingError
        If there is none, or the file is no TOML.
    """
    key = str(recipe)
    found = recipe_file(recipe)
    if found is None and key in ARCHITECTURES:
        return Glance(key, key, key, {}, "An architecture, trained with usual settings")
    if found is None:
        raise TrainingError(f"There is no recipe {key!r}; there are {', '.join(list_recipes())}.")
    text, name = found
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"The recipe {key} is no TOML: {error}.") from None
    network, labels, fit = (
        given if isinstance(given := values.get(table), dict) else {}
        for table in ("architecture", "labels", "fit")
    )
    phases = values.get("vocabulary")
    return Glance(
        key,
        name,
        str(network.get("name", "")),
        {k: tuple(map(str, v)) if isinstance(v, list) else str(v) for k, v in labels.items()},
        "\n\n".join(str(values[part]) for part in ("source", "note") if values.get(part)),
        str(network.get("start", "")),
        network.get("pretrained") is True,
        any(fit.get(setting) for setting in OF_A_START),
        phases if isinstance(phases, str) else "",
    )


def all_recipes() -> tuple[Glance, ...]:
    """Recipes of the package, then architectures with usual settings."""
    return tuple(glance(name) for name in dict.fromkeys((*list_recipes(), *ARCHITECTURES)))
