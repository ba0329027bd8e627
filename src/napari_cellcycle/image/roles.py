"""Which channel shows DNA, which the membrane: from a person's word, or guessed from names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle.image.stack import Stack

# For each role, patterns from the surest to the least sure. Word parts are separated by anything
# but letters and digits, and by a change from lower to upper case.
_PATTERNS: dict[str, tuple[str, ...]] = {
    "dna": (
        r"dapi|hoechst|h2[ab]|h3[.]?3?|h4|histones?|draq ?[57]|dna|sytox|syto ?\d+|to ?pro ?\d*|"
        r"propidium|pi|chromatin|chromosomes?",
        r"nuclei|nucleus|nuclear|nuc|nls",
    ),
    "membrane": (
        r"membranes?|mem|cell ?mask|e ?cad(herin)?|[np]? ?cadherin|cdh1|caax|wga|fm ?4 ?64|"
        r"mt ?mg|gap ?43|lyn|myr|pm|plasma ?membrane|mem ?bright|cell ?brite|beta ?catenin",
        r"cytoplasm(ic)?|cyto|actin|phalloidin|lifeact|zo ?1",
        r"cells?",
    ),
    "tubulin": (r"(alpha |beta |a |b )?tubulin|tub|tuba?\d?a?|microtubules?|emtb|sir tubulin",),
}
# The nuclear envelope and the nucleolus are neither DNA nor cell membrane.
_NEITHER = re.compile(r"\b(envelope|lamin ?[ab]?\d?|nucleoli|nucleolus|nuclear membrane|npc)\b")
# A fluorescent protein may be glued to the name, as in H2BGFP.
_TAGS = r"e?[gyc]fp|[mt]?rfp\d*|mcherry|mscarlet|mneongreen|venus|tdtomato|halo|snap"
_NONE = ("", "none", "-")


def _plain(name: str) -> str:
    """Put a name in lower case with one space between its parts."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[^0-9A-Za-z.]+", parted)).strip().lower()


def _rank(name: str, role: str) -> int | None:
    """How surely a name speaks of a role (0 is surest), ``None`` if it does not."""
    text, joined = _plain(name), re.sub(r"[^0-9a-z]+", " ", name.lower()).strip()
    if _NEITHER.search(text):
        return None
    for rank, pattern in enumerate(_PATTERNS.get(role, (re.escape(role.lower()),))):
        matcher = re.compile(rf"(?<![0-9a-z])(?:{pattern})(?:{_TAGS})?(?![0-9a-z])")
        if matcher.search(text) or matcher.search(joined):
            return rank
    return None


def guess_roles(
    channel_names: Sequence[str], roles: Sequence[str] = ("dna", "membrane")
) -> dict[str, int | None]:
    """Guess which channel has which role; only names decide.

    A role that two channels claim equally, or none, stays ``None``: then a person must say. The
    one exception is an image with one channel, which shows DNA unless its name clearly says
    otherwise.

    Parameters
    ----------
    channel_names : sequence of str
        As the image names them.
    roles : sequence of str
        Roles of a model's view recipe.

    Returns
    -------
    dict of str to int or None
        Index of a channel for each role.
    """
    claims: dict[str, list[int | None]] = {}
    for role in dict.fromkeys([*roles, *_PATTERNS]):
        claims[role] = [_rank(name, role) for name in channel_names]
    found: dict[str, int | None] = {}
    for role in roles:
        ranks = {
            channel: rank
            for channel, rank in enumerate(claims[role])
            if rank is not None and not _claimed_by_another(claims, role, channel, rank)
        }
        best = [c for c, rank in ranks.items() if rank == min(ranks.values())]
        found[role] = best[0] if len(best) == 1 else None
    if len(channel_names) == 1 and "dna" in roles:
        name = channel_names[0]
        sure = [claims[role][0] in (0, 1) for role in claims if role != "dna"]
        if claims["dna"][0] is not None or not (any(sure) or _NEITHER.search(_plain(name))):
            found = dict.fromkeys(roles) | {"dna": 0}
    return found


def _claimed_by_another(
    claims: dict[str, list[int | None]], role: str, channel: int, rank: int
) -> bool:
    """Whether a name speaks of another role at least as surely."""
    others = (ranks[channel] for other, ranks in claims.items() if other != role)
    return any(other is not None and other <= rank for other in others)


def parse_roles(texts: Sequence[str]) -> dict[str, str | None]:
    """Read a person's ``role=channel`` before it is known which image it is for.

    Parameters
    ----------
    texts : sequence of str
        Such as ``["dna=0", "membrane=CellMask"]``.

    Returns
    -------
    dict of str to str or None
        Index or name of the channel by role; None where a person says that there is none.

    Raises
    ------
    ChannelError
        If one is not understood, or given twice.
    """
    found: dict[str, str | None] = {}
    for text in texts:
        role, equals, channel = (part.strip() for part in text.partition("="))
        role = role.lower()
        if not equals or not role:
            raise ChannelError(
                f"Channel {text!r} is not understood; give role=channel, such as dna=0 or "
                "membrane=CellMask."
            )
        if role in found:
            raise ChannelError(f"Role {role!r} is given twice: {', '.join(texts)}.")
        found[role] = None if channel.lower() in _NONE else channel
    return found


def parse_channels(texts: Sequence[str], stack: Stack) -> dict[str, int | None]:
    """Read a person's ``role=channel``, where a channel is an index, a name or ``none``.

    Parameters
    ----------
    texts : sequence of str
        Such as ``["dna=0", "membrane=CellMask"]``.
    stack : Stack
        The image they belong to.

    Returns
    -------
    dict of str to int or None
        The roles that were given and no others.

    Raises
    ------
    ChannelError
        If one is not understood, given twice, or names no channel of the stack.
    """
    return channels_of_roles(parse_roles(texts), stack)


def channels_of_roles(said: Mapping[str, int | str | None], stack: Stack) -> dict[str, int | None]:
    """Find the channels that are said to have roles.

    Parameters
    ----------
    said : mapping of str to int, str or None
        Index or name of the channel by role; None where there is none.
    stack : Stack
        The image they belong to.

    Returns
    -------
    dict of str to int or None
        Index of a channel for each of these roles.

    Raises
    ------
    ChannelError
        If there is no such channel, or two roles have the same.
    """
    found: dict[str, int | None] = {}
    for role, which in said.items():
        channel = None if which is None else stack.channel(which)
        if channel is not None and channel in found.values():
            other = next(r for r, index in found.items() if index == channel)
            listing = ", ".join(f"{i}={name}" for i, name in enumerate(stack.channels))
            raise ChannelError(
                f"Roles {other!r} and {role!r} are both given channel {channel} "
                f"({stack.channels[channel]}) of {stack.name}; each needs its own, or none. It "
                f"has {listing}."
            )
        found[role] = channel
    return found
