"""Many images on many workers, with Dask: each has a model of its own and one image at a time."""

from __future__ import annotations

import logging
import os
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from napari_cellcycle.classify.many import Failed, do_job
from napari_cellcycle.classify.parts import Parts
from napari_cellcycle.classify.shared import Shared
from napari_cellcycle.errors import CellCycleError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from napari_cellcycle.classify.jobs import Job, Settings
    from napari_cellcycle.classify.parts import Done
    from napari_cellcycle.models.classifier import ProjectionClassifier

_LONGEST_WAIT = "20s"
_LOOK_EVERY_S = 20.0
_VERSION = "napari_cellcycle:__version__"
_ENVIRON = "distributed.nanny.pre-spawn-environ"


@contextmanager
def connected(
    scheduler: str | None = None, workers: int | None = None, device: str = "auto"
) -> Iterator[Any]:
    """Give a client of a Dask cluster.

    Parameters
    ----------
    scheduler : str, optional
        Address of a cluster that runs already, such as ``tcp://10.0.0.1:8786``. Without it one is
        started on this computer, and stopped in the end.
    workers : int, optional
        Processes of the local cluster: as many as there are graphics cards, else processor cores.
    device : str
        Where to compute.

    Yields
    ------
    distributed.Client

    Raises
    ------
    MissingExtraError
        If distributed is not installed.
    CellCycleError
        If nobody answers at the address, or workers there lack this program or have another
        version of it.
    """
    if find_spec("distributed") is None:
        raise MissingExtraError(
            "Working on several images at once needs distributed, which is not installed; install "
            'it with pip install "napari-cellcycle[cluster]".'
        )
    import dask
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        if scheduler is None:
            # Dask has memory given back at once, which makes forward passes half as slow again
            environ = dict(dask.config.get(_ENVIRON))
            environ.pop("MALLOC_TRIM_THRESHOLD_", None)
            stack.enter_context(dask.config.set({_ENVIRON: environ}))
            address = stack.enter_context(
                LocalCluster(
                    n_workers=workers or default_workers(device),
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.ERROR,  # what dies is told image by image
                )
            )
        else:
            address = scheduler
        try:
            client = Client(address, timeout=_LONGEST_WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CellCycleError(
                f"No Dask scheduler answers at {scheduler}: {error}. Start one (dask scheduler), "
                "or leave out --scheduler for a cluster on this computer."
            ) from error
        stack.enter_context(client)
        _check_workers(client)
        try:
            yield client
        except OSError as error:
            if client.status == "running":
                raise
            raise CellCycleError(
                f"The Dask scheduler at {scheduler} answers no more: {error}. What is done is "
                "kept; the same command goes on when it runs again."
            ) from error


def classify_on(
    client: Any,
    jobs: Sequence[Job],
    settings: Settings,
    model: Path,
    sha256: str,
    device: str,
    parts: Parts,
) -> Generator[Done | Failed, None, None]:
    """Classify images on the workers of a cluster; the generator can be closed after any of them.

    Where no image is done for long, the workers are looked at again.

    A worker that dies costs the image it was at, and another one does it again. An image on which
    workers die again and again is given up.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    jobs : sequence of Job
        Those that are done already are only reported.
    settings : Settings
        For all of them.
    model : Path
        Of a model folder that every worker can read.
    sha256 : str
        Of this model.
    device : str
        Where each worker computes.
    parts : Parts
        In a folder that every worker can write to.

    Yields
    ------
    Done or Failed
        As they come.

    Raises
    ------
    CellCycleError
        If no workers are left, or some that came later cannot do this.
    """
    from distributed import KilledWorker

    todo = []
    for job in jobs:
        done = parts.find(job)
        if done is None:
            todo.append(_absolute(job))
        else:
            yield done
    waiting = iter(todo)
    running: dict[Any, Job] = {}
    finished: SimpleQueue[Any] = SimpleQueue()
    folder = parts.folder.absolute()

    def hand_out() -> None:
        # no more than can be worked on: memory stays bounded, and a death concerns one image
        room = max(1, sum(client.nthreads().values())) - len(running)
        for job in islice(waiting, max(0, room)):
            future = client.submit(
                _do, job, settings, model.absolute(), sha256, device, folder, pure=False
            )
            running[future] = job
            future.add_done_callback(finished.put)

    hand_out()
    while running:
        try:
            future = finished.get(timeout=_LOOK_EVERY_S)
        except Empty:
            _check_workers(client)
            continue
        job = running.pop(future)
        try:
            outcome: Done | Failed = future.result()
        except KilledWorker:
            outcome = Failed(
                job.name,
                "The workers that were at it died, one after the other; perhaps it does not fit "
                "into their memory.",
            )
        except CancelledError:
            outcome = Failed(job.name, "The Dask scheduler was lost while a worker was at it.")
        except Exception as error:  # noqa: BLE001 (of the cluster: it concerns this image alone)
            outcome = Failed(job.name, f"{type(error).__name__}: {error}")
        future.release()
        hand_out()
        yield outcome


def _check_workers(client: Any) -> None:
    """Refuse to work with nobody, or with workers that lack this program or have another version.

    These would die at each image, or say something else of it.
    """
    here, address = version("napari-cellcycle"), client.scheduler.address
    try:
        client.wait_for_workers(1, timeout=_LONGEST_WAIT)
    except TimeoutError as error:
        raise CellCycleError(
            f"The Dask scheduler at {address} has no workers. Start some (dask worker {address}). "
            "What is done is kept; the same command goes on."
        ) from error
    found = client.run(resolve_name, _VERSION, on_error="return")
    wrong = []
    for worker, theirs in found.items():
        if isinstance(theirs, ImportError):
            wrong.append(f"{worker} lacks it ({theirs})")
        elif isinstance(theirs, str) and theirs != here:
            wrong.append(f"{worker} has {theirs}")
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise CellCycleError(
            f"Every worker needs napari-cellcycle {here}, as here, but "
            f"{', '.join(wrong[:3])}{more}. Install it there, or stop these workers."
        )


def default_workers(device: str = "auto") -> int:
    """How many workers this computer takes: one a graphics card, else one a processor core."""
    from napari_cellcycle.classify.device import choose_device

    if choose_device(device).startswith("cuda"):
        import torch

        return 1 if ":" in device else torch.cuda.device_count()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_of(wanted: str, worker: object, n_gpus: int) -> str:
    """Give each numbered worker a graphics card of its own, where there are several.

    Parameters
    ----------
    wanted : str
        As asked.
    worker : object
        Name of the worker; a number in a local cluster.
    n_gpus : int
        That the worker sees.
    """
    if wanted in ("auto", "cuda") and n_gpus > 1 and isinstance(worker, int):
        return f"cuda:{worker % n_gpus}"
    return wanted


def _read_here() -> AbstractContextManager[object]:
    """Let the thread that asks for lazy arrays compute them.

    Inside a task Dask would make tasks of every read and hand them to the whole cluster, where they
    wait behind images that other workers are at.
    """
    import dask

    return dask.config.set(scheduler="synchronous")


_reading_here = Shared(_read_here)


def _do(
    job: Job, settings: Settings, model: Path, sha256: str, device: str, folder: Path
) -> Done | Failed:
    """Do one image, on a worker."""
    try:
        classifier = _loaded(model, sha256, _device_here(device))
        with _reading_here:
            return do_job(job, settings, classifier, Parts(folder, settings, sha256))
    except (CellCycleError, OSError) as error:
        return Failed(job.name, f"A worker cannot do it: {error}")


@lru_cache(maxsize=1)
def _loaded(model: Path, sha256: str, device: str) -> ProjectionClassifier:
    from napari_cellcycle.models.folder import load_model

    classifier = load_model(model, device)
    if classifier.sha256 != sha256:
        raise CellCycleError(f"{model} is another model where the worker runs.")
    return classifier


def _device_here(wanted: str) -> str:
    import torch
    from distributed import get_worker

    from napari_cellcycle.classify.device import choose_device

    return choose_device(device_of(wanted, get_worker().name, torch.cuda.device_count()))


def _absolute(job: Job) -> Job:
    labels, nuclei = (None if p is None else p.absolute() for p in (job.labels, job.nuclei))
    return replace(job, image=job.image.absolute(), labels=labels, nuclei=nuclei)
