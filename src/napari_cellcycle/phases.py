"""Vocabularies: ordered sets of phases, each a small tree, with colour-blind-safe colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNCLASSIFIED = "#666666"
"""Colour of a cell that has no phase yet."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a vocabulary.

    Parameters
    ----------
    slug : str
        The name in files, CSV columns and on the command line.
    name : str
        The name a person reads.
    color : str
        ``#RRGGBB``.
    parent : str or None
        Slug of the branch this phase belongs to.
    """

    slug: str
    name: str
    color: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class PhaseSet:
    """An ordered vocabulary of phases.

    Leaves are what a classifier predicts; a branch (such as ``mitotic``) is the parent of leaves.
    """

    name: str
    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        slugs = [phase.slug for phase in self.phases]
        if len(set(slugs)) != len(slugs):
            raise CellCycleError(f"Vocabulary {self.name!r} names a phase twice: {slugs}.")
        orphans = [p.slug for p in self.phases if p.parent is not None and p.parent not in slugs]
        if orphans:
            raise CellCycleError(f"Vocabulary {self.name!r}: no parent phase for {orphans}.")

    def __iter__(self) -> Iterator[Phase]:
        return iter(self.phases)

    def __getitem__(self, slug: str) -> Phase:
        for phase in self.phases:
            if phase.slug == slug:
                return phase
        known = ", ".join(phase.slug for phase in self.phases)
        raise CellCycleError(
            f"{slug!r} is no phase of vocabulary {self.name!r}, which has: {known}."
        )

    @property
    def leaves(self) -> tuple[Phase, ...]:
        """The phases that have no children, in order."""
        parents = {phase.parent for phase in self.phases}
        return tuple(phase for phase in self.phases if phase.slug not in parents)

    @property
    def slugs(self) -> tuple[str, ...]:
        """Slugs of the leaves, in order."""
        return tuple(phase.slug for phase in self.leaves)

    def leaf_codes(self, otherwise: int = -1) -> NDArray[np.int64]:
        """Place among the leaves of each phase, and last (so at -1) of none.

        Parameters
        ----------
        otherwise : int
            In place of it for branches and for none.
        """
        slugs = self.slugs
        codes = [slugs.index(p.slug) if p.slug in slugs else otherwise for p in self.phases]
        return np.array([*codes, otherwise], np.int64)

    def children(self, slug: str) -> tuple[Phase, ...]:
        """Phases directly below ``slug``."""
        return tuple(phase for phase in self.phases if phase.parent == slug)

    def top(self, slug: str) -> Phase:
        """The outermost branch that ``slug`` belongs to (itself, if it has no parent)."""
        phase = self[slug]
        return phase if phase.parent is None else self.top(phase.parent)

    def recolored(self, colors: Mapping[str, str]) -> PhaseSet:
        """The same phases with other colours, ``#RRGGBB`` by slug; those not named keep theirs."""
        return replace(
            self,
            phases=tuple(replace(p, color=colors.get(p.slug, p.color)) for p in self.phases),
        )

    def coarsen(
        self,
        probabilities: NDArray[np.floating],
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[tuple[str, ...], NDArray[np.floating]]:
        """Add up the probabilities of leaves that belong together.

        Parameters
        ----------
        probabilities : ndarray, ``(n, leaves)``, float
            One column a leaf, in the order of :attr:`slugs`.
        groups : mapping of str to sequence of str, optional
            Name of each group and the slugs it takes in. The default is the top level of the tree.

        Returns
        -------
        names : tuple of str
        probabilities : ndarray, ``(n, groups)``, float

        Raises
        ------
        CellCycleError
            If a slug is unknown or falls into two groups.
        """
        if groups is None:
            tops: dict[str, list[str]] = {}
            for leaf in self.leaves:
                tops.setdefault(self.top(leaf.slug).slug, []).append(leaf.slug)
            groups = tops
        index = {slug: i for i, slug in enumerate(self.slugs)}
        taken: set[str] = set()
        columns = []
        for name, members in groups.items():
            for slug in members:
                if slug not in index:
                    known = ", ".join(index)
                    raise CellCycleError(
                        f"Cannot merge {slug!r} into {name!r}: leaves are {known}."
                    )
                if slug in taken:
                    raise CellCycleError(f"Phase {slug!r} is merged twice.")
                taken.add(slug)
            columns.append(np.asarray(probabilities)[:, [index[s] for s in members]].sum(axis=1))
        return tuple(groups), np.stack(columns, axis=1)


# Okabe & Ito (2008) with a neutral slate for cells that do not divide.
MITOSIS_STAGES = PhaseSet(
    "mitosis-stages",
    (
        Phase("non-mitotic", "non-mitotic", "#56B4E9"),
        Phase("mitotic", "mitotic", "#8B4513"),
        Phase("prophase", "prophase", "#F0E442", "mitotic"),
        Phase("early-prometaphase", "early prometaphase", "#E69F00", "mitotic"),
        Phase("prometaphase-metaphase", "prometaphase/metaphase", "#D55E00", "mitotic"),
        Phase(
            "anaphase-telophase-cytokinesis", "anaphase/telophase/cytokinesis", "#CC79A7", "mitotic"
        ),
    ),
)
MITOSIS_2D = PhaseSet(
    "mitosis-2d",
    (
        Phase("non-mitotic", "non-mitotic", "#56B4E9"),
        Phase("mitotic", "mitotic", "#8B4513"),
        Phase("prometaphase", "prometaphase", "#E69F00", "mitotic"),
        Phase("metaphase", "metaphase", "#D55E00", "mitotic"),
        Phase("anaphase", "anaphase", "#CC79A7", "mitotic"),
        Phase("apoptosis", "apoptosis", "#009E73"),
    ),
)
G1_S_G2_M = PhaseSet(
    "g1-s-g2-m",
    (
        Phase("g1", "G1", "#56B4E9"),
        Phase("s", "S", "#009E73"),
        Phase("g2", "G2", "#E69F00"),
        Phase("m", "M", "#D55E00"),
    ),
)
EXPOSURE = PhaseSet(
    "exposure",
    (
        Phase("0", "0", "#56B4E9"),
        Phase("0.1", "0.1", "#E69F00"),
        Phase("1", "1", "#D55E00"),
    ),
)

VOCABULARIES: dict[str, PhaseSet] = {
    phases.name: phases for phases in (MITOSIS_STAGES, MITOSIS_2D, G1_S_G2_M, EXPOSURE)
}


FURTHER_COLORS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2")
_LONG = 60


def flat_vocabulary(name: str, slugs: Sequence[str]) -> PhaseSet:
    """Make a vocabulary of a user's own: phases without a tree, in the order given.

    Raises
    ------
    CellCycleError
        If a name is empty or stands there twice.
    """
    if not name or not all(slugs):
        raise CellCycleError(f"Vocabulary {name!r} has a phase without a name: {list(slugs)}.")
    colors = [FURTHER_COLORS[i % len(FURTHER_COLORS)] for i in range(len(slugs))]
    return PhaseSet(name, tuple(Phase(s, s, c) for s, c in zip(slugs, colors, strict=True)))


def own_vocabulary(slugs: Sequence[str]) -> PhaseSet:
    """Make a vocabulary of a user's own that nobody has named: its phases are its name.

    Two with other phases so have other names. A name of more than 60 characters is cut, and ends
    with a hash.

    Raises
    ------
    CellCycleError
        As :func:`flat_vocabulary`.
    """
    name = "-".join(slugs)
    if len(name) > _LONG:
        name = f"{name[: _LONG - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
    return flat_vocabulary(name, slugs)


def vocabulary(name: str) -> PhaseSet:
    """Look up a built-in vocabulary by name."""
    try:
        return VOCABULARIES[name]
    except KeyError:
        known = ", ".join(VOCABULARIES)
        raise CellCycleError(f"No vocabulary {name!r}; known are {known}.") from None
