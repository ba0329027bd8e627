"""Which channel of an image has which role for a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.errors import ChannelError
from napari_cellcycle.image.roles import channels_of_roles, guess_roles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.image.stack import Stack


def resolve_channels(
    stack: Stack,
    roles: tuple[str, ...],
    given: Mapping[str, int | str | None] | None = None,
) -> dict[str, int | None]:
    """Find the channel of each role: a person's word first, then the channels' names.

    Parameters
    ----------
    stack : Stack
        The image.
    roles : tuple of str
        Those of the model's recipe.
    given : mapping of role to channel (index, name or None), optional
        What a person says.

    Raises
    ------
    ChannelError
        If a role or channel is unknown, one channel has two roles, or no channel is DNA (the first
        role, where there is no DNA among them).
    """
    given = dict(given or {})
    listing = ", ".join(f"{i}={name}" for i, name in enumerate(stack.channels))
    unknown = [role for role in given if role not in roles]
    if unknown:
        raise ChannelError(
            f"The model has no channel role {', '.join(map(repr, unknown))}; it has "
            f"{', '.join(roles)}."
        )
    said = channels_of_roles(given, stack)
    taken = [index for index in said.values() if index is not None]
    guessed = guess_roles(stack.channels, roles)
    found = {
        role: said[role] if role in said else None if guessed[role] in taken else guessed[role]
        for role in roles
    }
    needed = "dna" if "dna" in roles else roles[0]
    if found[needed] is None and len(roles) == len(stack.channels) == 1 and needed not in said:
        found[needed] = 0
    if found[needed] is None:
        name = "DNA" if needed == "dna" else needed
        raise ChannelError(
            f"Which channel of {stack.name} shows {name} is not clear from their names: it has "
            f"{listing}. Say it (--channel {needed}=0, or the widget's field)."
        )
    return found
