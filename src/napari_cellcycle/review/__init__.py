"""Review: what is true of every cell now, the order to look at them, and what people agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.review.agreement.agreement import confusion, measure_agreement
    from napari_cellcycle.review.daughters.daughters import PairLimits, Proposals, propose_pairs
    from napari_cellcycle.review.daughters.merging import Merging
    from napari_cellcycle.review.export.export import Exported, export_project
    from napari_cellcycle.review.export.rows import cells_table, reviews_table
    from napari_cellcycle.review.export.tables import read_table, write_table
    from napari_cellcycle.review.intake.answers import Answers, read_answers
    from napari_cellcycle.review.intake.events import read_events
    from napari_cellcycle.review.intake.intake import import_words
    from napari_cellcycle.review.intake.pair_verdicts import read_verdicts
    from napari_cellcycle.review.intake.union import unite
    from napari_cellcycle.review.orders import ORDERS
    from napari_cellcycle.review.queue import Filter, Queue
    from napari_cellcycle.review.relabelling.handover import Handover, hand_over
    from napari_cellcycle.review.relabelling.orphans import Orphan, find_orphans
    from napari_cellcycle.review.relabelling.transfer import revise
    from napari_cellcycle.review.scribe import Change
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects.curation import curation_counts, measured_of, suspects_of
    from napari_cellcycle.review.suspects.suspects import Limits, Suspects, find_suspects
    from napari_cellcycle.review.tracks.smoothing import smooth_predictions
    from napari_cellcycle.review.tracks.tracking import (
        find_jumps,
        spread_word,
        timing_of,
        tracking_of,
    )

_HOME = {
    "Answers": "intake.answers",
    "Change": "scribe",
    "Exported": "export.export",
    "Filter": "queue",
    "Handover": "relabelling.handover",
    "Limits": "suspects.suspects",
    "Merging": "daughters.merging",
    "ORDERS": "orders",
    "Orphan": "relabelling.orphans",
    "PairLimits": "daughters.daughters",
    "Proposals": "daughters.daughters",
    "Queue": "queue",
    "Review": "state",
    "Suspects": "suspects.suspects",
    "cells_table": "export.rows",
    "confusion": "agreement.agreement",
    "curation_counts": "suspects.curation",
    "export_project": "export.export",
    "find_jumps": "tracks.tracking",
    "find_orphans": "relabelling.orphans",
    "find_suspects": "suspects.suspects",
    "hand_over": "relabelling.handover",
    "import_words": "intake.intake",
    "measure_agreement": "agreement.agreement",
    "measured_of": "suspects.curation",
    "propose_pairs": "daughters.daughters",
    "read_answers": "intake.answers",
    "read_events": "intake.events",
    "read_table": "export.tables",
    "read_verdicts": "intake.pair_verdicts",
    "reviews_table": "export.rows",
    "revise": "relabelling.transfer",
    "smooth_predictions": "tracks.smoothing",
    "spread_word": "tracks.tracking",
    "suspects_of": "suspects.curation",
    "timing_of": "tracks.tracking",
    "tracking_of": "tracks.tracking",
    "unite": "intake.union",
    "write_table": "export.tables",
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
