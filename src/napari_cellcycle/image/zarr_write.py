"""Label images of classes as OME-Zarr, with their colours and names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.colors import channels_of
from napari_cellcycle.errors import CellCycleError, MissingExtraError
from napari_cellcycle.files import filling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing

ENDING = ".zarr"
_VERSION = "0.4"
_TILE = 512
_NAMES = {"t": "time", "z": "space", "y": "space", "x": "space"}


def check_zarr_path(path: Path | str) -> Path:
    """Refuse what is there already, and say what is missing to write OME-Zarr.

    Raises
    ------
    CellCycleError
        Naming the folder, or the package.
    """
    path = Path(path)
    if path.exists():
        raise CellCycleError(f"{path} is there already: choose a new name for the OME-Zarr.")
    try:
        import zarr  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "OME-Zarr is written with the package zarr: pip install 'napari-cellcycle[bioio]', or "
            "choose a name that ends in .ome.tif."
        ) from error
    return path


def write_zarr_classes(
    data: NDArray[np.uint8],
    path: Path | str,
    *,
    names: Sequence[str],
    colors: Sequence[str],
    spacing: Spacing | None = None,
) -> Path:
    """Write an image of classes as OME-Zarr 0.4, an ``image-label`` of its own.

    Parameters
    ----------
    data : ndarray, ``(t, z, y, x)``, uint8
        0 where there is nothing, else the number of a class.
    path : Path or str
        A new folder, ``NAME.ome.zarr``.
    names, colors : sequence of str
        Of the classes 1, 2, …; ``#RRGGBB``.
    spacing : Spacing, optional
        The image's.

    Raises
    ------
    CellCycleError
        As :func:`check_zarr_path`.
    """
    path = check_zarr_path(path)
    import zarr

    axes = "tzyx" if data.shape[0] > 1 else "zyx"
    level = data if data.shape[0] > 1 else data[0]
    is_physical = spacing is not None and spacing.is_physical
    scale = dict(zip("zyx", spacing.zyx, strict=True)) if spacing and is_physical else {}
    datasets: list[dict[str, Any]] = []
    with filling(path) as new:
        group = zarr.open_group(str(new), mode="w", zarr_format=2)
        while True:
            number, step = str(len(datasets)), 2 ** len(datasets)
            array = group.create_array(
                number,
                shape=level.shape,
                chunks=tuple(
                    min(_TILE, n) if a in "yx" else 1
                    for a, n in zip(axes, level.shape, strict=True)
                ),
                dtype=level.dtype,
                chunk_key_encoding={"name": "v2", "separator": "/"},
            )
            array[...] = level
            steps = [scale.get(a, 1.0) * (step if a in "yx" else 1) for a in axes]
            datasets.append(
                {
                    "path": number,
                    "coordinateTransformations": [{"type": "scale", "scale": steps}],
                }
            )
            if max(level.shape[-2:]) <= _TILE:
                break
            level = level[..., ::2, ::2]
        group.attrs.update(
            {
                "multiscales": [
                    {
                        "version": _VERSION,
                        "name": path.name.split(".")[0],
                        "axes": [_axis(a, is_physical=is_physical) for a in axes],
                        "datasets": datasets,
                    }
                ],
                "image-label": {
                    "version": _VERSION,
                    "colors": [
                        {"label-value": i, "rgba": [*channels_of(color), 255]}
                        for i, color in enumerate(colors, start=1)
                    ],
                    "properties": [
                        {"label-value": i, "phase": name} for i, name in enumerate(names, start=1)
                    ],
                },
            }
        )
    return path


def _axis(name: str, *, is_physical: bool) -> dict[str, str]:
    unit = {"unit": "micrometer"} if is_physical and name != "t" else {}
    return {"name": name, "type": _NAMES[name], **unit}
