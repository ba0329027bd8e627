"""What a project keeps of a person between two sessions: the place, and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.review.opening.undertaking import last_image
from napari_cellcycle.review.orders import BETWEEN_MODELS, ORDERS, SUSPICION
from napari_cellcycle.review.queue import Filter, Queue
from napari_cellcycle.review.sets import comparable

if TYPE_CHECKING:
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.state import Review


class Kept:
    """Parameters of a project that belong to the person who works, and to one image.

    Parameters
    ----------
    project : Project
        Nothing is written where it may only be read.
    image : int
        Number of the image.
    """

    def __init__(self, project: Project, image: int) -> None:
        self._project = project
        self._image = image

    @property
    def place(self) -> dict[str, Any]:
        """Order, filter and cell, as :func:`place_in` gives them."""
        found: dict[str, Any] = self._project.parameter(self._name("queue"), {})
        return found

    @property
    def shown_set(self) -> str | None:
        """Id of the prediction set that was shown, if there is one of that id."""
        identity: str | None = self._project.parameter(self._name("shown"))
        known = {given.id for given in self._project.predictions.sets(self._image)}
        return identity if identity in known else None

    @property
    def blind(self) -> bool:
        """Whether the person works in blind mode."""
        return bool(self._project.parameter(self._blind, default=False))

    def keep_image(self) -> None:
        """Open this image next time."""
        self._keep(last_image(self._project.who), self._image)

    def keep_place(self, place: dict[str, Any]) -> None:
        """Keep :attr:`place`."""
        self._keep(self._name("queue"), place)

    def keep_set(self, identity: str) -> None:
        """Keep :attr:`shown_set`."""
        self._keep(self._name("shown"), identity)

    def keep_blind(self, blind: bool) -> None:
        """Keep :attr:`blind`."""
        self._keep(self._blind, blind)

    @property
    def _blind(self) -> str:
        return f"blind/{self._project.who}"

    def _name(self, what: str) -> str:
        return f"{what}/{self._image}/{self._project.who}"

    def _keep(self, name: str, value: Any) -> None:
        if not self._project.read_only and self._project.parameter(name) != value:
            self._project.set_parameter(name, value)


def queue_at(review: Review, place: dict[str, Any]) -> Queue:
    """The queue as it was kept, as far as that is possible."""
    order = _order(review, place.get("order", ""))
    phases, statuses = place.get("phases"), place.get("statuses")
    only = Filter(
        phases=None if phases is None else frozenset(phases),
        statuses=None if statuses is None else frozenset(statuses),
        frame=place.get("frame"),
        seen=place.get("seen"),
    )
    other = other_set(review, place.get("other")) if order == BETWEEN_MODELS else None
    return Queue(review, order, only, other=other)


def frame_at_hand(kept: Kept, review: Review) -> int:
    """Frame of the cell where the person left, or else of the first one of the queue."""
    place = kept.place
    row = review.row_of(*place.get("cell", (-1, -1)))
    if row < 0:
        queue = queue_at(review, place)
        if kept.blind:
            review.look_blind(True)
        row = queue.next()
    return int(review.cells.frame[row]) if row >= 0 else 0


def place_in(queue: Queue, cell: tuple[int, int] | None) -> dict[str, Any]:
    """What :func:`queue_at` needs, and the cell at hand: frame and label."""
    only = queue.only
    place: dict[str, Any] = {
        "order": queue.wanted,
        "other": None if queue.other is None else queue.other.id,
        "phases": None if only.phases is None else sorted(only.phases),
        "statuses": None if only.statuses is None else sorted(only.statuses),
        "frame": only.frame,
        "seen": only.seen,
    }
    if cell is not None:
        place["cell"] = list(cell)
    return place


def other_set(review: Review, identity: str | None = None) -> PredictionSet | None:
    """The set to compare the shown one with: that of an id, or the newest other one."""
    others = comparable(review)
    return next((one for one in others if one.id == identity), others[0] if others else None)


def _order(review: Review, name: str) -> str:
    """The order that was kept, or the most uncertain first where there are predictions."""
    if (
        name in ORDERS
        and name != SUSPICION  # it takes measures, which nobody has read yet
        and (name != BETWEEN_MODELS or bool(comparable(review)))
        and (review.shown.sets or name in ("volume", "position", "random"))
    ):
        return name
    return "entropy" if review.shown.sets else "position"
