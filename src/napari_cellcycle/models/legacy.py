"""Weights that PyTorch pickled (``.pt``, ``.pth``, ``.ckpt``), read as tensors or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from napari_cellcycle.errors import ModelError, ModelFormatError, ModelNotFoundError
from napari_cellcycle.models.archive import pack
from napari_cellcycle.models.card import ModelCard, TrainingData
from napari_cellcycle.models.folder import (
    blank_network,
    check_gives_way,
    read_model_card,
    save_model,
)
from napari_cellcycle.models.weights import MOST_BYTES, problems

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("state_dict", "model_state_dict")
_PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""
_GLOBAL = re.compile(r"GLOBAL (?P<name>[\w.]+)")
_AXIS = re.compile(r"(?P<axis>x|y|z|volume)=(?P<file>.+)")
_SAVE_AGAIN = (
    "Where the network was made, save the weights alone: torch.save(network.state_dict(), "
    "'weights.pt')."
)


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Read the weights of one network; nothing in the file is ever executed.

    Parameters
    ----------
    path : path-like
        What ``torch.save`` wrote: a state dict, or a mapping that has one as ``state_dict`` or
        ``model_state_dict``. A ``module.`` before every name is taken off.

    Returns
    -------
    dict of str to Tensor
        On the CPU; floating point as float32.

    Raises
    ------
    ModelNotFoundError
        If there is no such file.
    ModelFormatError
        If it is too large, no such file, or holds anything else than tensors; the classes and
        functions that it asked for are named.
    """
    import torch

    path = Path(path)
    if not path.is_file():
        raise ModelNotFoundError(f"There is no file {path}.")
    if path.stat().st_size > MOST_BYTES:
        raise ModelFormatError(f"{path} is larger than {MOST_BYTES:,} bytes: refused.")
    _check_container(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles of other kinds, which are refused below
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=False)
    except Exception as error:  # noqa: BLE001 - a damaged pickle can raise anything
        _refuse(path, error)
    return {
        key: value.detach().float() if value.is_floating_point() else value.detach()
        for key, value in _tensors(content, path).items()
    }


def convert(
    files: Mapping[str, str | os.PathLike[str]] | str | os.PathLike[str],
    like: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    name: str | None = None,
    licence: str | None = None,
    overwrite: bool = False,
) -> tuple[ModelCard, str]:
    """Make a model of weights that another program trained.

    Architecture, phases, channels and views are taken from the card of another model; they must be
    those that the weights were trained with, in the same order. What that card says of training,
    figures, limits and calibration is not true of these weights and is left out.

    Parameters
    ----------
    files : mapping of axis to path-like, or path-like
        Weights for each axis of the new model, some or all of those of the other; a single file if
        that has one axis.
    like : path-like
        Name, folder, card or zip of the other model.
    out : path-like
        Where the model goes: a folder, or a file that ends in ``.zip``.
    name : str, optional
        Of the model; that of ``out`` by default.
    licence : str, optional
        Of the weights; unknown by default.
    overwrite : bool
        Whether an older model at ``out`` gives way.

    Returns
    -------
    card : ModelCard
        As written.
    sha256 : str
        Its hash.

    Raises
    ------
    ModelError
        If an axis is unknown, the axis of a file is not clear, or something would be lost.
    ModelFormatError
        If a file cannot be read safely, or does not fit the architecture.
    """
    other, _ = read_model_card(like)
    paths = _by_axis(files, other)
    axes = tuple(axis for axis in other.recipe.axes if axis in paths)
    out = Path(out)
    check_gives_way(out, overwrite=overwrite)
    licence = licence or "unknown; ask those who trained the weights"
    card = replace(
        other,
        name=name or (out.stem if _is_zip(out) else out.name),
        version="1",
        description=f"{other.architecture.name}, converted from PyTorch weights.",
        recipe=replace(other.recipe, axes=axes),
        temperatures={axis: dict.fromkeys(other.levels, 1.0) for axis in axes},
        ranges={},
        training_data=(TrainingData("unknown", licence, "unknown", 0),),
        metrics={
            "converted_from": {
                axis: {"file": path.name, "sha256": _sha256(path)} for axis, path in paths.items()
            },
            "like": {"name": other.name, "version": other.version},
        },
        package_version=version("napari-cellcycle"),
        licence=licence,
        limits=(
            "Neither calibrated nor evaluated here: its probabilities are not to be relied on. "
            f"Views and the order of phases are those of {other.name}, and right only if the "
            "weights were trained with the same."
        ),
        weights={},
    )
    like_state = blank_network(card).state_dict()
    states = {}
    for axis, path in paths.items():
        states[axis] = read_state_dict(path)
        wrong = problems(states[axis], like_state)
        if wrong:
            raise ModelFormatError(
                f"{path} does not fit {card.architecture.name} as {other.name} has it "
                f"({len(card.recipe.channels)} channels, {card.n_outputs} outputs): {wrong}."
            )
    _write(out, card, states)
    return read_model_card(out.absolute())


