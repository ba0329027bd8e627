"""A simulated field of cells, and more of them than it has: what speed is measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from napari_cellcycle.classify import ClassifyRequest
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.simulate import simulate_field

FIELD = 60
"""Cells of the field."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An image, its labels and a model.

    Parameters
    ----------
    stack : Stack
    labels : Segmentation
    model : ProjectionClassifier
    """

    stack: Stack
    labels: Segmentation
    model: ProjectionClassifier

    @classmethod
    def with_model(cls, model: ProjectionClassifier) -> Scene:
        """The field."""
        field = simulate_field(n_cells=FIELD, seed=5)
        return cls(field.stack, replace(field.nuclei, data=np.asarray(field.nuclei.data)), model)

    @property
    def request(self) -> ClassifyRequest:
        """What ``classify`` is asked."""
        return ClassifyRequest(self.stack, self.labels, self.model, device=self.model.device)

    def of(self, n: int) -> Scene:
        """The first ``n`` cells of the field, repeated side by side as often as it takes."""
        field = self.labels.volume(0)
        times = -(-n // int(field.max()))
        shift = np.arange(times, dtype=np.int64) * int(field.max())
        many = np.where(field, field + shift[:, None, None, None], 0)
        many[many > n] = 0
        data = np.tile(np.asarray(self.stack.data), (times, 1, 1, 1, 1))
        # one field a frame: an image of one plane of fields would be as quick
        return replace(
            self,
            stack=replace(self.stack, data=data),
            labels=replace(self.labels, data=many.astype(np.int32)),
        )

    def again(self, n: int) -> Scene:
        """About ``n`` cells: whole fields, one a frame, that are all the same memory."""
        times = -(-n // FIELD)
        data, labels = (np.asarray(part.data)[:1] for part in (self.stack, self.labels))
        return replace(
            self,
            stack=replace(self.stack, data=np.broadcast_to(data, (times, *data.shape[1:]))),
            labels=replace(self.labels, data=np.broadcast_to(labels, (times, *labels.shape[1:]))),
        )
