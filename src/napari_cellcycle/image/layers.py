"""Layers that a viewer has opened, whatever read them, become Stacks and Segmentations.

Nothing of napari is imported: a layer is anything with ``data`` and ``name``, and perhaps
``multiscale``, ``rgb``, ``axis_labels``, ``scale``, ``units``, ``channels`` and ``source``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ChannelError, ImageReadError
from napari_cellcycle.image.axes import arrange
from napari_cellcycle.image.interval import known_minutes
from napari_cellcycle.image.labels import check_dtype, check_labels
from napari_cellcycle.image.scenes import Length, known_spacing, name_channels
from napari_cellcycle.image.stack import LabelsAre, Segmentation, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.image.spacing import Spacing

_MEANINGS = {
    "t": "T", "time": "T", "frame": "T", "frames": "T",
    "c": "C", "ch": "C", "channel": "C", "channels": "C",
    "z": "Z", "depth": "Z", "plane": "Z", "slice": "Z",
    "y": "Y", "row": "Y", "rows": "Y", "height": "Y",
    "x": "X", "col": "X", "column": "X", "columns": "X", "width": "X",
}  # fmt: skip
_BY_DEPTH = {2: "YX", 3: "ZYX", 4: "TZYX", 5: "TCZYX"}


def stack_from_layers(
    layers: Sequence[Any],
    *,
    name: str | None = None,
    channels: Sequence[str] | None = None,
    time: bool | None = None,
    channel_axis: int | None = None,
) -> Stack:
    """Take image layers as the channels of one image.

    Axes are named by the layers' ``axis_labels``. Where these say nothing, the last two axes are
    y and x, the one before is z, the one before that time, and five are ``(t, c, z, y, x)``.

    Parameters
    ----------
    layers : sequence of layers
        Each with ``data``: numpy, dask, or a multiscale list, of which the full resolution is
        taken. Each layer gives one channel, or several if it has a channel axis.
    name : str, optional
        Name of the stack. The default is that of the file all layers come from, else of the first
        layer.
    channels : sequence of str, optional
        Names of the channels, instead of the layers' names.
    time : bool, optional
        Whether the first axis of layers without axis labels is time: ``True`` makes a 3D layer
        ``(t, y, x)``, ``False`` a 4D layer ``(c, z, y, x)``.
    channel_axis : int, optional
        Which axis of the data is channels, where axis labels do not say.

    Returns
    -------
    Stack
        Lazy where the layers are. Spacing is known where ``units`` are lengths; pixels are none.
        So is the time between frames, where the unit along time is one of time.

    Raises
    ------
    ChannelError
        If there is no layer, or layers differ in shape or spacing.
    ImageReadError
        If the axes cannot be told.
    """
    import dask.array as da

    if not layers:
        raise ChannelError("No image layer is chosen; choose at least one, with DNA.")
    parts: list[Any] = []
    names: list[str] = []
    spacings: list[Spacing | None] = []
    minutes: float | None = None
    for layer in layers:
        label = _name(layer)
        data, axes, lengths = _unpack(layer, time=time, channel_axis=channel_axis)
        data, colors = arrange(data, axes, f"Layer {label!r}")
        n = int(data.shape[1])
        if parts and data.shape[2:] + data.shape[:1] != parts[0].shape[2:] + parts[0].shape[:1]:
            t, _, z, y, x = parts[0].shape
            t2, _, z2, y2, x2 = data.shape
            raise ChannelError(
                f"Layers {_name(layers[0])!r} and {label!r} cannot be channels of one image: their "
                f"shapes are {(t, z, y, x)} and {(t2, z2, y2, x2)} (t, z, y, x)."
            )
        parts.append(data)
        named = list(getattr(layer, "channels", ()))
        named = named if len(named) == n > 1 else [f"{label} {i}" for i in range(n)]
        names += colors or ([label] if n == 1 else named)
        minutes = minutes or known_minutes(lengths)
        spacings.append(known_spacing(lengths, label, is_2d=data.shape[2] == 1)[0])
    if channels is not None:
        if len(channels) != len(names):
            raise ChannelError(
                f"{len(channels)} names ({', '.join(channels)}) for {len(names)} channels."
            )
        names = list(channels)
    path = _common_path(layers)
    return Stack(
        data=da.concatenate(parts, axis=1),  # type: ignore[no-untyped-call]
        channels=name_channels(names, len(names)),
        spacing=_same_spacing(spacings, layers),
        name=name or (path.name if path is not None else _name(layers[0])),
        path=path,
        frame_minutes=minutes,
    )


def segmentation_from_layer(
    layer: Any,
    labels_are: LabelsAre = "nucleus",
    *,
    time: bool | None = None,
    check: bool = True,
) -> Segmentation:
    """Take a labels layer as a segmentation.

    Parameters
    ----------
    layer : layer
        With integer ``data``: numpy, dask, or a multiscale list, of which the full resolution is
        taken.
    labels_are : {"nucleus", "cell"}
        What a label stands for.
    time : bool, optional
        Whether the first axis of a 3D layer without axis labels is time.
    check : bool
        Whether to read frames until the first one with a label. Without it an empty layer is not
        noticed here.

    Returns
    -------
    Segmentation
        Lazy where the layer is.

    Raises
    ------
    SegmentationError
        If values are not integers, or there is no label.
    """
    name = _name(layer)
    data, axes, lengths = _unpack(layer, time=time, channel_axis=None)
    check_dtype(data.dtype, f"Layer {name!r}")
    data, colors = arrange(data, axes, f"Layer {name!r}")
    check_dtype(data.dtype, f"Layer {name!r}", n_channels=len(colors) or int(data.shape[1]))
    segmentation = Segmentation(
        data[:, 0],
        labels_are,
        name,
        spacing=known_spacing(lengths, name, is_2d=data.shape[2] == 1)[0],
        path=_common_path([layer]),
    )
    if check:
        check_labels(segmentation)
    return segmentation


def layer_axes(layer: Any, *, time: bool | None = None, otherwise: str | None = None) -> str:
    """Name the axes of a layer, one letter of ``TCZYX`` each, without those of colours.

    Parameters
    ----------
    layer : layer
        As in :func:`stack_from_layers`.
    time : bool, optional
        Whether the first axis is time, where axis labels do not say.
    otherwise : str, optional
        All the axes, where axis labels do not say.

    Raises
    ------
    ImageReadError
        If the axes cannot be told.
    """
    return (
        labelled_axes(layer) or otherwise or _axes_by_depth(_depth(layer), time, None, _name(layer))
    )


def labelled_axes(layer: Any) -> str | None:
    """Name the axes of a layer as :func:`layer_axes`, where its axis labels say them; else None."""
    labels = [str(label) for label in getattr(layer, "axis_labels", ())]
    return _axes_by_label(labels, _depth(layer))


def _depth(layer: Any) -> int:
    """Number of a layer's axes, colours left out."""
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    return len(data.shape) - bool(getattr(layer, "rgb", False))


