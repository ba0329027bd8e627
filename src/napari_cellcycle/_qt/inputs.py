"""What the layers of a viewer offer: channels for roles, segmentations, spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.origin import origin_of
from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle.errors import CellCycleError, ChannelError
from napari_cellcycle.image.movie import Movie
from napari_cellcycle.review.names import stem

if TYPE_CHECKING:
    from napari_cellcycle._qt.spacing_edit import SpacingEdit
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre, Segmentation, Stack

_LABELS = re.compile(r"(?<![a-z])(labels?|masks?|seg(mentation)?)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of one image layer.

    Parameters
    ----------
    layer : napari.layers.Image
    index : int
        Channel within that layer.
    name : str
        What the user reads: the layer's name, with the channel's where it has several.
    """

    layer: Any
    index: int
    name: str

    @property
    def key(self) -> tuple[Any, int]:
        """Which channel this is, however it is renamed."""
        return self.layer.unique_id, self.index


@dataclass(frozen=True, slots=True)
class ToSegment:
    """What a segmentation works on.

    Parameters
    ----------
    layer : napari.layers.Image
    axes : str
        Its axes, letters of ``TCZYX``.
    stack : Stack
    channel : int
        Channel of the stack.
    spacing : Spacing
    """

    layer: Any
    axes: str
    stack: Stack
    channel: int
    spacing: Spacing


def to_segment(channel: Channel, spacing: SpacingEdit, *, time: bool) -> ToSegment:
    """Say what a segmentation of one channel works on.

    Raises
    ------
    CellCycleError
        If the layer's axes or its spacing cannot be told.
    """
    from napari_cellcycle.image import stack_from_layers

    axes = axes_of(channel.layer, time=time)
    stack = stack_from_layers([_described(channel.layer, axes)])
    found = spacing.resolved(is_2d=stack.is_2d)
    return ToSegment(channel.layer, axes, stack, channel.index, found)


def label_layers(layers: Iterable[Any]) -> list[Any]:
    """Labels layers that may be a segmentation: all but our own overlays."""
    from napari.layers import Labels

    return [layer for layer in layers if isinstance(layer, Labels) and not is_overlay(layer)]


def open_as_image(layers: Iterable[Any]) -> list[Any]:
    """Image layers that are labels by their name and their whole numbers: files opened as such."""
    from napari.layers import Image

    return [
        layer
        for layer in layers
        if isinstance(layer, Image)
        and _LABELS.search(layer.name) is not None
        and np.dtype(layer.dtype).kind in "iub"
    ]


def shape_of(layer: Any) -> tuple[int, ...]:
    """Shape of a layer's data at full resolution, without colour samples."""
    shape = layer.data[0].shape if layer.multiscale else layer.data.shape
    return tuple(shape[:-1] if getattr(layer, "rgb", False) else shape)


def may_be_time(layer: Any) -> bool:
    """Whether nothing says if the first of a layer's three axes is z or time."""
    from napari_cellcycle.image.layers import layer_axes

    if len(shape_of(layer)) != 3 or origin_of(layer) is not None:
        return False
    return layer_axes(layer, time=True) != layer_axes(layer, time=False)


def lies_on_a_movie(layer: Any, layers: Iterable[Any]) -> bool:
    """Whether an image that says it is a movie in 2D has the shape of a layer with three axes."""
    from napari.layers import Image

    return any(
        isinstance(other, Image)
        and shape_of(other) == shape_of(layer)
        and axes_of(other, time=False) == "TYX"
        for other in layers
    )


def axes_of(layer: Any, *, time: bool, like: Any = None) -> str:
    """Name the axes of a layer, one letter of ``TCZYX`` each.

    Parameters
    ----------
    layer : napari.layers.Layer
        Image or Labels.
    time : bool
        Whether the first of three axes is time, where the layer does not say.
    like : napari.layers.Labels, optional
        Segmentation of this image. An image without axis labels that has its shape but for one more
        axis has its channels there.
    """
    from napari_cellcycle.image.layers import layer_axes

    shape, origin = shape_of(layer), origin_of(layer)
    if origin is not None:
        return origin.axes
    if like is not None and len(shape) == len(shape_of(like)) + 1:
        for axis in range(len(shape) - 2):
            if shape[:axis] + shape[axis + 1 :] == shape_of(like):
                of_labels = axes_of(like, time=time)
                guessed = of_labels[:axis] + "C" + of_labels[axis:]
                return layer_axes(layer, otherwise=guessed)
    return layer_axes(layer, time=time if len(shape) == 3 else None)


def channels_of(layers: Iterable[Any], *, time: bool = False, like: Any = None) -> list[Channel]:
    """Every channel of every image layer that can be read as one, in the order of the layers."""
    from napari.layers import Image

    from napari_cellcycle.image import stack_from_layers

    found = []
    for layer in layers:
        if not isinstance(layer, Image):
            continue
        try:
            names = stack_from_layers([_described(layer, axes_of(layer, time=time, like=like))])
        except CellCycleError:
            continue
        if len(names.channels) == 1:
            found.append(Channel(layer, 0, layer.name))
        else:
            found += [Channel(layer, i, name) for i, name in enumerate(names.channels)]
    return found


