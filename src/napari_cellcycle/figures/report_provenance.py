"""The last part of the report: what all of it was made from."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from napari_cellcycle.figures.html import Element, facts, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellcycle.figures.html import Content
    from napari_cellcycle.project.inputs import Input
    from napari_cellcycle.review.state import Review

_WITH = ("numpy", "scikit-image", "torch")


def provenance_section(reviews: Sequence[Review]) -> Element:
    """Files, models and versions, so that it can be found out later what was done."""
    project = reviews[0].project
    made: list[tuple[str, Content]] = [
        ("program", f"napari-cellcycle {version('napari-cellcycle')}"),
        ("with", ", ".join([f"Python {platform.python_version()}", *_versions()])),
        ("project", tag("code", project.identity)),
    ]
    parts: list[Content] = [facts(made)]
    for review in reviews:
        parts += [tag("h3", review.cells.image), facts(_of_image(review)), _models(review)]
    return tag("section", tag("h2", "Where this comes from"), *parts)


def _versions() -> Iterable[str]:
    return (f"{name} {version(name)}" for name in _WITH)


def _of_image(review: Review) -> Iterable[tuple[str, Content]]:
    project, cells = review.project, review.cells
    if cells.scene:
        yield "scene", cells.scene
    inputs = project.inputs.of(review.image)
    for role, found in inputs.items():
        yield role, tag("span", _file(found), tag("br"), tag("code", found.signature))
    spacing = cells.spacing
    size = " × ".join(f"{value:g}" for value in spacing.zyx)
    told = f"{size} µm (z, y, x; {spacing.source})" if spacing.is_physical else "unknown"
    if spacing.source == "isotropic" and (cells.bbox[:, 1, 0] > 1).any():
        told += "; voxels were taken to be as deep as wide"
    yield "spacing", told
    yield "labels are", {"nucleus": "nuclei", "cell": "cells"}[cells.labels_are]
    channels = project.images[review.image].settings.get("channels") or {}
    if channels:
        yield "channels", ", ".join(f"{role}: {index}" for role, index in channels.items())
    versions = project.segmentations.versions(review.image)
    current, merged = project.segmentations.derivation(review.segmentation)
    for number, one in enumerate(versions, 1):
        if len(versions) > 1:
            shown = ", shown here" if one.number == current else ""
            yield f"labels, version {number}", f"{_when(one.time)}, {one.who}{shown}"
    if merged:
        yield "merged cells", f"{len(merged):,}"


def _file(found: Input) -> str:
    if not found.absolute:
        return f"{found.name} (a layer of a viewer)"
    size = f", {found.size:,} bytes" if found.size >= 0 else ""
    changed = f", changed {_when(found.modified // 1000)}" if found.modified >= 0 else ""
    return f"{found.name}{size}{changed}"


def _models(review: Review) -> Element:
    sets = review.project.predictions.sets(review.image)
    if not sets:
        return tag("p", "No model has classified these cells.")
    shown = {one.id for one in review.shown.sets}
    rows = [
        (
            f"{one.model} {one.version}".strip(),
            tag("code", one.model_sha256),
            one.vocabulary,
            f"{one.n_cells:,}",
            ", ".join(filter(None, (one.vote, one.device))),
            f"{_when(one.time)}, {one.who}",
            "yes" if one.id in shown else "",
        )
        for one in sets
    ]
    head = ("model", "sha256", "vocabulary", "cells", "how", "when, by whom", "shown here")
    notes = [tag("p", note, class_="faint") for one in review.shown.sets for note in one.notes]
    return tag("div", table(head, rows, right=(3,)), *notes)


def _when(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / 1e6, UTC):%Y-%m-%d %H:%M} UTC"
