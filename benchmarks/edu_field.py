"""S phase on adherent cells that nobody trained on: a model's p(s) against EdU, as Markdown.

Run ``uv run python benchmarks/edu_field.py [--model NAME] [--out FILE]``; it takes half a minute.
Nuclei are found in DAPI by the project's own segmentation. A nucleus is in S where its mean EdU
above the field's median is over Otsu's threshold of the logarithms: set before any model was run,
and blind to it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from tables import markdown, number, options, parsed, publish

from napari_cellcycle.classify import Classification, classify
from napari_cellcycle.image import Stack, open_image
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate

FIELD = "dapi_tubulin_p21_edu_field_2d.ome.tif"
MODEL = "g1-s-g2-m"
TRUTH = ("EdU-negative", "EdU-positive")
Floats = NDArray[np.float64]


def edu_of(stack: Stack, result: Classification) -> Floats:
    """Mean EdU of each nucleus above the median of the field, grey values."""
    edu = np.asarray(stack.volume(0, stack.channel("EdU"))[0], dtype=float)
    labels = result.segmentation.volume(0)[0]
    return np.asarray(ndimage.mean(edu - np.median(edu), labels, result.cells.label))


def is_positive(edu: Floats) -> tuple[NDArray[np.bool_], float]:
    """Split nuclei by Otsu's threshold of the logarithm; also that threshold."""
    level = float(np.exp(threshold_otsu(np.log(np.maximum(edu, 1.0)))))
    return edu > level, level


def ranked(score: Floats, positive: NDArray[np.bool_], draws: int) -> Evaluation:
    """AUROC of a score in [0, 1], with an interval by cell: one field has no groups."""
    cells = np.arange(len(score)).astype(str)
    truth = np.array(TRUTH)[positive.astype(int)]
    return evaluate(truth, np.stack([1 - score, score], axis=1), TRUTH, cells, draws=draws)


def between_peaks(content: Floats) -> Floats:
    """The plain rival: 1 where DNA content is 1.5 times that of G1, 0 at G1 and at G2."""
    return np.clip(1 - np.abs(content - 1.5) / 0.5, 0, 1)


def content_of(stack: Stack, result: Classification) -> Floats:
    """Summed DAPI of each nucleus above the field's 5th percentile, G1 peak = 1."""
    dapi = np.asarray(stack.volume(0, stack.channel("DAPI"))[0], dtype=float)
    labels = result.segmentation.volume(0)[0]
    total = np.asarray(ndimage.sum(dapi - np.percentile(dapi, 5), labels, result.cells.label))
    octaves = np.log2(np.maximum(total, 1.0))
    grid = np.linspace(octaves.min(), octaves.max(), 512)
    density = np.exp(-0.5 * ((grid[:, None] - octaves) / 0.1) ** 2).sum(axis=1)
    return np.asarray(total / 2 ** grid[density.argmax()])


def main() -> None:
    """Classify the field, compare p(s) with EdU, and print the table."""
    parser = options("edu-field", __doc__, draws=2000)
    parser.add_argument("--model", default=MODEL, help="name or path (%(default)s)")
    given = parsed(parser)
    stack = open_image(Path(given.data) / FIELD)
    dna = stack.channel("DAPI")
    result = classify(stack, model=given.model, channels={"dna": dna}, device=given.device)
    inside = ~result.cells.touches_border
    edu = edu_of(stack, result)
    positive, level = is_positive(edu)
    p_s = result.decision.probabilities[:, result.card.phases.index("s")]
    rows = []
    for name, score in (
        (f"p(s) of {result.card.name}", p_s),
        ("DNA content between the peaks", between_peaks(content_of(stack, result))),
    ):
        found = ranked(score[inside], positive[inside], given.draws)
        low, high = found.intervals[f"auroc/{TRUTH[1]}"]
        auroc = number(found.values[f"auroc/{TRUTH[1]}"])
        rows.append((name, f"{auroc} ({low:.3f}–{high:.3f})"))
    called = np.array(result.card.phases)[result.decision.phase]
    counts = [
        (
            phase,
            str(int((called == phase)[inside].sum())),
            str(int(((called == phase) & positive)[inside].sum())),
        )
        for phase in result.card.phases
    ]
    publish(
        given,
        f"{int(inside.sum())} nuclei, {int(positive[inside].sum())} of them EdU-positive (mean "
        f"above {level:.0f} grey values); {int((~inside).sum())} more touch the border and are "
        "left out. 95 % intervals by bootstrap over cells: it is one field.",
        markdown(("", "AUROC, EdU-positive"), rows),
        markdown(("called", "nuclei", "of them EdU-positive"), counts),
        "\n".join(f"- {note}" for note in result.notes),
    )


if __name__ == "__main__":
    main()
