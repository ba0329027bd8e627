"""Review: what is true of every cell now, the order to look at them, and what people agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.review.agreement import confusion, measure_agreement
    from napari_cellcycle.review.answers import Answers, read_answers
    from napari_cellcycle.review.curation import curation_counts, measured_of, suspects_of
    from napari_cellcycle.review.daughters import PairLimits, Proposals, propose_pairs
    from napari_cellcycle.review.events import read_events
    from napari_cellcycle.review.export import Exported, export_project
    from napari_cellcycle.review.handover import Handover, hand_over
    from napari_cellcycle.review.intake import import_words
    from napari_cellcycle.review.merging import Merging
    from napari_cellcycle.review.orders import ORDERS
    from napari_cellcycle.review.orphans import Orphan, find_orphans
    from napari_cellcycle.review.pair_verdicts import read_verdicts
    from napari_cellcycle.review.queue import Filter, Queue
    from napari_cellcycle.review.rows import cells_table, reviews_table
    from napari_cellcycle.review.scribe import Change
    from napari_cellcycle.review.smoothing import smooth_predictions
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects import Limits, Suspects, find_suspects
    from napari_cellcycle.review.tables import read_table, write_table
    from napari_cellcycle.review.tracking import (
        find_jumps,
        spread_word,
        timing_of,
        tracking_of,
    )
    from napari_cellcycle.review.transfer import revise
    from napari_cellcycle.review.union import unite

_HOME = {
    "Answers": "answers",
    "Change": "scribe",
    "Exported": "export",
    "Filter": "queue",
    "Handover": "handover",
    "Limits": "suspects",
    "Merging": "merging",
    "ORDERS": "orders",
    "Orphan": "orphans",
    "PairLimits": "daughters",
    "Proposals": "daughters",
    "Queue": "queue",
    "Review": "state",
    "Suspects": "suspects",
    "cells_table": "rows",
    "confusion": "agreement",
    "curation_counts": "curation",
    "export_project": "export",
    "find_jumps": "tracking",
    "find_orphans": "orphans",
    "find_suspects": "suspects",
    "hand_over": "handover",
    "import_words": "intake",
    "measure_agreement": "agreement",
    "measured_of": "curation",
    "propose_pairs": "daughters",
    "read_answers": "answers",
    "read_events": "events",
    "read_table": "tables",
    "read_verdicts": "pair_verdicts",
    "reviews_table": "rows",
    "revise": "transfer",
    "smooth_predictions": "smoothing",
    "spread_word": "tracking",
    "suspects_of": "curation",
    "timing_of": "tracking",
    "tracking_of": "tracking",
    "unite": "union",
    "write_table": "tables",
}

__all__ = [
    "ORDERS",
    "Answers",
    "Change",
    "Exported",
    "Filter",
    "Handover",
    "Limits",
    "Merging",
    "Orphan",
    "PairLimits",
    "Proposals",
    "Queue",
    "Review",
    "Suspects",
    "cells_table",
    "confusion",
    "curation_counts",
    "export_project",
    "find_jumps",
    "find_orphans",
    "find_suspects",
    "hand_over",
    "import_words",
    "measure_agreement",
    "measured_of",
    "propose_pairs",
    "read_answers",
    "read_events",
    "read_table",
    "read_verdicts",
    "reviews_table",
    "revise",
    "smooth_predictions",
    "spread_word",
    "suspects_of",
    "timing_of",
    "tracking_of",
    "unite",
    "write_table",
]

__getattr__, __dir__ = lazily(__name__, _HOME)
