"""What smoothing along tracks changes, and which steps cannot be, in two real films.

Run ``uv run python benchmarks/real_tracks.py [--out FILE]``: a minute on one core. The embryo's
labels keep their cell from frame to frame; the nuclei of the 2D film are segmented plainly and
linked by overlap here. Nobody says how long a frame lasts, and nobody knows the true phases.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tables import markdown, note, options, parsed, publish

from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
from napari_cellcycle.cells.tracks.course import Course
from napari_cellcycle.cells.tracks.evidence import evidence_of, likely_minutes
from napari_cellcycle.cells.tracks.tracks import Tracks, tracks_of_labels
from napari_cellcycle.classify.result import Classification
from napari_cellcycle.classify.run import classify
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.models.ensemble import leaf_votes

ISOTROPIC = Spacing(1, 1, 1, "isotropic")


def embryo(data: Path) -> tuple[Classification, Tracks]:
    image = open_image(data / "embryo_timelapse_3d.ome.tif")
    labels = open_labels(data / "embryo_timelapse_3d_labels.ome.tif")
    found = classify(image, labels, channels={"dna": 0}, isotropic=image.spacing is None)
    cells = found.cells
    return found, tracks_of_labels(cells, cells.frame, cells.label, cells.label)


def film(data: Path) -> tuple[Classification, Tracks]:
    image = open_image(data / "h2b_movie_2d.ome.tif")
    labels = segment_nuclei(image, 0, image.spacing or ISOTROPIC)
    found = classify(image, labels, model="mitosis-2d", channels={"dna": 0})
    return found, linked(found, labels)


def linked(found: Classification, labels: Segmentation) -> Tracks:
    """Two nuclei are one cell if each overlaps the other most; others begin a track."""
    cells = found.cells
    track = np.full(len(cells), -1, np.int64)
    parents: dict[int, int] = {}
    row_of = {
        key: i for i, key in enumerate(zip(cells.frame.tolist(), cells.label.tolist(), strict=True))
    }
    for row in range(len(cells)):
        frame, label = int(cells.frame[row]), int(cells.label[row])
        before = most(labels, frame, label, frame - 1)
        mother = row_of.get((frame - 1, before), -1)
        if mother >= 0 and most(labels, frame - 1, before, frame) == label:
            track[row] = track[mother]
        else:
            track[row] = track.max() + 1
            if mother >= 0:
                parents[int(track[row])] = int(track[mother])
    return Tracks(track, parents)


def most(labels: Segmentation, frame: int, label: int, other: int) -> int:
    """Label of another frame that covers most of a nucleus, 0 for none."""
    if not 0 <= other < labels.grid[0]:
        return 0
    under = labels.volume(other)[labels.volume(frame) == label]
    return int(np.bincount(under[under > 0]).argmax()) if (under > 0).any() else 0


def main() -> None:
    given = parsed(options("real-tracks", __doc__))
    rows, told = [], []
    for name, make in (("embryo_timelapse_3d", embryo), ("h2b_movie_2d", film)):
        note(name)
        found, tracks = make(given.data)
        cells, leaves = found.cells, found.phases.leaves
        raw = found.decision.probabilities
        votes = leaf_votes(found.decision.level1, found.decision.level2)
        evidence = evidence_of(votes, found.phases)
        minutes = likely_minutes(found.phases, evidence, cells.frame, tracks)
        if minutes is None:
            evidence = evidence_of(votes, found.phases, timed=False)
        course = Course.of(found.phases)
        timed = Course.of(found.phases, frame_minutes=minutes)
        smooth = timed.smooth(evidence, cells.frame, tracks)
        said, after = raw.argmax(axis=1), smooth.argmax(axis=1)
        jumps = course.jumps(said, cells.frame, tracks)
        left = course.jumps(after, cells.frame, tracks)
        rows.append(
            (
                name,
                f"{len(cells)} in {len(np.unique(cells.frame))}",
                str(len(tracks)),
                "none" if minutes is None else f"{minutes:g} min",
                str(int((said != after).sum())),
                str(len(jumps)),
                str(len(left)),
            )
        )
        for before, row in jumps.tolist():
            told.append(
                f"{name}, track {tracks.track[row]}: {leaves[said[before]].name} in frame "
                f"{cells.frame[before]}, {leaves[said[row]].name} in frame {cells.frame[row]}"
            )
        for row in np.flatnonzero(said != after).tolist():
            note(
                f"frame {cells.frame[row]} label {cells.label[row]} track {tracks.track[row]}: "
                f"{leaves[said[row]].slug} {raw[row].max():.2f} -> {leaves[after[row]].slug}"
            )
    head = (
        "film",
        "cells in frames",
        "tracks",
        "time guessed",
        "smoothed away",
        "impossible steps",
        "left",
    )
    publish(given, markdown(head, rows), *(f"- {line}" for line in told))


if __name__ == "__main__":
    main()
