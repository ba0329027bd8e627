"""Images of a project with their labels, opened for an export that reads pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ChannelError
from napari_cellcycle.image.roles import channels_of_roles, guess_roles
from napari_cellcycle.image.stack import check_match

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.review.state import Review

ROLES = ("dna", "membrane", "tubulin")

Pixels = tuple["Stack", "Segmentation"]


@dataclass(frozen=True, slots=True)
class Source:
    """An image and its labels, with what is known of its cells.

    Parameters
    ----------
    review : Review
        Of the image.
    stack : Stack
    labels : Segmentation
    roles : mapping of str to int
        Channel of each role that the image has.
    """

    review: Review
    stack: Stack
    labels: Segmentation
    roles: Mapping[str, int]

    @property
    def name(self) -> str:
        """Of the image, with its scene."""
        cells = self.review.cells
        return f"{cells.image}, {cells.scene}" if cells.scene else cells.image


def open_sources(
    reviews: Sequence[Review],
    *,
    channels: Mapping[str, int | str | None] | None = None,
    pixels: Mapping[int, Pixels] | None = None,
) -> list[Source]:
    """Open the images of reviews.

    Parameters
    ----------
    reviews : sequence of Review
        One an image.
    channels : mapping of role to channel, optional
        Index or name; None where there is none. By default what the project's settings say, else
        guessed from names.
    pixels : mapping of int to (Stack, Segmentation), optional
        Images, by number, that are open already or were never files.

    Raises
    ------
    InputChangedError
        If a file was moved or is another one now.
    ChannelError
        If nobody knows what a channel shows, there is no such channel, or two roles have the same.
    """
    found = []
    for review in reviews:
        images = review.project.images
        if pixels and review.image in pixels:
            stack, labels = pixels[review.image]
        else:
            stack, labels = images.stack(review.image), images.labels(review.image)
        check_match(stack, labels)
        said = channels or images[review.image].settings.get("channels")
        roles = channels_of_roles(said or guess_roles(stack.channels, ROLES), stack)
        known = {role: channel for role, channel in roles.items() if channel is not None}
        if not known:
            raise ChannelError(
                f"Nobody says what the channels of {stack.name} show: {', '.join(stack.channels)}. "
                "Name at least one, such as --channel dna=0."
            )
        found.append(Source(review, stack, labels, known))
    return found
