"""What a project gives to other programs: tables, training data, label images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.export.agreement_file import write_agreement
from napari_cellcycle.review.export.crops import cut_crops
from napari_cellcycle.review.export.folder import check_folder, safe_name, write_folder
from napari_cellcycle.review.export.phase_image import write_phase_image
from napari_cellcycle.review.export.rows import cells_table, chosen_rows, join_tables, reviews_table
from napari_cellcycle.review.export.tables import ENDINGS, check_table_path, write_table
from napari_cellcycle.review.names import stem
from napari_cellcycle.review.places import open_sources
from napari_cellcycle.review.relabelling.orphans import orphan_notes
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.places import Pixels

What = Literal["cells", "reviews", "crops", "folder", "labels", "agreement"]
WHAT: tuple[str, ...] = get_args(What)
"""A table of cells, or of words; a crop set; a folder of pictures; label images of phases; how far
people agree."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    what : str
        One of :data:`WHAT`.
    files : tuple of Path
        Files, or the folder.
    n : int
        Cells, or words.
    phases : dict of str to int
        Cells of each final phase; empty for ``reviews``.
    notes : tuple of str
        What was left out, and why.
    agreement : tuple of dict
        Of ``agreement``: what :func:`~napari_cellcycle.review.export.agreement_file.agreement_of`
        says of each image.
    """

    what: str
    files: tuple[Path, ...]
    n: int
    phases: dict[str, int]
    notes: tuple[str, ...] = ()
    agreement: tuple[dict[str, Any], ...] = ()


def reviews_of(
    project: Project,
    *,
    image: int | None = None,
    vocabulary: str | None = None,
) -> list[Review]:
    """Reviews of all images of a project, or of one, as the viewer opens them.

    Parameters
    ----------
    project : Project
        Open, if only to be looked at.
    image : int, optional
        Number of an image.
    vocabulary : str, optional
        As for :class:`~napari_cellcycle.review.state.Review`.
    """
    numbers = [image] if image is not None else [found.number for found in project.images.all()]
    if not numbers:
        raise ProjectError(f"{project.folder.name} has no image yet: there is nothing to export.")
    return [Review(project, number, vocabulary=vocabulary) for number in numbers]


def export_project(
    project: Project,
    out: str | os.PathLike[str],
    *,
    what: What = "cells",
    only: Only | None = None,
    image: int | None = None,
    vocabulary: str | None = None,
    reviews: Sequence[Review] | None = None,
    channels: Mapping[str, int | str | None] | None = None,
    pixels: Mapping[int, Pixels] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Exported:
    """Write what is known of cells for other programs; a file is whole or not there.

    Parameters
    ----------
    project : Project
        Open, if only to be looked at.
    out : path-like
        ``cells``: a ``.csv``, ``.parquet`` or ``.h5ad``; ``reviews``: a ``.csv`` or ``.parquet``;
        ``crops``: an ``.npz``; ``folder``: a new folder; ``labels``: a ``.tif``, or with several
        images a folder; ``agreement``: a ``.json``, ``.csv`` or ``.parquet``.
    what : {"cells", "reviews", "crops", "folder", "labels", "agreement"}
        See :data:`WHAT`.
    only : {"all", "reviewed", "corrected", "final"}, optional
        Which cells; by default those that somebody has judged in training data, and all elsewhere.
        It does not hold for ``reviews`` and ``agreement``.
    image, vocabulary
        Which image and in which words, see :func:`reviews_of`.
    reviews : sequence of Review, optional
        Reviews that are open, with the predictions that they show, instead of these two.
    channels, pixels
        See :func:`napari_cellcycle.review.places.open_sources`.
    progress : callable of (done, total), optional
        Called for frames that were cut.

    Raises
    ------
    CellCycleError
        Of some kind, if it cannot be written; what was there before is as it was.
    """
    out = Path(out)
    check_outside(project, out)
    if what not in WHAT:
        raise ProjectError(f"There is no export {what!r}; choose one of {', '.join(WHAT)}.")
    if what in ("reviews", "agreement") and only not in (None, "all"):
        of = "all words that were ever said" if what == "reviews" else "cells of several people"
        raise ProjectError(f"{what} are of {of}; leave out {only!r}, or export cells.")
    if what == "reviews":
        return _export_reviews(project, out, image)
    if reviews is None:
        reviews = reviews_of(project, image=image, vocabulary=vocabulary)
    if what == "cells":
        return _export_cells(reviews, out, only or "all")
    if what == "agreement":
        return _export_agreement(reviews, out)
    if what == "labels":
        return _export_labels(reviews, out, only or "all", pixels)
    if what == "crops" and out.suffix.lower() != ".npz":
        raise ProjectError(f"A crop set is an .npz; the name {out.name} must end so.")
    if what == "folder":
        check_folder(out)
    sources = open_sources(reviews, channels=channels, pixels=pixels)
    crops = cut_crops(sources, only=only or "reviewed", progress=progress)
    if what == "crops":
        crops.save(out)
    else:
        write_folder(crops, out)
    left_out = *crops.left_out, *(note for review in reviews for note in orphan_notes(review))
    return Exported(what, (out,), len(crops), _count(crops.phase.tolist()), left_out)


def check_outside(project: Project, out: Path) -> None:
    """Refuse to write over a file of the project, or one of its inputs."""
    place = out.resolve()
    own = {
        Path(found.absolute).resolve()
        for image in project.images.all()
        for found in project.inputs.of(image.number).values()
        if found.absolute
    }
    inside = project.folder in place.parents and project.exports not in place.parents
    if place in own or place == project.folder or inside:
        raise ProjectError(f"{out} is a file that belongs to the project; choose another name.")


def _export_reviews(project: Project, out: Path, image: int | None) -> Exported:
    check_table_path(out, ENDINGS[:2])
    table = reviews_table(project, image)
    write_table(table, out)
    return Exported("reviews", (out,), len(table), {})


def _export_cells(reviews: Sequence[Review], out: Path, only: Only) -> Exported:
    check_table_path(out)
    table = join_tables([cells_table(review, only=only) for review in reviews])
    write_table(table, out, phases=reviews[0].phases)
    notes = tuple(note for review in reviews for note in orphan_notes(review))
    return Exported("cells", (out,), len(table), _count(table["final_phase"].tolist()), notes)


def _export_agreement(reviews: Sequence[Review], out: Path) -> Exported:
    n, found = write_agreement(reviews, out)
    return Exported("agreement", (out,), n, {}, agreement=tuple(found))


def _export_labels(
    reviews: Sequence[Review], out: Path, only: Only, pixels: Mapping[int, Pixels] | None
) -> Exported:
    if out.suffix and len(reviews) > 1:
        raise ProjectError(
            f"There are {len(reviews)} images, and {out.name} is one file: choose one of them "
            "(--image), or give the name of a folder, without an ending."
        )
    names = [out] if out.suffix else [_named(out, review) for review in reviews]
    finals: list[str] = []
    for review, path in zip(reviews, names, strict=True):
        known = (pixels or {}).get(review.image)
        labels = review.project.images.labels(review.image) if known is None else known[1]
        write_phase_image(review, labels, path, only=only)
        finals += review.slugs(review.final[chosen_rows(review, only)])
    return Exported("labels", tuple(names), len(finals), _count(finals))


def _count(slugs: Sequence[str]) -> dict[str, int]:
    """Cells of each phase, by name; cells without a final phase do not count."""
    found: dict[str, int] = {}
    for slug in sorted(filter(None, slugs)):
        found[slug] = found.get(slug, 0) + 1
    return found


def _named(folder: Path, review: Review) -> Path:
    cells = review.cells
    image = stem(cells.image)
    name = safe_name(f"{image}_{cells.scene}" if cells.scene else image)
    return folder / f"{name}_phases.ome.tif"
