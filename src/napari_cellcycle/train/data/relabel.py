"""Someone else's labels: renamed, merged, and only then compared with the classes of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.models.levels import stages_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

    Labels = NDArray[np.str_]

DROPPED = ""
"""What stands for a label that a map drops."""

_MAP = "--map is theirs=ours,… such as Interphase=non-mitotic,Hole= (nothing after = drops)"
_MERGE = "--merge is name=class+class,… such as mitotic=prometaphase+metaphase+anaphase"


def parse_map(text: str) -> dict[str, str]:
    """Read ``theirs=ours,…``; ``theirs=`` drops what is labelled so.

    Parameters
    ----------
    text : str
        Such as ``"G1=g1,S=s,Debris="``.

    Returns
    -------
    dict of str to str
        :data:`DROPPED` for what is dropped.

    Raises
    ------
    CropSetError
        If it is not of that form, or names a label twice.
    """
    return dict(_pairs(text, _MAP))


def parse_merge(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``name=class+class,…``.

    Parameters
    ----------
    text : str
        Such as ``"mitotic=prometaphase+metaphase+anaphase,non-mitotic=non-mitotic+apoptosis"``.

    Returns
    -------
    dict of str to tuple of str
        What each name takes in.

    Raises
    ------
    CropSetError
        If it is not of that form, or a class is merged twice.
    """
    merge = {}
    for name, members in _pairs(text, _MERGE):
        merge[name] = tuple(member.strip() for member in members.split("+"))
        if not all(merge[name]):
            raise CropSetError(f"{name!r} takes in a class without a name; {_MERGE}.")
    times = Counter(member for members in merge.values() for member in members)
    twice = [member for member, n in times.items() if n > 1]
    if twice:
        raise CropSetError(
            f"--merge takes in {', '.join(twice)} twice; each class goes to one name."
        )
    return merge


def _pairs(text: str, form: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for item in text.split(","):
        if not item.strip():
            continue
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals) or "=" in value:
            raise CropSetError(f"{item.strip()!r} is not understood; {form}.")
        if name in found:
            raise CropSetError(f"{name!r} is given twice; {form}.")
        found[name] = value
    if not found:
        raise CropSetError(f"{text!r} says nothing; {form}.")
    return list(found.items())


def relabel(labels: Sequence[str] | Labels, mapping: Mapping[str, str]) -> Labels:
    """Rename labels.

    Parameters
    ----------
    labels : sequence of str, ``(n,)``
        As the data set has them.
    mapping : mapping of str to str
        Theirs to ours, as from :func:`parse_map`; labels that are not listed keep their name.

    Returns
    -------
    ndarray, ``(n,)``, str
        :data:`DROPPED` (empty) where a cell is dropped: rows stay in step with the images.
    """
    names, inverse = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    return np.array([mapping.get(str(name), str(name)) for name in names], dtype=str)[inverse]


def merged_classes(
    phases: PhaseSet, merge: Mapping[str, Sequence[str]], labels: Sequence[str] | Labels = ()
) -> dict[str, tuple[str, ...]]:
    """Find the classes after merging, for :meth:`PhaseSet.coarsen`.

    Parameters
    ----------
    phases : PhaseSet
        Vocabulary of the model.
    merge : mapping of str to sequence of str
        As from :func:`parse_merge`. A branch (``mitotic``) stands for its leaves. A label of the
        data that is no class of the model may be merged too.
    labels : sequence of str
        Those of the data.

    Returns
    -------
    dict of str to tuple of str
        Names of the merge with the leaves that each takes in, then the classes left as they are.

    Raises
    ------
    CropSetError
        If a member is neither a class nor a label, a name takes in no class of the model, or a
        class is merged twice.
    """
    known = {phase.slug for phase in phases} | {str(label) for label in np.unique(labels)}
    unknown = [m for members in merge.values() for m in members if m not in known]
    if unknown:
        raise CropSetError(
            f"--merge takes in {', '.join(unknown)}, which is neither a class of the model "
            f"({', '.join(phases.slugs)}) nor a label of the data set."
        )
    taken: dict[str, str] = {}
    classes: dict[str, tuple[str, ...]] = {}
    for name, members in merge.items():
        # a branch and its own leaves, as for two models with other classes, are no contradiction
        leaves = list(dict.fromkeys(s for member in members for s in _leaves(phases, member)))
        for leaf in leaves:
            if leaf in taken:
                raise CropSetError(f"--merge puts {leaf} into both {taken[leaf]} and {name}.")
            taken[leaf] = name
        if not leaves:
            raise CropSetError(
                f"--merge makes {name} of {', '.join(members)}, but a model with the classes "
                f"{', '.join(phases.slugs)} knows none of them."
            )
        classes[name] = tuple(leaves)
    for slug in phases.slugs:
        if slug in taken:
            continue
        if slug in classes:
            raise CropSetError(
                f"--merge makes {slug} of other classes, but {slug} is a class itself: write "
                f"{slug}={slug}+{'+'.join(merge[slug])}."
            )
        classes[slug] = (slug,)
    return classes


