"""Colours of the figures' paper and ink; the phases bring their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one look, ``#RRGGBB``.

    Parameters
    ----------
    paper : str
        Background of the page.
    card : str
        Background of a group of things.
    line : str
        Thin rules and frames.
    ink : str
        Text.
    faint : str
        Secondary text.
    wrong : str
        Marks what disagrees with the truth; always beside a sign or a word, never alone.
    """

    paper: str
    card: str
    line: str
    ink: str
    faint: str
    wrong: str


DARK = Theme("#101317", "#1A1F26", "#3A424E", "#F2F4F7", "#A3ADBA", "#FF6B5E")
LIGHT = Theme("#FFFFFF", "#F4F6F8", "#C9D0D8", "#1B2026", "#5B6673", "#C62F21")
