"""Tiles of many cells on the disk, until each has come to its sheet."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tiles = NDArray[np.uint8]


class TileFile:
    """As many pictures of one shape as there are cells, written and read in any order.

    The file has no name, and is gone when this is closed.

    Parameters
    ----------
    folder : Path
        On the disk that it may take room on; made if it is missing.
    n : int
        Cells.
    shape : tuple of int
        Of what one cell has.

    Raises
    ------
    CellCycleError
        If the disk has no room for them.
    """

    def __init__(self, folder: Path, n: int, shape: tuple[int, ...]) -> None:
        self._folder, self._shape = folder, shape
        self._bytes = int(np.prod(shape))
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if n * self._bytes > free:
            raise CellCycleError(
                f"Pictures of {n:,} cells take {n * self._bytes / 1e6:,.0f} MB in {folder} while "
                f"they are drawn, and {free / 1e6:,.0f} MB are free there. Make room, or draw "
                "fewer cells."
            )
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as this

    def __enter__(self) -> TileFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, place: int, tiles: Tiles) -> None:
        """Keep tiles of a cell, uint8; there may be fewer than in the shape, but not more."""
        if tiles.nbytes > self._bytes:
            raise ValueError(f"A cell has {self._shape[0]} tiles here, not {len(tiles)}.")
        try:
            self._file.seek(place * self._bytes)
            self._file.write(tiles.tobytes())
            self._file.flush()
        except OSError as error:
            raise CellCycleError(
                f"Pictures of cells cannot be kept in {self._folder} ({error.strerror}). Make "
                "room there, or draw fewer cells."
            ) from error

    def get(self, place: int, n: int) -> Tiles:
        """The first ``n`` tiles of a cell."""
        shape = (n, *self._shape[1:])
        self._file.seek(place * self._bytes)
        return np.frombuffer(self._file.read(int(np.prod(shape))), np.uint8).reshape(shape)