def guess(
    channels: Sequence[Channel], roles: Sequence[str], like: Any = None
) -> dict[str, Channel | None]:
    """Which channel plays which role, judged by their names; labels play none.

    Parameters
    ----------
    channels : sequence of Channel
        Of all images.
    roles : sequence of str
        Roles of a model's view recipe.
    like : napari.layers.Labels, optional
        Segmentation of the image that is meant. Where there are several, those of other pixels play
        no role, and of the same pixels that whose name the segmentation's begins with or follows
        "of".
    """
    from napari_cellcycle.image import guess_roles

    labels = open_as_image(channel.layer for channel in channels)
    channels = [channel for channel in channels if channel.layer not in labels]
    if like is not None:
        channels = _of_one_image(channels, like)
    found = guess_roles([channel.name for channel in channels], tuple(roles))
    return {role: None if (at := found.get(role)) is None else channels[at] for role in roles}


def _of_one_image(channels: Sequence[Channel], like: Any) -> Sequence[Channel]:
    """Channels of the image that labels are of; all where that cannot be told."""
    fit = [c for c in channels if shape_of(c.layer)[-2:] == shape_of(like)[-2:]] or channels
    of = like.name.rpartition(" of ")[2]
    named = {c.layer.name: stem(c.layer.name) for c in fit}
    best = max((name for name in named.values() if of.startswith(name)), key=len, default=None)
    mine = [c for c in fit if named[c.layer.name] == best]
    # a layer with one channel may be one of several of an image
    return mine if len(mine) > 1 else fit


def choices_of(channels: Sequence[Channel]) -> list[tuple[Any, str, Any]]:
    """Key, text and channel: a name, with that of its layer where another channel has it too."""
    names = [channel.name for channel in channels]
    texts = [
        name if names.count(name) == 1 else f"{name}, {channel.layer.name}"
        for name, channel in zip(names, channels, strict=True)
    ]
    return [(channel.key, text, channel) for channel, text in zip(channels, texts, strict=True)]


def check_apart(chosen: Mapping[str, Channel | None]) -> None:
    """Refuse one channel for two roles.

    Raises
    ------
    ChannelError
        Saying what to do.
    """
    taken = [channel.key for channel in chosen.values() if channel is not None]
    if len(set(taken)) < len(taken):
        raise ChannelError("Two roles have the same channel: choose another, or none.")


def combine(
    chosen: Mapping[str, Channel | None], *, time: bool = False, like: Any = None
) -> tuple[Stack, dict[str, int | None]]:
    """Make one stack of the layers that hold the chosen channels.

    Parameters
    ----------
    chosen : mapping of str to Channel or None
        By role.
    time : bool
        As in :func:`axes_of`.
    like : napari.layers.Labels, optional
        As in :func:`axes_of`.

    Returns
    -------
    stack : Stack
    channels : dict of str to int or None
        Channel of the stack for each role.

    Raises
    ------
    CellCycleError
        If the layers do not fit together.
    """
    from napari_cellcycle.image import stack_from_layers

    described: dict[Any, Any] = {}
    start: dict[Any, int] = {}
    n = 0
    for channel in chosen.values():
        if channel is None or channel.layer.unique_id in described:
            continue
        layer = channel.layer
        one = _described(layer, axes_of(layer, time=time, like=like))
        described[layer.unique_id] = one
        start[layer.unique_id] = n
        n += len(stack_from_layers([one]).channels)
    channels = {
        role: None if channel is None else start[channel.layer.unique_id] + channel.index
        for role, channel in chosen.items()
    }
    return stack_from_layers(list(described.values())), channels


def segmentation(layer: Any, labels_are: LabelsAre, *, time: bool = False) -> Segmentation:
    """Take a Labels layer as a segmentation, without looking for labels in it yet."""
    from napari_cellcycle.image import segmentation_from_layer

    described = _described(layer, axes_of(layer, time=time))
    return segmentation_from_layer(described, labels_are, check=False)


def _described(layer: Any, axes: str) -> Any:
    """Describe a layer as the image room takes it, its axes named."""
    origin = origin_of(layer)
    return SimpleNamespace(
        data=_lazy(layer.data[0] if layer.multiscale else layer.data),
        name=layer.name,
        multiscale=False,
        rgb=getattr(layer, "rgb", False),
        axis_labels=tuple(axes.lower()),
        scale=layer.scale if origin is None else origin.scale,
        units=layer.units if origin is None else origin.units,
        channels=() if origin is None else origin.channels,
        source=layer.source,
    )


class _Shared(np.ndarray[Any, Any]):
    """An array that dask takes as it is; of a plain one it makes a copy."""


def _lazy(data: Any) -> Any:
    """Wrap an array in dask without reading it, which naming it after its content would do."""
    import dask.array as da

    if isinstance(data, da.Array):
        return data
    if isinstance(data, Movie):
        return da.from_array(data, chunks=data.chunks, name=False)
    if not isinstance(data, np.ndarray):
        return da.from_array(data, name=False)
    plain = np.empty((0,) * data.ndim, data.dtype)
    return da.from_array(data.view(_Shared), name=False, meta=plain)
