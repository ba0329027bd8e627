"""The vocabularies of a project: those of its models, and a person's own."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleWarning, ProjectError
from napari_cellcycle.phases import FURTHER_COLORS, VOCABULARIES, Phase, PhaseSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.store import Store


_COLORS = "colors/"


class Vocabularies:
    """Vocabularies by name, kept with the project so that it can be read anywhere."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self) -> tuple[str, ...]:
        """Names of those that the project uses."""
        rows = self._store.database.query("SELECT name FROM vocabulary ORDER BY name")
        return tuple(name for (name,) in rows)

    def __getitem__(self, name: str) -> PhaseSet:
        return self.as_made(name).recolored(self._store.parameter(_COLORS + name, {}))

    def recolor(self, name: str, colors: Mapping[str, str]) -> PhaseSet:
        """Keep other colours for a vocabulary.

        Parameters
        ----------
        name : str
            The vocabulary.
        colors : mapping of str to str
            ``#RRGGBB`` by slug; phases that are not named have the colours they were made with.

        Raises
        ------
        ProjectError
            If a slug is no phase of it, a colour is none, or nothing may be changed.
        """
        phases = self.as_made(name)
        for slug, color in colors.items():
            if not re.fullmatch("#[0-9A-Fa-f]{6}", color):
                raise ProjectError(
                    f"{color!r} is no colour for {phases[slug].name}: write it as #RRGGBB."
                )
        other = {slug: c.upper() for slug, c in colors.items() if phases[slug].color != c.upper()}
        self._store.set_parameter(_COLORS + name, other)
        return phases.recolored(other)

    def as_made(self, name: str) -> PhaseSet:
        """A vocabulary with the colours that it was made with."""
        text = self._store.database.value("SELECT phases FROM vocabulary WHERE name = ?", (name,))
        if text is not None:
            return from_json(name, text)
        if name in VOCABULARIES:
            return VOCABULARIES[name]
        known = ", ".join(sorted({*self.names(), *VOCABULARIES}))
        raise ProjectError(f"The project has no vocabulary {name!r}; there are {known}.")

    def add(self, phases: PhaseSet) -> None:
        """Keep a vocabulary, or take over its new names, colours and further phases.

        Raises
        ------
        ProjectError
            If one of that name is there and has a phase that the new one lacks, or a phase moves
            to another branch: words that were said would lose their meaning.
        """
        with self._store.transaction() as changes:
            if phases.name in self.names():
                _check_extends(self.as_made(phases.name), phases)
            _put(changes, phases)

    def keep(self, changes: Transaction, phases: PhaseSet) -> None:
        """Keep a vocabulary as a part of other changes.

        One of that name that is there stays, and gets the phases that it lacks, as after a model
        was trained again with more of them: what was said and predicted in either keeps its
        meaning.

        Raises
        ------
        ProjectError
            If a phase is in another branch there.

        Warns
        -----
        CellCycleWarning
            If each has phases that the other lacks: these may be two vocabularies of one name.
        """
        if phases.name not in self.names():
            _put(changes, phases)
            return
        old = self.as_made(phases.name)
        _check_branches(old, phases)
        further = [phase for phase in phases if phase.slug not in {p.slug for p in old}]
        if further:
            _warn_of_another(old, phases)
            _put(changes, PhaseSet(old.name, (*old, *_recolored(further, old))))


def _put(changes: Transaction, phases: PhaseSet) -> None:
    changes.run(
        "INSERT INTO vocabulary VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
        "phases = excluded.phases",
        (phases.name, to_json(phases)),
    )


def to_json(phases: PhaseSet) -> str:
    """Write a vocabulary as text."""
    return json.dumps([astuple(phase) for phase in phases])


def from_json(name: str, text: str) -> PhaseSet:
    """Read :func:`to_json`."""
    return PhaseSet(name, tuple(Phase(*fields) for fields in json.loads(text)))


def _recolored(further: Sequence[Phase], old: PhaseSet) -> Iterator[Phase]:
    """Further phases in colours that others do not have, as far as there are any."""
    used = {phase.color for phase in old}
    for phase in further:
        free = [color for color in FURTHER_COLORS if color not in used]
        given = replace(phase, color=free[0]) if phase.color in used and free else phase
        used.add(given.color)
        yield given


def _check_branches(old: PhaseSet, new: PhaseSet) -> None:
    parents = {phase.slug: phase.parent for phase in new}
    moved = [p.slug for p in old if parents.get(p.slug, p.parent) != p.parent]
    if moved:
        raise ProjectError(
            f"Vocabulary {new.name!r} is in the project already, and there {', '.join(moved)} "
            "belongs to another branch. Give the new vocabulary another name, or make a new "
            "project."
        )


def _warn_of_another(old: PhaseSet, new: PhaseSet) -> None:
    if {phase.slug for phase in old} <= {phase.slug for phase in new}:
        return
    warnings.warn(
        f"Two vocabularies are called {old.name}: the project's with {', '.join(old.slugs)}, and "
        f"one with {', '.join(new.slugs)}. They are one from now on, with the phases of both. If "
        "they have nothing in common, train under another name (--vocabulary), or make a new "
        "project.",
        CellCycleWarning,
        stacklevel=4,
    )


def _check_extends(old: PhaseSet, new: PhaseSet) -> None:
    parents = {phase.slug: phase.parent for phase in new}
    lost = [p.slug for p in old if p.slug not in parents or parents[p.slug] != p.parent]
    if lost:
        raise ProjectError(
            f"Vocabulary {new.name!r} is in the project already, and there it has "
            f"{', '.join(lost)}. Keep these phases where they are, or give the new vocabulary "
            "another name."
        )
