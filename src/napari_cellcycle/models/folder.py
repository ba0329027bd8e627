"""A model on disk: ``card.json`` and one ``.safetensors`` file an axis, each hashed in the card."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelError, ModelFormatError
from napari_cellcycle.models import weights
from napari_cellcycle.models.archive import unpacked
from napari_cellcycle.models.card import CARD, ModelCard, WeightsFile, read_card
from napari_cellcycle.models.catalogue import find_model
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.networks import skeleton
from napari_cellcycle.models.staging import staged, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch


def save_model(
    folder: str | os.PathLike[str],
    card: ModelCard,
    state_dicts: Mapping[str, Mapping[str, torch.Tensor]],
) -> ModelCard:
    """Write a model folder, whole or not at all.

    Parameters
    ----------
    folder : path-like
        An existing model there is replaced.
    card : ModelCard
        Its ``weights`` are filled in.
    state_dicts : mapping of axis to state
        Of one network for each axis of the recipe.

    Returns
    -------
    ModelCard
        As written.

    Raises
    ------
    ModelFormatError
        If weights are missing, do not fit the architecture, or are not finite in half precision.
    ModelError
        If the folder holds other files than a model's.
    """
    folder = Path(folder)
    check_only_model(folder)
    if set(state_dicts) != set(card.recipe.axes):
        raise ModelFormatError(
            f"Model {card.name} needs weights for the axes {', '.join(card.recipe.axes)}, found "
            f"{', '.join(state_dicts) or 'none'}."
        )
    contents = {
        f"{axis}.safetensors": weights.pack(state_dicts[axis], f"axis {axis}")
        for axis in card.recipe.axes
    }
    card = replace(
        card,
        weights={
            axis: WeightsFile(
                f"{axis}.safetensors",
                hashlib.sha256(contents[f"{axis}.safetensors"]).hexdigest(),
            )
            for axis in card.recipe.axes
        },
    )
    contents[CARD] = card.to_json().encode()
    with staged(folder) as new:
        for name, content in contents.items():
            write_bytes(new / name, content)
        load_folder(new)
    return card


def load_model(name_or_path: str | os.PathLike[str], device: str = "cpu") -> ProjectionClassifier:
    """Load a model; nothing in it is ever executed.

    Parameters
    ----------
    name_or_path : str or path-like
        A name of the catalogue, a model folder or a zip of one.
    device : str
        A device of torch, such as ``"cpu"`` or ``"cuda"``.

    Raises
    ------
    ModelNotFoundError
        If there is no such model.
    ModelFormatError
        If the card is incomplete, or the weights are not those that it names.
    """
    with opened(name_or_path) as folder:
        return load_folder(folder, device)


def read_model_card(name_or_path: str | os.PathLike[str]) -> tuple[ModelCard, str]:
    """Read a model's card and its hash, without the weights and without torch."""
    with opened(name_or_path) as folder:
        return read_card(folder)


def load_folder(folder: Path, device: str = "cpu") -> ProjectionClassifier:
    """Load a model folder; see :func:`load_model`."""
    card, sha256 = read_card(folder)
    if not card.weights:
        raise ModelFormatError(f"The card {folder / CARD} names no weights.")
    networks: dict[str, torch.nn.Module] = {}
    for axis in card.recipe.axes:
        try:
            network = blank_network(card)
        except ModelError as error:
            raise ModelFormatError(f"{folder / CARD}: {error}") from None
        file = card.weights[axis]
        state = weights.read(folder / file.file, file.sha256, network.state_dict())
        network.load_state_dict(state, strict=True, assign=True)
        networks[axis] = network
    return ProjectionClassifier(card, networks, device, sha256=sha256)


def blank_network(card: ModelCard) -> torch.nn.Module:
    """Build the network of one axis without memory for its weights.

    Raises
    ------
    ModelError
        If the architecture or a parameter on the card is unknown.
    """
    return skeleton(
        card.architecture.name,
        n_channels=len(card.recipe.channels),
        n_outputs=card.n_outputs,
        size=card.recipe.size,
        params=card.architecture.params,
    )


@contextmanager
def opened(name_or_path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the folder of a model, unpacked for as long as the block lasts if it is a zip file."""
    path = find_model(name_or_path)
    if path.is_dir():
        yield path
    else:
        with unpacked(path) as folder:
            yield folder


def check_only_model(folder: Path) -> None:
    """Refuse to replace or remove what holds other files than a model's; hidden ones do not count.

    Raises
    ------
    ModelError
        Naming the first of them.
    """
    if not folder.exists():
        return
    inside = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    others = [path.name for path in inside if path == folder or not _is_ours(path)]
    if others:
        raise ModelError(
            f"{folder} holds more than a model ({', '.join(others[:3])}) and is left as it is. "
            "Move that away, or choose another folder."
        )


def check_gives_way(out: Path, *, overwrite: bool) -> None:
    """Refuse to write a model over another one, unless that was asked for, or over anything else.

    Parameters
    ----------
    out : Path
        Model folder or zip file.
    overwrite : bool
        Whether a model gives way.

    Raises
    ------
    ModelError
        If there is one, and it does not; or a file or folder that is no model.
    """
    if out.is_dir():
        check_only_model(out)
        if all(path.name.startswith(".") for path in out.iterdir()):
            return
    elif not out.exists():
        return
    try:
        read_model_card(out.absolute())
    except ModelFormatError as error:
        raise ModelError(f"{error} It is left as it is: give another name.") from None
    if not overwrite:
        raise ModelError(
            f"{out} is a model already, and is left as it is. Give another name, or --replace it."
        )


def _is_ours(path: Path) -> bool:
    named = path.name == CARD or path.name.startswith(".") or path.suffix == ".safetensors"
    return named and path.is_file()
