"""Weights of one axis: half precision on disk, float32 in memory, checked before use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

MOST_BYTES = 512 << 20
"""Larger files are refused."""


def pack(state: Mapping[str, torch.Tensor], name: str) -> bytes:
    """Make the content of a ``.safetensors`` file.

    Parameters
    ----------
    state : mapping of str to Tensor
        State of a network; floating-point tensors are stored in half precision.
    name : str
        What messages call it.

    Raises
    ------
    ModelFormatError
        If a value is not finite, or not in half precision.
    """
    import torch
    from safetensors.torch import save

    stored = {}
    for key, tensor in state.items():
        value = tensor.detach().cpu()
        if value.is_floating_point():
            value = value.to(torch.float16)
            if not bool(torch.isfinite(value).all()):
                raise ModelFormatError(
                    f"Weights {key} of {name} are not finite in half precision (at most 65504): "
                    "training has diverged. Nothing was written."
                )
        stored[key] = value.contiguous()
    return bytes(save(stored))


def read_bytes(path: Path, sha256: str) -> bytes:
    """Read a file of weights that has the hash which the card names.

    Raises
    ------
    ModelFormatError
        If it is missing, too large, or another file.
    """
    if not path.is_file():
        raise ModelFormatError(f"The model lacks its file {path}. Install or copy it again.")
    if path.stat().st_size > MOST_BYTES:
        raise ModelFormatError(f"{path} is larger than {MOST_BYTES:,} bytes: not of our models.")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelFormatError(
            f"{path} is not the file that the model's card names: its sha256 is {found[:12]}..., "
            f"expected {sha256[:12]}.... It is damaged or was changed; install the model again."
        )
    return content


def read(path: Path, sha256: str, like: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Read a ``.safetensors`` file whose hash, names, shapes, types and values are as expected.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        As the card has it.
    like : mapping of str to Tensor
        State of the network that the weights are for; only shapes and types are looked at.

    Returns
    -------
    dict of str to Tensor
        On the CPU, floating point as float32.

    Raises
    ------
    ModelFormatError
        Naming the file and the first things that are wrong.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = read_bytes(path, sha256)
    try:
        state = load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelFormatError(f"{path} is no safetensors file: {error}.") from None
    wrong = problems(state, like)
    if wrong:
        raise ModelFormatError(f"{path} does not fit the card's architecture: {wrong}.")
    return {
        key: value.float() if value.is_floating_point() else value for key, value in state.items()
    }


def problems(state: Mapping[str, torch.Tensor], like: Mapping[str, torch.Tensor]) -> str:
    """Say what keeps a state from fitting a network: the first three things, or nothing.

    Parameters
    ----------
    state : mapping of str to Tensor
        What was found.
    like : mapping of str to Tensor
        State of the network, which may be without memory; only names, shapes and types count.
    """
    import torch

    found = [f"{key} is missing" for key in like if key not in state]
    found += [f"{key} is unknown" for key in state if key not in like]
    for key in like:
        if key not in state:
            continue
        value, expected = state[key], like[key]
        floating = expected.is_floating_point()
        allowed = (torch.float16, torch.float32) if floating else (expected.dtype,)
        if value.shape != expected.shape:
            found.append(f"{key} is {tuple(value.shape)}, expected {tuple(expected.shape)}")
        elif value.dtype not in allowed:
            found.append(f"{key} is {value.dtype}, expected {allowed[0]}")
        elif floating and not bool(torch.isfinite(value.float().sum())):
            found.append(f"{key} holds values that are not finite")
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return "; ".join(found[:3]) + more
