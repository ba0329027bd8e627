"""A plain segmentation of nuclei: smooth, threshold, part touching nuclei, drop specks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_cellcycle.cells.nuclei.plane_nuclei import label_plane
from napari_cellcycle.cells.nuclei.volume_nuclei import label_volume
from napari_cellcycle.errors import SegmentationError, SegmentationMismatchError
from napari_cellcycle.image.stack import Segmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Stack

Method = Literal["local", "otsu"]


def segment_nuclei(
    stack: Stack,
    channel: int | str,
    spacing: Spacing | None = None,
    *,
    frames: Iterable[int] | None = None,
    method: Method = "local",
    smoothing: float | None = None,
    min_diameter: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Segment nuclei with thresholds and a watershed of the distance map, frame by frame.

    In a plane each nucleus has the threshold where its edge is sharpest, so that nuclei may differ
    in brightness by a factor of ten; touching ones are parted where the neck between them is narrow
    or dark. In a volume a voxel has to be brighter than its surroundings of two nuclear radii,
    which separates crowded or hazy nuclei.

    It is meant for well separated or slightly touching nuclei. For serious work on crowded tissue
    give the labels of a trained method, such as Cellpose or StarDist.

    Parameters
    ----------
    stack : Stack
        The image, 2D or 3D.
    channel : int or str
        DNA: index or name.
    spacing : Spacing, optional
        The default is the stack's own. Where that is unknown too, lengths are in voxels, which are
        taken to be as deep as wide.
    frames : iterable of int, optional
        Frames to segment; the others stay empty. The default is all.
    method : {"local", "otsu"}
        ``"otsu"`` takes one threshold for the frame, ``"local"`` works as described above.
    smoothing : float, optional
        Standard deviation of the Gaussian, micrometres (voxels where they are unknown). The default
        is one pixel of the plane, and in 2D a twentieth of the typical radius if that is more.
    min_diameter : float, optional
        Smaller objects are dropped; micrometres or voxels. The default is half of the typical
        diameter in the frame (0.45 of it in 2D).
    progress : callable, optional
        Called with the number of frames done and the number of frames to do.

    Returns
    -------
    Segmentation
        Labels of nuclei, ``(t, z, y, x)``, uint16 or uint32; labels start at 1 in each frame.

    Raises
    ------
    SegmentationError
        If nothing is found in any frame, and the message says what was tried; or if voxels are no
        finite number.
    """
    if method not in get_args(Method):
        raise SegmentationError(
            f"No segmentation method {method!r}; known are {', '.join(get_args(Method))}."
        )
    local = method == "local"
    index = stack.channel(channel)
    spacing = spacing or stack.spacing
    physical = spacing is not None and spacing.is_physical
    step = np.array(spacing.zyx if spacing is not None and physical else (1.0, 1.0, 1.0))
    blur = float(step[1:].min()) if smoothing is None else smoothing
    wanted = list(range(stack.n_frames) if frames is None else frames)
    unknown = [frame for frame in wanted if not 0 <= frame < stack.n_frames]
    if unknown:
        raise SegmentationError(
            f"{stack.name} has no frame {unknown[0]}: it has {stack.n_frames}, counted from 0."
        )
    found: dict[int, NDArray[np.int32]] = {}
    for done, frame in enumerate(wanted, start=1):
        volume = np.asarray(stack.volume(frame, index), np.float32)
        if not np.isfinite(volume).all():
            raise SegmentationError(
                f"{stack.name} has voxels in frame {frame} that are no number (NaN, infinite), and "
                "no threshold can be found. Fill them first, such as with numpy.nan_to_num."
            )
        if stack.is_2d:
            plane = label_plane(volume[0], step[1:], smoothing, min_diameter, local=local)
            found[frame] = plane[None]
        else:
            found[frame] = label_volume(volume, step, blur, min_diameter, local=local)
        if progress is not None:
            progress(done, len(wanted))
    most = max((int(labels.max()) for labels in found.values()), default=0)
    if most == 0:
        unit = "µm" if physical else "pixels"
        smallest = "half of the typical" if min_diameter is None else f"{min_diameter:g} {unit}"
        raise SegmentationError(
            f"No nuclei found in channel {stack.channels[index]} of {stack.name} "
            f"({len(wanted)} frames; method {method}, smoothing {blur:g} {unit}, "
            f"smallest diameter {smallest}). Check that this channel shows DNA, try other "
            "settings, or give a segmentation made elsewhere."
        )
    data = np.zeros(stack.grid, np.uint16 if most < 1 << 16 else np.uint32)
    for frame, labels in found.items():
        data[frame] = labels
    return Segmentation(data, "nucleus", f"{stack.name} nuclei", spacing)


def threshold_nuclei(
    dna: NDArray[Any], labels: NDArray[np.integer[Any]]
) -> NDArray[np.integer[Any]]:
    """Find the nucleus inside each cell by Otsu's threshold of its own voxels.

    Parameters
    ----------
    dna : ndarray, ``(z, y, x)``, any real dtype
        DNA of one frame.
    labels : ndarray, ``(z, y, x)``, integer
        Labels of cells.

    Returns
    -------
    ndarray, ``(z, y, x)``, dtype of ``labels``
        The label of the cell where its DNA is above its threshold; a cell with uniform DNA has no
        nucleus.

    Raises
    ------
    SegmentationMismatchError
        If the two differ in shape.
    """
    from skimage.filters import threshold_otsu

    if dna.shape != labels.shape:
        raise SegmentationMismatchError(
            f"The cells are {labels.shape} (z, y, x), the DNA is {dna.shape}. "
            "Choose the segmentation that was made from this image."
        )
    voxels = np.flatnonzero(labels)
    own = labels.reshape(-1)[voxels]
    order = np.argsort(own, kind="stable")
    voxels, own = voxels[order], own[order]
    grey = np.ascontiguousarray(dna).reshape(-1)[voxels].astype(np.float32)
    nuclei = np.zeros(labels.size, labels.dtype)
    edges = np.flatnonzero(np.diff(own)) + 1
    for first, last in zip([0, *edges], [*edges, len(own)], strict=True):
        values = grey[first:last]
        if values.size and values.min() < values.max():
            bright = values > threshold_otsu(values)  # type: ignore[no-untyped-call]
            nuclei[voxels[first:last][bright]] = own[first]
    return nuclei.reshape(labels.shape)
