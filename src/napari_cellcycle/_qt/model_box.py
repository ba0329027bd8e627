"""The choice of a model: one that suits the image, until a person chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle.models.catalogue import DEFAULT_MODEL, FLAT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence


class ModelBox(ChoiceBox):
    """Offers models; its tip is the card of the chosen one.

    Parameters
    ----------
    models : sequence of ModelEntry
        What there is.
    """

    def __init__(self, models: Sequence[Any]) -> None:
        super().__init__("model")
        self._models, self._is_2d = list(models), False
        self.changed.connect(self._describe)
        self._offer(DEFAULT_MODEL)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of the channels that the chosen model looks at."""
        entry = self.value()
        return ("dna", "membrane") if entry is None else tuple(entry.card.recipe.channels)

    @property
    def has_vote(self) -> bool:
        """Whether the chosen model has several projections, which vote."""
        entry = self.value()
        return entry is None or len(entry.card.recipe.axes) > 1

    def offer(self, models: Sequence[Any], name: str) -> None:
        """Offer the models that there are now, and choose one of them."""
        self._models = list(models)
        self._offer(name)
        self.choose(name)

    def suit(self, *, is_2d: bool) -> bool:
        """Choose a model of 2D or of 3D, where the person has chosen none.

        Returns
        -------
        bool
            Whether it is another one now.
        """
        if is_2d == self._is_2d:
            return False
        self._is_2d, former = is_2d, self.key()
        self._offer(FLAT_MODEL if is_2d else DEFAULT_MODEL)
        return self.key() != former

    def _offer(self, usual: str) -> None:
        self.set_choices([(entry.name, entry.name, entry) for entry in self._models], usual)
        self._describe()

    def _describe(self) -> None:
        entry = self.value()
        if entry is not None:
            self.setToolTip(_about(entry))


def _about(entry: Any) -> str:
    """Shorten a model's card to a tooltip."""
    card = entry.card
    limits = f"Limits: {card.limits}" if card.limits else ""
    missing = f"Without a channel: {card.missing_channels}" if card.missing_channels else ""
    phases = "Phases: " + ", ".join(phase.name for phase in card.phase_set.leaves)
    lines = [f"{card.name} {card.version}", card.description, phases, missing, limits]
    return "\n\n".join(line for line in lines if line)
