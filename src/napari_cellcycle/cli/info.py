"""The verb ``info``: versions, device and data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.cli.console import print_facts, print_json

if TYPE_CHECKING:
    import argparse

_REPORTED = (
    *("napari-cellcycle", "napari", "torch", "torchvision", "numpy", "scikit-image", "tifffile"),
    *("bioio", "aicsimageio"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """``info`` has none."""
    del parser


def run(args: argparse.Namespace) -> None:
    """Run ``info``."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from napari_cellcycle.classify.device import choose_device
    from napari_cellcycle.models.catalogue import data_folder

    versions = {"python": platform.python_version()}
    for name in _REPORTED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    device, folder = choose_device("auto"), str(data_folder())
    if args.json:
        print_json({"versions": versions, "device": device, "data_folder": folder})
    else:
        print_facts(versions | {"device": device, "data folder": folder})