def merge_labels(
    labels: Sequence[str] | Labels,
    merge: Mapping[str, Sequence[str]],
    classes: Mapping[str, Sequence[str]],
) -> Labels:
    """Give each cell the name that takes in its label; other labels keep theirs.

    Parameters
    ----------
    labels : sequence of str, ``(n,)``
        Of the data, renamed already.
    merge : mapping of str to sequence of str
        As from :func:`parse_merge`.
    classes : mapping of str to sequence of str
        As from :func:`merged_classes`.
    """
    taken = {leaf: name for name, leaves in classes.items() for leaf in leaves}
    taken |= {member: name for name, members in merge.items() for member in members}
    return relabel(labels, taken)


def _leaves(phases: PhaseSet, slug: str) -> list[str]:
    """Leaves that a leaf (itself), a branch or a word that is no phase (none) stands for."""
    if slug in phases.slugs:
        return [slug]
    return [leaf for child in phases.children(slug) for leaf in _leaves(phases, child.slug)]


def check_labels(labels: Sequence[str] | Labels, classes: Sequence[str], name: str) -> None:
    """Refuse labels that are no class.

    Parameters
    ----------
    labels : sequence of str, ``(n,)``
        After renaming and merging, without those that are dropped.
    classes : sequence of str
        Those of the model, after merging.
    name : str
        What messages call the data.

    Raises
    ------
    CropSetError
        With each unknown label and how many cells have it, and the way out.
    """
    counts = Counter(np.asarray(labels, dtype=str).tolist())
    unknown = {label: n for label, n in sorted(counts.items()) if label not in classes}
    if not unknown:
        return
    listed = ", ".join(f"{label or 'an empty label'} ({n})" for label, n in unknown.items())
    first = next(iter(unknown))
    raise CropSetError(
        f"{name} has labels that the model does not know: {listed}. Its classes are "
        f"{', '.join(classes)}. Rename them (--map {_quoted(f'{first}=CLASS')}), leave them out "
        f"(--map {_quoted(f'{first}=')}), or put classes together under their name (--merge "
        f"{_quoted(f'{first}=CLASS+CLASS')})."
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def called_leaves(probabilities: NDArray[np.floating[Any]], phases: PhaseSet) -> NDArray[np.int64]:
    """Index of the leaf that a model predicts.

    A vocabulary of two levels decides along its tree, as :func:`~napari_cellcycle.models.ensemble.
    decide` does: the branch first, then the stage. Others take the most probable leaf.

    Parameters
    ----------
    probabilities : ndarray, ``(n, leaves)``, float
        In the order of the vocabulary.
    phases : PhaseSet
        The vocabulary.
    """
    p = np.asarray(probabilities)
    if not stages_of(phases):
        return np.asarray(p.argmax(axis=1), dtype=np.int64)
    is_branch = p[:, 1:].sum(axis=1) > p[:, 0]
    return np.where(is_branch, 1 + p[:, 1:].argmax(axis=1), 0).astype(np.int64)
