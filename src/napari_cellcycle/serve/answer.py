"""What comes of an order: counts, cells, pictures and the table, with nothing left on the disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.classify.crop import classify_crop
from napari_cellcycle.classify.request import ClassifyRequest, prepare
from napari_cellcycle.classify.run import iter_classify
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.blend import blend
from napari_cellcycle.figures.results import gallery_cells, overlay_of
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.roles import parse_channels
from napari_cellcycle.serve.wording import for_page
from napari_cellcycle.work import told_as

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.serve.order import Order, Upload

GIB = 1 << 30
MOST_UNPACKED = 4 * GIB
"""Bytes of an image once it is unpacked: a small compressed file can hold a huge one."""
PER_PHASE = 24
"""Cells of each phase whose views are shown."""
_GAP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a visitor gets.

    Parameters
    ----------
    summary : dict
        For the page: ``image``, ``size``, ``spacing``, ``model``, ``version``, ``sha256``,
        ``device``, ``n``, ``notes``, ``phases`` (with counts), ``axes``, ``roles`` and ``cells``.
    pictures : tuple of bytes
        PNG of the views of each of these cells, side by side.
    overlay, field : bytes or None
        PNG of the image with its cells outlined, with and without title and legend; none of a
        crop.
    table : bytes
        CSV of all cells, schema 1.
    """

    summary: dict[str, Any]
    pictures: tuple[bytes, ...]
    overlay: bytes | None
    field: bytes | None
    table: bytes


def work_off(order: Order, device: str, folder: Path) -> Generator[tuple[int, int], None, Answer]:
    """Classify as ordered, step by step; the generator can be closed after any of them.

    Parameters
    ----------
    order : Order
        What to classify.
    device : str
        Where to compute.
    folder : Path
        For what is written in between.

    Yields
    ------
    done, total : int
        Cells; none in all while the image is read and outlined.

    Raises
    ------
    CellCycleError
        A kin of it that names what does not fit.
    """
    yield 0, 0
    stack = _named(open_image(order.image.path), order.image)
    channels = parse_channels(order.channels, stack) or None
    if order.crop:
        result = classify_crop(stack, model=order.model, channels=channels, device=device)
    else:
        request = ClassifyRequest(
            stack=stack,
            segmentation=_labels(order),
            model=order.model,
            channels=channels,
            spacing=order.spacing,
            isotropic=order.isotropic,
            device=device,
        )
        prepared = prepare(request)
        yield 0, len(prepared.cells)
        work = iter_classify(request, prepared)
        result = yield from told_as(work, lambda batch: (batch.done, batch.total))
    return _answer(result, stack, folder, crop=order.crop)


def _labels(order: Order) -> Segmentation | None:
    if order.labels is None:
        return None
    # to open labels is to read the first of them
    _check_unpacked(open_image(order.labels.path).data, order.labels.name)
    found = open_labels(order.labels.path, labels_are=order.labels_are)
    return replace(found, name=order.labels.name)


def _named(stack: Stack, upload: Upload) -> Stack:
    _check_unpacked(stack.data, upload.name)
    notes = tuple(note.replace(stack.name, upload.name) for note in stack.notes)
    return replace(stack, name=upload.name, notes=notes)


def _check_unpacked(data: Any, name: str) -> None:
    size = int(np.prod(data.shape, dtype=np.int64)) * data.dtype.itemsize
    if size > MOST_UNPACKED:
        raise CellCycleError(
            f"Once it is unpacked, {name} is larger than the {MOST_UNPACKED // GIB} GiB that this "
            "page takes. Crop it, or use napari-cellcycle classify."
        )


def _answer(result: Classification, stack: Stack, folder: Path, *, crop: bool) -> Answer:
    shown, axes, roles = gallery_cells(result, stack, per_phase=PER_PHASE)
    index = CellIndex(result.cells)
    cells = []
    for cell in shown:
        row = index.row(cell.frame, cell.label)
        cells.append(
            {
                "label": cell.label,
                "frame": cell.frame,
                "phase": cell.phase,
                "confidence": cell.confidence,
                "probabilities": result.decision.probabilities[row].tolist(),
                "deciding_axis": cell.deciding_axis,
                "stage_deciding_axis": cell.stage_deciding_axis,
                "note": result.cell_notes[row],
            }
        )
    table = folder / "cells.csv"
    result.to_csv(table)
    return Answer(
        summary={
            **_facts(result, stack),
            "axes": axes,
            "roles": roles,
            "crop": crop,
            "cells": cells,
        },
        pictures=tuple(_strip(cell.views, roles) for cell in shown),
        overlay=None if crop else _overlay(result, stack),
        field=None if crop else _overlay(result, stack, bare=True),
        table=table.read_bytes(),
    )


def _facts(result: Classification, stack: Stack) -> dict[str, Any]:
    t, z, y, x = stack.grid
    spacing = result.cells.spacing
    counts = result.counts()
    return {
        "image": stack.name,
        "size": " × ".join(str(n) for n in ((z, y, x) if z > 1 else (y, x))),
        "frames": t,
        "spacing": (spacing.zyx if z > 1 else spacing.zyx[1:]) if spacing.is_physical else None,
        "segmentation": result.segmentation.name,
        "model": result.card.name,
        "version": result.card.version,
        "sha256": result.model_sha256,
        "device": result.device,
        "n": len(result.cells),
        "notes": [for_page(note) for note in result.notes],
        "phases": [
            {"slug": p.slug, "name": p.name, "color": p.color, "n": counts[p.slug]}
            for p in result.phases.leaves
        ],
    }


def _strip(views: NDArray[np.floating], roles: Sequence[str]) -> bytes:
    """Views ``(axes, channels, size, size)`` side by side as PNG."""
    tiles = [blend(view, roles) for view in views]
    gap = np.zeros((len(tiles[0]), _GAP, 3), np.float32)
    strip = tiles[0]
    for tile in tiles[1:]:
        strip = np.concatenate([strip, gap, tile], axis=1)
    return _png((strip * 255).round().astype(np.uint8))


def _overlay(result: Classification, stack: Stack, *, bare: bool = False) -> bytes:
    from io import BytesIO

    figure = overlay_of(result, stack, bare=bare)
    target = BytesIO()
    figure.savefig(target, format="png", facecolor=figure.get_facecolor())
    return target.getvalue()


def _png(rgb: NDArray[np.uint8]) -> bytes:
    import imageio.v3 as iio

    return bytes(iio.imwrite("<bytes>", rgb, extension=".png"))
