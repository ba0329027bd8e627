"""Recipes by name: those of the package, and plain TOML files of one's own."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import CellCycleError, TrainingError
from napari_cellcycle.models import fields as check
from napari_cellcycle.models.card import Architecture
from napari_cellcycle.models.networks import ARCHITECTURES, complete_params
from napari_cellcycle.phases import VOCABULARIES
from napari_cellcycle.train.fit.plan import hint, parse_plan
from napari_cellcycle.train.recipe import TrainingRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = (
    *("source", "note", "description", "limits", "published", "vocabulary", "labels", "folds"),
    *("architecture", "views", "fit", "search", "both"),
)
_OPTIONAL = ("note", "description", "limits")


def list_recipes() -> tuple[str, ...]:
    """Names of the recipes in the package."""
    folder = files("napari_cellcycle") / "recipes"
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


def recipe_file(name: str | Path) -> tuple[str, str] | None:
    """Read the file of a recipe, without looking into it.

    Parameters
    ----------
    name : str or path-like
        A recipe of the package, or a path of a ``.toml`` file.

    Returns
    -------
    tuple of str or None
        TOML and the recipe's name; None if there is no recipe of that name.

    Raises
    ------
    TrainingError
        If the path leads to no file.
    """
    text = str(name)
    if text.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise TrainingError(f"There is no recipe {path}.")
        return path.read_text(encoding="utf-8"), path.stem
    if text in list_recipes():
        file = files("napari_cellcycle") / "recipes" / f"{text}.toml"
        return file.read_text(encoding="utf-8"), text
    return None


def find_recipe(name: str | Path) -> TrainingRecipe:
    """Find a recipe.

    Parameters
    ----------
    name : str or path-like
        A recipe of the package, a path of a ``.toml`` file, or an architecture, which is then
        trained with usual settings.

    Raises
    ------
    TrainingError
        If there is none of that name, or the file is not a valid recipe.
    """
    found = recipe_file(name)
    if found is not None:
        return parse_recipe(*found)
    text = str(name)
    if text in ARCHITECTURES:
        params = complete_params(text)
        return TrainingRecipe(
            text,
            "usual settings of napari-cellcycle",
            Architecture(text, params),
            replace(ViewRecipe(), channels=()),
        )
    known = tuple(dict.fromkeys((*list_recipes(), *ARCHITECTURES)))
    raise TrainingError(
        f"There is no recipe or architecture {text!r}{hint(text, known)} A recipe of your own is "
        "a path that ends in .toml."
    )


def parse_recipe(text: str, name: str) -> TrainingRecipe:
    """Read a recipe.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        Of the recipe, and what messages call it.

    Raises
    ------
    TrainingError
        Naming the first key or value that is unknown, missing or wrong.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"Recipe {name} is no TOML: {error}.") from None
    where = f"Recipe {name}"
    _known(values, _KEYS, where)
    plan, sharpen = parse_plan(_table(values, "fit", where), f"{where}, [fit]")
    architecture, pretrained, start = _architecture(_table(values, "architecture", where), where)
    vocabulary = values.get("vocabulary", ())
    if isinstance(vocabulary, list) and all(isinstance(slug, str) for slug in vocabulary):
        vocabulary = tuple(vocabulary)
    elif vocabulary != () and vocabulary not in VOCABULARIES:
        raise TrainingError(
            f"{where}: vocabulary is {vocabulary!r}, expected one of {', '.join(VOCABULARIES)}, or "
            "a list of phases."
        )
    published = _texts(values, "published", where)
    folds = values.get("folds", 0)
    if type(folds) is not int or folds < 0 or folds in (1, 2):
        raise TrainingError(f"{where}: folds is {folds!r}, expected 3 or more, or 0 for none.")
    return TrainingRecipe(
        name,
        _text(values, "source", where),
        architecture,
        _views(_table(values, "views", where), sharpen, where),
        plan,
        vocabulary,
        _labels(_table(values, "labels", where), where),
        pretrained,
        start,
        _texts(values, "both", where),
        folds,
        _search(_table(values, "search", where), architecture, where),
        published,
        *(_text(values, key, where) for key in _OPTIONAL),
    )


def _labels(values: dict[str, Any], where: str) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for label, phase in values.items():
        several = isinstance(phase, list) and len(set(map(str, phase))) > 1
        if not isinstance(phase, str) and not (
            several and all(isinstance(one, str) and one for one in phase)
        ):
            raise TrainingError(
                f"{where}: [labels] gives {label} as {phase!r}, expected a phase, as text, or a "
                "list of two phases or more that it may be."
            )
        found[label] = phase if isinstance(phase, str) else tuple(phase)
    return found


def _architecture(values: dict[str, Any], where: str) -> tuple[Architecture, bool, str]:
    _known(values, ("name", "params", "pretrained", "start"), f"{where}, [architecture]")
    name = _text(values, "name", f"{where}, [architecture]")
    pretrained = values.get("pretrained", False)
    if not isinstance(pretrained, bool):
        raise TrainingError(f"{where}: pretrained is {pretrained!r}, expected true or false.")
    start = values.get("start", "")
    if not isinstance(start, str) or (start and pretrained):
        raise TrainingError(
            f"{where}: start is {start!r}, expected a model's name, and no pretrained beside it."
        )
    try:
        params = complete_params(name, values.get("params", {}))
        return Architecture(name, params), pretrained, start
    except CellCycleError as error:
        raise TrainingError(f"{where}: {error}") from None


def _views(values: dict[str, Any], sharpen: bool, where: str) -> ViewRecipe:
    known = tuple(field.name for field in fields(ViewRecipe))
    _known(values, known, f"{where}, [views]")
    plain: dict[str, Any] = {"channels": (), "sharpen": sharpen}
    plain |= {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    views = ViewRecipe(**plain)
    whole = views.unit == "px" and "extent" not in values
    try:
        # channels and the extent of whole crops are known once there are data
        given = views.channels or ("dna",)
        check.recipe(replace(views, channels=given), name=where)
    except CellCycleError as error:
        raise TrainingError(f"{where}, [views]: {error}") from None
    return replace(views, extent=0.0) if whole else views


def _search(
    values: dict[str, Any], architecture: Architecture, where: str
) -> dict[str, tuple[Any, ...]]:
    for key, tried in values.items():
        if key != "learning_rate" and key not in architecture.params:
            known = ("learning_rate", *architecture.params)
            raise TrainingError(f"{where}, [search] has an unknown {key}{hint(key, known)}")
        if not isinstance(tried, list) or len(tried) < 2:
            raise TrainingError(
                f"{where}, [search]: {key} is {tried!r}, expected a list of two values or more."
            )
    return {key: tuple(tried) for key, tried in values.items()}


def _known(values: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in values:
        if key not in known:
            raise TrainingError(f"{where} has an unknown {key}{hint(key, known)}")


def _table(values: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    table = values.get(key, {})
    if not isinstance(table, dict):
        raise TrainingError(f"{where}: {key} is {table!r}, expected a table [{key}].")
    return table


def _texts(values: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise TrainingError(f"{where}: {key} is {found!r}, expected a list of texts.")
    return tuple(found)


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str) or (key not in _OPTIONAL and not value):
        raise TrainingError(f"{where} needs a {key}, as text.")
    return value
