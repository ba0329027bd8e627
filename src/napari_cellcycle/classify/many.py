"""Many images, one after the other: what is done stays done, and one that fails stops no other."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.classify.jobs import classify_job
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_cellcycle.classify.jobs import Job, Settings
    from napari_cellcycle.classify.parts import Done, Parts
    from napari_cellcycle.models.classifier import ProjectionClassifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """An image that could not be classified.

    Parameters
    ----------
    name : str
        Of the job.
    error : str
        Why.
    """

    name: str
    error: str


def classify_many(
    jobs: Sequence[Job], settings: Settings, model: ProjectionClassifier, parts: Parts
) -> Generator[Done | Failed, None, None]:
    """Classify images one by one; the generator can be closed after any of them.

    Parameters
    ----------
    jobs : sequence of Job
        Those that are done already are only reported.
    settings : Settings
        For all of them.
    model : ProjectionClassifier
        Loaded, on its device.
    parts : Parts
        Where each is kept as soon as it is done.

    Yields
    ------
    Done or Failed
        In the order of the jobs.
    """
    for job in jobs:
        yield parts.find(job) or do_job(job, settings, model, parts)


def do_job(
    job: Job, settings: Settings, model: ProjectionClassifier, parts: Parts
) -> Done | Failed:
    """Classify one image and keep it; whatever goes wrong concerns this image alone."""
    start = time.perf_counter()
    try:
        result = classify_job(job, settings, model)
        return parts.write(job, result, time.perf_counter() - start)
    except CellCycleError as error:
        return Failed(job.name, " ".join(str(error).split()))
    except MemoryError:
        return Failed(job.name, f"{job.name} does not fit into the free memory.")
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            return Failed(job.name, f"{error.filename}: {error.strerror}.")
        log.exception("%s could not be classified", job.name)
        return Failed(job.name, f"{type(error).__name__}: {error}")
