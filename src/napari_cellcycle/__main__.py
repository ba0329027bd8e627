"""The program: the command line, with napari behind its ``--view``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from napari_cellcycle import cli

if TYPE_CHECKING:
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack


def main() -> int:
    """Run the command line with the arguments of the process."""
    return cli.main(viewer=_view)


def _view(stack: Stack, classification: Classification) -> None:
    from napari_cellcycle._qt.launch import launch

    launch(stack, classification)


if __name__ == "__main__":
    sys.exit(main())
