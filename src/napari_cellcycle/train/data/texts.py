"""Labels and names of groups, whatever type of array they were saved as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def texts(values: NDArray[Any]) -> NDArray[np.str_]:
    """Read labels of any kind as text; ``1.0`` is ``1``, and what is not a number is none."""
    if values.dtype.kind == "S":
        try:
            return np.char.decode(values, "utf-8")
        except UnicodeDecodeError:  # any bytes are letters of this
            return np.char.decode(values, "latin-1")
    if values.dtype.kind == "f":
        each = [_number(value) for value in values.ravel()]
        return np.array(each, dtype=np.str_).reshape(values.shape)
    return values.astype(np.str_)


def _number(value: np.floating[Any]) -> str:
    """As short as tells it from all others of its type: 20231101 is another day than 20231102."""
    if np.isnan(value):
        return ""
    short = f"{value:g}"
    return short if type(value)(short) == value else np.format_float_positional(value, trim="-")
