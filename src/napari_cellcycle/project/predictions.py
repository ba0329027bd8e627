"""What models said: sets that are added and never changed."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.cell_files import digest_of
from napari_cellcycle.project.columns import Columns, write_columns
from napari_cellcycle.project.words import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.classified import Classified, Decided
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store
    from napari_cellcycle.project.vocabularies import Vocabularies


@dataclass(frozen=True, slots=True)
class PredictionSet:
    """One run of one model over the cells of one image, or over some of them.

    Parameters
    ----------
    id : str
        UUID.
    image, segmentation : int
        Numbers of what was classified.
    completes : str
        Id of the set whose stale cells this one classified again; empty for a set of its own.
    time : int
        Microseconds since 1970, UTC.
    who : str
        Who ran it.
    model, model_sha256, vocabulary : str
        Name and hash of the model, and its vocabulary.
    phases : tuple of str
        Slugs of the leaves, in the order of the probabilities.
    axes : tuple of str
        Axes of projection.
    vote, device : str
        How the axes decided, and where it was computed.
    notes : tuple of str
        Of the run.
    n_cells : int
        Cells in it.
    version : str
        Of the model; empty where nobody wrote it down.
    columns : Columns
        ``frame``, ``label``, ``phase``, ``confidence``, ``entropy``, ``deciding_axis`` and
        ``stage_deciding_axis`` (index of an axis, -1 for none), ``stage_entropy``,
        ``probabilities``, ``level1``, ``level2``, ``note_text`` and ``note`` (index of a text);
        read when asked for.
    """

    id: str
    image: int
    segmentation: int
    completes: str
    time: int
    who: str
    model: str
    model_sha256: str
    vocabulary: str
    phases: tuple[str, ...]
    axes: tuple[str, ...]
    vote: str
    device: str
    notes: tuple[str, ...]
    n_cells: int
    version: str
    columns: Columns

    def axis_names(self, rows: NDArray[Any], column: str = "deciding_axis") -> list[str]:
        """Names of the deciding axes of some rows, empty where there is none."""
        return [self.axes[i] if i >= 0 else "" for i in self.columns[column][rows].tolist()]

    def cell_note(self, row: int) -> str:
        """What to know about one cell."""
        return str(self.columns["note_text"][int(self.columns["note"][row])])


class Predictions:
    """The prediction sets of a project."""

    def __init__(
        self, store: Store, segmentations: Segmentations, vocabularies: Vocabularies
    ) -> None:
        self._store = store
        self._segmentations = segmentations
        self._vocabularies = vocabularies

    def sets(self, image: int) -> tuple[PredictionSet, ...]:
        """All sets of an image, oldest first."""
        return self._read("segmentation.image = ?", image)

    def __getitem__(self, name: str) -> PredictionSet:
        found = self._read("id = ?", name)
        if not found:
            raise ProjectError(f"The project has no prediction set {name!r}.")
        return found[0]

    def line(self, first: PredictionSet) -> tuple[PredictionSet, ...]:
        """A set, and those that completed it, oldest first."""
        return (first, *self._read("completes = ?", first.id))

    def add(
        self,
        image: int,
        cells: CellTable,
        decision: Decided,
        *,
        model: str,
        model_sha256: str,
        phases: PhaseSet,
        version: str = "",
        completes: str = "",
        device: str = "",
        notes: Sequence[str] = (),
        cell_notes: Sequence[str] = (),
    ) -> PredictionSet:
        """Add what a model says; nothing that is there is changed.

        Parameters
        ----------
        image : int
            Number of the image.
        cells : CellTable
            The cells that were classified: all of the present segmentation, or some of them.
        decision : Decision
            In their order.
        model, model_sha256 : str
            Name and hash of the model.
        phases : PhaseSet
            Its vocabulary; the leaves are the columns of the probabilities.
        version : str, optional
            Of the model.
        completes : str, optional
            Id of the set of which these were the stale cells.
        device : str, optional
            Where it was computed.
        notes, cell_notes : sequence of str, optional
            Of the run, and of each cell.

        Raises
        ------
        ProjectError
            If the cells are not those of the present segmentation, or it cannot be written.
        """
        self._store.check_writable()
        segmentation = self._segmentations.current(image)
        self._check_cells(cells, segmentation)
        parent = self[completes] if completes else None
        if parent is not None and (parent.model_sha256, parent.completes) != (model_sha256, ""):
            raise ProjectError(
                f"Stale cells are classified by the model that classified the others, "
                f"{parent.model}; {model} gives a set of its own."
            )
        identity = str(uuid.uuid4())
        file = f"predictions/{identity}.npz"
        write_columns(self._store.folder / file, _columns(cells, decision, cell_notes))
        about = {
            "phases": phases.slugs,
            "axes": decision.axes,
            "vote": decision.vote,
            "device": device,
            "notes": list(notes),
            "version": version,
        }
        row = (
            *(identity, segmentation, completes or None, now(), self._store.who, model),
            *(model_sha256, phases.name, len(cells), json.dumps(about), file),
        )
        try:
            with self._store.transaction() as changes:
                self._vocabularies.keep(changes, phases)
                changes.run(f"INSERT INTO prediction_set VALUES ({', '.join('?' * len(row))})", row)
        except BaseException:
            (self._store.folder / file).unlink(missing_ok=True)
            raise
        return self[identity]

    def add_classification(
        self, image: int, found: Classified, *, completes: str = ""
    ) -> PredictionSet:
        """Add the result of a run, see :meth:`add`.

        Parameters
        ----------
        image : int
            Number of the image.
        found : Classification
            As :func:`napari_cellcycle.classify.run.classify` gives it.
        completes : str, optional
            Id of the set of which these were the stale cells.
        """
        return self.add(
            image,
            found.cells,
            found.decision,
            model=found.card.name,
            model_sha256=found.model_sha256,
            phases=found.phases,
            version=found.card.version,
            completes=completes,
            device=found.device,
            notes=found.notes,
            cell_notes=found.cell_notes,
        )

    def _check_cells(self, cells: CellTable, segmentation: int) -> None:
        known = self._segmentations.cells(segmentation)
        rows = CellIndex(known).rows(cells.frame, cells.label)
        if (rows < 0).any() or digest_of(cells) != digest_of(known.select(rows)):
            raise ProjectError(
                f"The {len(cells)} classified cells are not those of the segmentation in the "
                f"project ({len(known)} cells). Take the edited segmentation into the project "
                "first, then classify."
            )

    def _read(self, where: str, value: Any) -> tuple[PredictionSet, ...]:
        rows = self._store.database.query(
            "SELECT id, image, segmentation, completes, prediction_set.time, prediction_set.who, "
            "model, model_sha256, vocabulary, prediction_set.cells, about, file "
            "FROM prediction_set JOIN segmentation ON number = segmentation "
            f"WHERE {where} ORDER BY prediction_set.time, id",
            (value,),
        )
        return tuple(self._set(*row) for row in rows)

    def _set(self, *row: Any) -> PredictionSet:
        identity, image, segmentation, completes, time, who, model, sha, words, n, text, file = row
        about = json.loads(text)
        return PredictionSet(
            id=identity,
            image=image,
            segmentation=segmentation,
            completes=completes or "",
            time=time,
            who=who,
            model=model,
            model_sha256=sha,
            vocabulary=words,
            phases=tuple(about["phases"]),
            axes=tuple(about["axes"]),
            vote=about["vote"],
            device=about["device"],
            notes=tuple(about["notes"]),
            n_cells=n,
            version=about.get("version", ""),
            columns=Columns(self._store.folder / file),
        )


def _columns(
    cells: CellTable, decision: Decided, cell_notes: Sequence[str]
) -> dict[str, NDArray[Any]]:
    index: dict[str, int] = {}
    note = [index.setdefault(text, len(index)) for text in cell_notes or [""] * len(cells)]
    return {
        "frame": cells.frame,
        "label": cells.label,
        "phase": decision.phase.astype(np.int16),
        "confidence": decision.confidence,
        "entropy": decision.entropy,
        "stage_entropy": decision.stage_entropy,
        "deciding_axis": _index(decision.deciding_axis, decision.axes),
        "stage_deciding_axis": _index(decision.stage_deciding_axis, decision.axes),
        "probabilities": decision.probabilities,
        "level1": decision.level1,
        "level2": decision.level2,
        "note_text": np.array(list(index), dtype=np.str_),
        "note": np.array(note, np.int32),
    }


def _index(names: NDArray[np.str_], axes: Sequence[str]) -> NDArray[np.int8]:
    index = np.full(len(names), -1, np.int8)
    for i, axis in enumerate(axes):
        index[names == axis] = i
    return index
