"""What the names of Labels layers say of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_cellcycle.review.names import stem

if TYPE_CHECKING:
    from collections.abc import Iterable

CELL = r"cell|membrane|cyto"
NUCLEUS = r"nuc|dna|dapi|hoechst|h2b"


def ends_on(wanted: str, layer: Any, layers: Iterable[Any]) -> bool:
    """Whether the name of labels, less that of their image, ends on words of one kind.

    What precedes may be said of the image, and so may what follows *of*, as in *nuclei of
    membranes*.

    Parameters
    ----------
    wanted : {CELL, NUCLEUS}
        The kind.
    layer : napari.layers.Labels
        The labels.
    layers : iterable of napari.layers.Layer
        All that there are.
    """
    name = layer.name
    for image in layers:
        start = stem(image.name)
        if image != layer and re.search(r"[ _-]", start) and name.startswith(start):
            name = name.removeprefix(start)
    found = next(filter(None, map(_words, (name.partition(" of ")[0], name))), [])
    return bool(found) and re.fullmatch(wanted, found[-1], re.IGNORECASE) is not None


def _words(name: str) -> list[str]:
    return re.findall(f"{CELL}|{NUCLEUS}", name, re.IGNORECASE)
