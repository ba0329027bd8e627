"""The verb ``models``: its actions, their options, and what they print."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.arguments import ending
from napari_cellcycle.cli.console import plain, print_facts, print_files, print_json, print_table
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.models.catalogue import ModelEntry

SHOW = "show"


def expand(argv: Sequence[str]) -> list[str]:
    """Complete ``models NAME``, which is short for ``models show NAME``.

    No model can have the name of an action, so that one reading is always right; a path such as
    ``./install`` is a path.

    Raises
    ------
    CellCycleError
        If more words follow what is no action.
    """
    words = list(argv)
    if words[:1] == ["models"]:
        first = next((i for i, word in enumerate(words) if i and not word.startswith("-")), None)
        if first is not None and words[first] not in ACTIONS:
            if any(not word.startswith("-") for word in words[first + 1 :]):
                raise CellCycleError(
                    f"{words[first]} is no action of models; there are: {', '.join(ACTIONS)}."
                )
            words.insert(first, SHOW)
    return words


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``models`` and of each action."""
    parser.usage = "%(prog)s [-h] [--json] [NAME | ACTION ...]"
    parser.set_defaults(action=_list)
    actions = parser.add_subparsers(metavar="ACTION", title="actions", prog=parser.prog)
    for name, (text, own_options, action) in ACTIONS.items():
        sub = actions.add_parser(name, help=text, description=f"{text}.")
        own_options(sub)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        sub.set_defaults(action=action)


def run(args: argparse.Namespace) -> None:
    """Do what the action says."""
    args.action(args)


def _list(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.catalogue import list_models

    entries = list_models()
    if args.json:
        print_json([entry.to_dict() for entry in entries])
        return
    rows = [
        (
            *(entry.name, entry.card.version, "yours" if entry.source == "user" else "shipped"),
            *(entry.card.vocabulary, megabytes(entry.size), entry.card.licence),
        )
        for entry in entries
    ]
    heading = ("model", "version", "from", "vocabulary", "size", "licence")
    print_table([heading, *rows], right=(4,))


def _show(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.folder import read_model_card

    card, sha256 = read_model_card(args.name)
    if args.json:
        print_json(card.to_dict() | {"sha256": sha256})
    else:
        _print_card(card, sha256)


def _print_card(card: ModelCard, sha256: str) -> None:
    print_facts(
        {
            "model": f"{card.name} {card.version}",
            "sha256": sha256,
            "description": card.description,
            "architecture": card.architecture.name,
            "vocabulary": f"{card.vocabulary}: {', '.join(card.phases)}",
            "channels": ", ".join(card.recipe.channels),
            "if one is missing": card.missing_channels,
            "limits": card.limits,
            "licence": card.licence,
            "trained on": f"{sum(source.n for source in card.training_data):,} cells",
        }
    )
    for source in card.training_data:
        print(f"  {source.name}: {source.n:,} cells, {source.licence}, {source.attribution}")
    if card.ranges:
        print("training data covered")
        for name, (low, high) in card.ranges.items():
            print(f"  {name}: {low:g} to {high:g}")
    if card.metrics:
        print("metrics")
        for line in _lines(card.metrics):
            print(f"  {line}")


def _lines(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{above}{name} / ")
        elif not isinstance(value, (list, tuple)) or len(value) <= 8:
            text = f"{value:.4g}" if isinstance(value, float) else str(plain(value))
            yield f"{above}{name}: {text}"


def _install(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.library import install_model

    _print_entry(args, install_model(args.file, name=args.name, overwrite=args.replace))


def _remove(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.library import remove_model

    folder = remove_model(args.name)
    if args.json:
        print_json({"removed": args.name, "path": folder})
    else:
        print(f"removed {args.name}, {folder}")


def _rename(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.library import rename_model

    _print_entry(args, rename_model(args.old, args.new))


def _export(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.folder import read_model_card
    from napari_cellcycle.models.library import export_model

    path = export_model(args.name, args.file, overwrite=args.replace)
    card, sha256 = read_model_card(path)
    if args.json:
        size = path.stat().st_size
        print_json({"name": card.name, "sha256": sha256, "out": path, "size": size})
    else:
        print(f"{card.name} {card.version} ({sha256[:12]})")
        print_files([path])


def _convert(args: argparse.Namespace) -> None:
    from napari_cellcycle.models.legacy import convert, parse_files

    card, sha256 = convert(
        parse_files(args.files),
        args.like,
        args.out,
        name=args.name,
        licence=args.licence,
        overwrite=args.replace,
    )
    if args.json:
        print_json(card.to_dict() | {"sha256": sha256, "out": args.out})
    else:
        print(f"{card.name} {card.version} ({sha256[:12]}): {card.limits}")
        print_files([args.out])


def _print_entry(args: argparse.Namespace, entry: ModelEntry) -> None:
    if args.json:
        print_json(entry.to_dict())
        return
    print(f"{entry.name} {entry.card.version} ({entry.sha256[:12]}), {megabytes(entry.size)}")
    print_files([entry.path])


def megabytes(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1e6:.1f} MB"


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name, or path of a model folder or zip")


def _install_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.zip|FOLDER", type=Path, help="the model")
    parser.add_argument("--name", metavar="NEW", help="what to call it (the name on its card)")
    parser.add_argument(
        "--replace", action="store_true", help="if you have a model of this name, it gives way"
    )


def _remove_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a model of yours; you are not asked again")


def _rename_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="a model of yours")
    parser.add_argument("new", metavar="NEW", help="what to call it")


def _export_options(parser: argparse.ArgumentParser) -> None:
    _show_options(parser)
    parser.add_argument("file", metavar="FILE.zip", type=ending(".zip"))
    parser.add_argument(
        "--replace", action="store_true", help="another model that is in this file gives way"
    )


def _convert_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="AXIS=FILE.pt",
        nargs="+",
        help="weights for each projection, such as z=z.pt; the axis may be left out if the model "
        "has only one",
    )
    parser.add_argument(
        "--like",
        metavar="MODEL",
        required=True,
        help="model whose card says architecture, phases, channels and views: a name, a folder or "
        "its card.json, or a zip",
    )
    parser.add_argument(
        "--out", metavar="FOLDER|FILE.zip", type=Path, required=True, help="where the model goes"
    )
    parser.add_argument("--name", help="of the model (that of --out)")
    parser.add_argument("--licence", help="of the weights (unknown)")
    parser.add_argument("--replace", action="store_true", help="an older model at --out gives way")


_Action = tuple[
    str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], None]
]
ACTIONS: dict[str, _Action] = {
    SHOW: ("Print a model's card (short: models NAME)", _show_options, _show),
    "install": ("Make a model one of yours", _install_options, _install),
    "remove": ("Remove a model of yours", _remove_options, _remove),
    "rename": ("Give a model of yours another name", _rename_options, _rename),
    "export": ("Write a model as a zip file", _export_options, _export),
    "convert": ("Make a model of PyTorch weights", _convert_options, _convert),
}
