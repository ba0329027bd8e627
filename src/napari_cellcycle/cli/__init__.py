"""The command line: one module a verb, and what verbs share."""

from napari_cellcycle.cli.program import VERBS, main, parse

__all__ = ["VERBS", "main", "parse"]
