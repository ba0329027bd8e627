"""What is finished of a run over many images: one Parquet file an image, joined in the end."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.columns import safe_text
from napari_cellcycle.errors import CellCycleError, MissingExtraError
from napari_cellcycle.files import replacing
from napari_cellcycle.project.lock import LOCK, WriterLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_cellcycle.classify.jobs import Job, Settings
    from napari_cellcycle.classify.result import Classification

MANIFEST = "manifest.json"
SCHEMA = 1
_KEY = b"napari_cellcycle"
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one image.

    Parameters
    ----------
    name : str
        Of the job.
    counts : dict of slug to int
        Cells of each phase.
    notes : tuple of str
        What to know of it.
    device : str
        Where it was computed.
    seconds : float
        How long it took.
    """

    name: str
    counts: dict[str, int]
    notes: tuple[str, ...]
    device: str
    seconds: float


class Parts:
    """A folder of finished images. A file in it is whole, or not there.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    settings : Settings
        Of the run.
    model_sha256 : str
        Of the model.

    Raises
    ------
    CellCycleError
        If the folder holds a run with other settings, or something else.
    MissingExtraError
        If Parquet cannot be written.
    """

    def __init__(self, folder: Path, settings: Settings, model_sha256: str) -> None:
        check_parquet()
        self.folder = folder
        said = asdict(settings)
        del said["memory"]  # it changes no result: a run may go on with more or less
        manifest = {
            "schema": SCHEMA,
            "package_version": version("napari-cellcycle"),
            "model_sha256": model_sha256,
            "settings": json.loads(json.dumps(said)),
        }
        path = folder / MANIFEST
        if path.is_file():
            self._check_same(json.loads(path.read_text("utf-8")), manifest)
        elif folder.exists() and any(folder.iterdir()):
            raise CellCycleError(
                f"{folder} holds something else than a run of ours; choose another --out."
            )
        else:
            with replacing(path) as new:
                new.write_text(json.dumps(manifest, indent=2), "utf-8")

    def _check_same(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        flat = [{**m, **m.get("settings", {})} for m in (old, new)]
        differ = [key for key in flat[1] if key != "settings" and flat[0].get(key) != flat[1][key]]
        if differ:
            raise CellCycleError(
                f"{self.folder} was begun otherwise ({', '.join(differ)}). Go on as it was begun, "
                "choose another --out, or remove the folder."
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of the folder until the block is done, or the program dies.

        A drive that knows no locks keeps none out.

        Raises
        ------
        CellCycleError
            If another run is at work in the folder.
        """
        try:
            lock = WriterLock.acquire(self.folder)
        except OSError:
            yield
            return
        if lock is None:
            raise CellCycleError(
                f"Another run is at work in {self.folder}. Wait until it is done, or choose "
                "another --out."
            )
        try:
            yield
        finally:
            lock.release()

    def path(self, name: str) -> Path:
        """File of an image, there or not, by the name of its job."""
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.parquet"

    def find(self, job: Job) -> Done | None:
        """What came of an image; ``None`` if it is not done, was changed since, or is damaged."""
        import pyarrow.parquet as pq

        path = self.path(job.name)
        try:
            known = json.loads(pq.read_schema(path).metadata[_KEY])
            if known["name"] != job.name or known["inputs"] != inputs_of(job):
                return None
            return Done(
                known["name"],
                known["counts"],
                tuple(known["notes"]),
                known["device"],
                known["seconds"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, job: Job, result: Classification, seconds: float) -> Done:
        """Keep what came of an image.

        Parameters
        ----------
        job : Job
            The image.
        result : Classification
            Of it.
        seconds : float
            How long it took.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        done = Done(job.name, result.counts(), result.notes, result.device, seconds)
        table = pa.Table.from_pandas(result.to_frame(), preserve_index=False)
        known = json.dumps({**asdict(done), "inputs": inputs_of(job)}).encode()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: known})
        with replacing(self.path(job.name)) as new:
            pq.write_table(table, new)
        return done

    def join(self, names: Iterable[str], out: Path) -> int:
        """Write one table of images that are done, in this order, part by part.

        Parameters
        ----------
        names : iterable of str
            Of their jobs.
        out : Path
            Ends in ``.csv`` or ``.parquet``.

        Returns
        -------
        int
            Rows.
        """
        paths = [self.path(name) for name in names]
        with replacing(out) as new:
            return (_join_csv if out.suffix.lower() == ".csv" else _join_parquet)(paths, new)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    def remove_if_empty(self) -> None:
        """Remove the folder if no image is done in it: nothing is there to go on from."""
        if {path.name for path in self.folder.iterdir()} <= {MANIFEST, LOCK}:
            self.remove()


def check_parquet() -> None:
    """Say what is missing to write Parquet."""
    if find_spec("pyarrow") is None:
        raise MissingExtraError(
            "Many images need pyarrow, which is not installed; install it with "
            'pip install "napari-cellcycle[tables]".'
        )


def inputs_of(job: Job) -> list[list[Any]]:
    """Path, size and time of an image and its labels.

    Of a folder the size of all its files and the time of the newest, but for label images in it.
    """
    found: list[list[Any]] = []
    for path in (job.image, job.labels, job.nuclei):
        if path is not None and path.exists():
            stats = [file.stat() for file in _files(path)]
            size, time = (
                sum(s.st_size for s in stats),
                max((s.st_mtime_ns for s in stats), default=0),
            )
            found.append([str(path.absolute()), size, time])
    return found


def _files(path: Path) -> Iterator[Path]:
    """Yield the path itself, or the files in it if it is an OME-Zarr."""
    if path.is_file():
        yield path
    for folder, inside, names in os.walk(path):
        if Path(folder) == path and "labels" in inside:
            inside.remove("labels")
        yield from (Path(folder, name) for name in names)


def _tables(paths: Sequence[Path]) -> Iterator[Any]:
    """Parts in their order, some thousand rows at a time, all with the columns of all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(path).remove_metadata() for path in paths]
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    held, n = [], 0
    for path in paths:
        table = pq.read_table(path).replace_schema_metadata(None)
        for field in schema:
            if field.name not in table.column_names:
                table = table.append_column(field.name, pa.nulls(len(table), field.type))
        held.append(table.select(schema.names).cast(schema))
        n += len(table)
        if n >= _ROWS_AT_ONCE:
            yield pa.concat_tables(held)
            held, n = [], 0
    if held:
        yield pa.concat_tables(held)


def _join_parquet(paths: Sequence[Path], new: Path) -> int:
    import pyarrow.parquet as pq

    rows, writer = 0, None
    try:
        for table in _tables(paths):
            writer = writer or pq.ParquetWriter(new, table.schema)
            writer.write_table(table)
            rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _join_csv(paths: Sequence[Path], new: Path) -> int:
    import pandas as pd

    rows = 0
    with new.open("w", encoding="utf-8", newline="") as file:
        for table in _tables(paths):
            frame = table.to_pandas(types_mapper={_int64(): pd.Int64Dtype()}.get)
            safe_text(frame).to_csv(file, header=rows == 0, index=False, lineterminator="\n")
            rows += len(frame)
    return rows


def _int64() -> Any:
    import pyarrow as pa

    return pa.int64()
