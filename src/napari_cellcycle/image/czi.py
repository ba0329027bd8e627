"""What the reader of CZI (aicspylibczi, behind bioio and aicsimageio) does not do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def hidden_scenes(image: Any, n: int, path: Path) -> tuple[str, ...]:
    """Tell of scenes that are in the file, but not in the list that the reader takes."""
    size = image.metadata.find("./Metadata/Information/Image/SizeS")
    if size is None or int(size.text) <= n:
        return ()
    return (
        f"{path.name} holds {size.text} scenes and lists {n}, which is all that can be read. Save "
        "its scenes as files of their own.",
    )


def read_colors(start: Callable[..., Any], index: int) -> Any:
    """Open colours, red first.

    The file has blue first. The reader calls their axis A, and gives each colour the values of the
    first if they are not asked for together.
    """
    image = start(chunk_dims=["Y", "X", "A"])
    image.set_scene(index)
    return image.dask_data[..., ::-1]


def refuse_larger_scene(image: Any, index: int, path: Path) -> None:
    """Refuse a scene of one tile that is larger than the first.

    The reader (aicspylibczi 4.0 and before) reserves memory for the first scene and writes the
    other into it, which ends the whole program.

    Raises
    ------
    ImageReadError
        Naming both sizes.
    """
    sizes = []
    for i in (0, index):
        image.set_scene(i)
        dims = image.reader.dims
        sizes.append((int(dims.Y), int(dims.X)))
    (y0, x0), (y, x) = sizes
    if "M" not in dims.order and y * x > y0 * x0:
        raise ImageReadError(
            f"Scene {image.scenes[index]} of {path.name} is larger than its first, {sizes[1]} and "
            f"{sizes[0]} pixels, which its reader cannot do. Save its scenes as files of their own."
        )