def _name(layer: Any) -> str:
    return str(getattr(layer, "name", "layer"))


def _unpack(
    layer: Any, *, time: bool | None, channel_axis: int | None
) -> tuple[Any, str, dict[str, Length]]:
    """Full-resolution data of a layer, its axes, and its scale with units."""
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    rgb = bool(getattr(layer, "rgb", False))
    depth = len(data.shape) - rgb
    labels = [str(label) for label in getattr(layer, "axis_labels", ())]
    axes = _axes_by_label(labels, depth) if channel_axis is None else None
    if axes is None:
        axes = _axes_by_depth(depth, time, channel_axis, _name(layer))
    lengths: dict[str, Length] = {}
    scale, units = getattr(layer, "scale", ()), getattr(layer, "units", None) or ()
    if len(scale) == len(units) == depth:
        for axis, value, unit in zip(axes, scale, units, strict=True):
            lengths[axis] = (abs(float(value)), str(unit))
    return data, axes + "S" * rgb, lengths


def _axes_by_label(labels: Sequence[str], depth: int) -> str | None:
    """Axes from axis labels, if every label has a meaning and no two the same."""
    axes = "".join(_MEANINGS.get(label.strip().lower(), "") for label in labels)
    known = len(labels) == depth == len(axes) == len(set(axes))
    return axes if known and axes.endswith("YX") else None


def _axes_by_depth(depth: int, time: bool | None, channel_axis: int | None, name: str) -> str:
    n = depth - (channel_axis is not None)
    axes = _BY_DEPTH.get(n, "")
    if n == 3 and time:
        axes = "TYX"
    if n == 4 and time is False and channel_axis is None:
        axes = "CZYX"
    if n == 4 and channel_axis is not None:
        axes = "TZYX"
    if not axes or (channel_axis is not None and n == 5):
        raise ImageReadError(
            f"Layer {name!r} has {depth} axes; 2 to 5 (t, c, z, y, x) are understood. Give it "
            "axis labels, or split it."
        )
    if channel_axis is not None:
        at = channel_axis % depth
        axes = axes[:at] + "C" + axes[at:]
    return axes


def _common_path(layers: Sequence[Any]) -> Path | None:
    """Find the file that all layers were read from."""
    paths = {getattr(getattr(layer, "source", None), "path", None) for layer in layers}
    only = paths.pop() if len(paths) == 1 else None
    return Path(only) if only else None


def _same_spacing(spacings: Sequence[Spacing | None], layers: Sequence[Any]) -> Spacing | None:
    """Find the spacing that layers agree on; a layer without units follows the others."""
    first: Spacing | None = None
    owner = ""
    for spacing, layer in zip(spacings, layers, strict=True):
        if spacing is None:
            continue
        if first is None:
            first, owner = spacing, _name(layer)
        elif any(abs(a - b) > 0.01 * b for a, b in zip(spacing.zyx, first.zyx, strict=True)):
            raise ChannelError(
                f"Layers {owner!r} and {_name(layer)!r} cannot be channels of one image: their "
                f"voxels are {first.zyx} and {spacing.zyx} µm (z, y, x)."
            )
    return first
