"""Lists of channels, one a role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.inputs import choices_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle._qt.inputs import Channel


class ChannelBoxes(dict[str, ChoiceBox]):
    """The list of each role, with what a person chose, or else what was guessed."""

    def __init__(self, boxes: Mapping[str, ChoiceBox] | None = None) -> None:
        super().__init__(boxes or {})
        self._guessed: Mapping[str, Channel | None] = {}

    def chosen(self) -> dict[str, Channel | None]:
        """Channel of each role."""
        return {role: box.value() for role, box in self.items()}

    def offer(self, found: Sequence[Channel], guessed: Mapping[str, Channel | None]) -> None:
        """Offer channels.

        Parameters
        ----------
        found : sequence of Channel
            What there is.
        guessed : mapping of str to Channel or None
            What is chosen for each role where no person has chosen.
        """
        self._guessed = guessed
        for role, box in self.items():
            guess = guessed[role]
            box.set_choices(
                [(None, "none", None), *choices_of(found)], None if guess is None else guess.key
            )

    def follow(self, guessed: Mapping[str, Channel | None]) -> None:
        """Choose anew what a person chose, where other labels are of another image.

        Parameters
        ----------
        guessed : mapping of str to Channel or None
            What is guessed for the labels now.
        """
        for role, box in self.items():
            now, before = guessed.get(role), self._guessed.get(role)
            if (now and now.layer) is not (before and before.layer):
                box.follow(now and now.key)