def parse_files(texts: list[str]) -> dict[str, Path] | Path:
    """Read ``AXIS=FILE`` of the command line, or a single file without its axis.

    Raises
    ------
    ModelError
        If one of several files has no axis, or an axis is there twice.
    """
    found = [_AXIS.fullmatch(text) for text in texts]
    if len(texts) == 1 and found[0] is None:
        return Path(texts[0])
    files: dict[str, Path] = {}
    for text, match in zip(texts, found, strict=True):
        if match is None:
            raise ModelError(f"Say which axis {text} is for, such as z={text}.")
        if match["axis"] in files:
            raise ModelError(f"There are two files for axis {match['axis']}; give one.")
        files[match["axis"]] = Path(match["file"])
    return files


def _check_container(path: Path) -> None:
    """Refuse programs by name, and archives that unpack to more than weights can be."""
    refused = f"{path} is %s, which holds a program: refused. {_SAVE_AGAIN}"
    if path.suffix.lower() == ".pt2":
        raise ModelFormatError(refused % "an exported program (.pt2)")
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ModelFormatError(f"{path} is damaged: {error}.") from None
    inside = {member.filename.partition("/")[2] for member in members}
    if "archive_format" in inside or "models/model.json" in inside:
        raise ModelFormatError(refused % "an exported program (.pt2)")
    if "constants.pkl" in inside or any(name.startswith("code/") for name in inside):
        raise ModelFormatError(refused % "TorchScript")
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise ModelFormatError(f"{path} unpacks to more than {MOST_BYTES:,} bytes: refused.")


def _refuse(path: Path, error: Exception) -> NoReturn:
    import torch

    blocked = set(_GLOBAL.findall(str(error)))
    with suppress(Exception):  # an older form, or damaged: what the error says must do
        blocked |= set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    if blocked:
        raise ModelFormatError(
            f"{path} holds more than weights; it asked for {', '.join(sorted(blocked))}, which was "
            f"refused and not run. {_SAVE_AGAIN}"
        ) from None
    raise ModelFormatError(
        f"{path} is no file of PyTorch weights, or a damaged one ({type(error).__name__}). "
        f"{_SAVE_AGAIN}"
    ) from None


def _tensors(content: Any, path: Path) -> dict[str, torch.Tensor]:
    """Find the state dict and check that it holds nothing but plain tensors of a bounded size."""
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise ModelFormatError(
            f"{path} holds {_kind(content)}, expected names and tensors. {_SAVE_AGAIN}"
        )
    odd = [key for key, value in content.items() if not _is_plain(key, value)]
    if odd:
        raise ModelFormatError(
            f"{path} holds {', '.join(map(repr, odd[:3]))}, which are no plain tensors; expected a "
            f"state dict, or one under {' or '.join(_WRAPPERS)}. {_SAVE_AGAIN}"
        )
    # a small storage may be viewed as a large tensor
    if sum(value.numel() * max(value.element_size(), 4) for value in content.values()) > MOST_BYTES:
        raise ModelFormatError(f"{path} holds more than {MOST_BYTES:,} bytes of numbers: refused.")
    state: dict[str, torch.Tensor] = dict(content)
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _is_plain(key: Any, value: Any) -> bool:
    import torch

    return (
        isinstance(key, str)
        and isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not (value.is_quantized or value.is_complex())
    )


def _kind(content: Any) -> str:
    return "nothing" if isinstance(content, Mapping) else f"a {type(content).__name__}"


def _by_axis(
    files: Mapping[str, str | os.PathLike[str]] | str | os.PathLike[str], other: ModelCard
) -> dict[str, Path]:
    axes = other.recipe.axes
    if not isinstance(files, Mapping):
        if len(axes) > 1:
            raise ModelError(
                f"{other.name} has a network for each of the axes {', '.join(axes)}: say which one "
                f"{files} is for, such as {axes[-1]}={files}."
            )
        files = {axes[0]: files}
    unknown = sorted(set(files) - set(axes))
    if unknown or not files:
        raise ModelError(
            f"There are files for {', '.join(unknown) or 'no axis'}; {other.name} has networks for "
            f"{', '.join(axes)}."
        )
    return {axis: Path(file) for axis, file in files.items()}


def _write(out: Path, card: ModelCard, states: Mapping[str, Mapping[str, torch.Tensor]]) -> None:
    if not _is_zip(out):
        save_model(out, card, states)
        return
    with tempfile.TemporaryDirectory(prefix="napari-cellcycle-") as temporary:
        folder = Path(temporary) / card.name
        save_model(folder, card, states)
        pack(folder, out)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
