"""Files and layers become Stacks; spacing; channel roles; signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.image.labels import check_labels
    from napari_cellcycle.image.layers import segmentation_from_layer, stack_from_layers
    from napari_cellcycle.image.reading import list_scenes, open_image, open_labels
    from napari_cellcycle.image.roles import guess_roles, parse_channels
    from napari_cellcycle.image.signatures import signature
    from napari_cellcycle.image.spacing import Spacing, parse_spacing, resolve_spacing
    from napari_cellcycle.image.stack import Segmentation, Stack, check_match

_HOME = {
    "Segmentation": "stack",
    "Spacing": "spacing",
    "Stack": "stack",
    "check_labels": "labels",
    "check_match": "stack",
    "guess_roles": "roles",
    "list_scenes": "reading",
    "open_image": "reading",
    "open_labels": "reading",
    "parse_channels": "roles",
    "parse_spacing": "spacing",
    "resolve_spacing": "spacing",
    "segmentation_from_layer": "layers",
    "signature": "signatures",
    "stack_from_layers": "layers",
}

__all__ = [
    "Segmentation",
    "Spacing",
    "Stack",
    "check_labels",
    "check_match",
    "guess_roles",
    "list_scenes",
    "open_image",
    "open_labels",
    "parse_channels",
    "parse_spacing",
    "resolve_spacing",
    "segmentation_from_layer",
    "signature",
    "stack_from_layers",
]

__getattr__, __dir__ = lazily(__name__, _HOME)
