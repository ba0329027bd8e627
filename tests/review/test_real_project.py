"""A real organoid, classified by the shipped model, reviewed, repaired and opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle import classify, open_image, open_labels
from napari_cellcycle.classify.request import ClassifyRequest
from napari_cellcycle.classify.run import run
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.review import Queue, Review, revise

if TYPE_CHECKING:
    from pathlib import Path


def test_an_organoid_from_image_to_repaired_segmentation(data_dir: Path, tmp_path: Path) -> None:
    image = open_image(data_dir / "organoid_h2b_membrane_3d_t301.ome.tif")
    labels = open_labels(data_dir / "organoid_h2b_membrane_3d_t301_nuclei_labels.ome.tif")
    found = classify(image, labels)
    with Project.create(tmp_path / "organoid", who="Ann") as project:
        number = project.images.add(image, labels, cells=found.cells).number
        first = project.predictions.add_classification(number, found)
        review = Review(project)
        assert review.final_slugs() == found.predicted_phases()
        np.testing.assert_array_equal(review.shown.confidence, found.decision.confidence)
        queue = Queue(review)
        row = queue.next()
        review.say(row, "mitotic")

        # the smallest cell is joined to it, which is larger, so its word stays
        a, b = review.cells.label[review.cells.voxels.argmin()], review.cells.label[row]
        assert a != b
        data = np.array(labels.data)
        data[data == a] = b
        joined = Segmentation(data, "nucleus", "joined", spacing=labels.spacing)
        revise(project, number, project.images.labels(number), joined)
        review.reload()
        assert review.cells.label[review.stale_rows].tolist() == [int(b)]
        again = run(
            ClassifyRequest(image, project.images.labels(number), only_labels=(int(b),)),
        )
        project.predictions.add_classification(number, again, completes=first.id)
        review.reload()
        assert len(review.stale_rows) == 0
        assert len(review) == len(found) - 1
    with Project.open(project.folder, who="Ann") as project:
        review = Review(project)
        assert project.inputs.locate(number) == image.path.resolve()
        assert review.words_on(review.row_of(0, int(b)))["Ann"].phase == "mitotic"
        assert review.undo().rows.tolist() == [review.row_of(0, int(b))]
        assert (project.images.labels(number).volume(0) == data[0]).all()
