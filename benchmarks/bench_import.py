"""How long importing takes, beside a bare interpreter and ``import napari``.

    uv run python benchmarks/bench_import.py [--repeats 7]

Prints Markdown. Seconds depend on the machine; the ratios hardly do.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import yaml

MANIFEST = Path(__file__).resolve().parents[1] / "src" / "napari_cellcycle" / "napari.yaml"
HEAVY = ("torch", "torchvision", "bioio", "zarr", "skimage", "pandas")


def seconds(statement: str) -> float:
    """Wall time of a fresh interpreter that runs ``statement``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def heavy(statement: str) -> list[str]:
    """Which heavy packages ``statement`` loads."""
    code = f"{statement}\nimport sys\nprint(*(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats

    commands = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]["commands"]
    modules = sorted({command["python_name"].partition(":")[0] for command in commands})
    statements = [
        "pass",
        "import napari_cellcycle",
        "import napari_cellcycle.cli",
        "import napari",
        "import napari, magicgui, qtpy.QtWidgets",
        *(f"import {module}" for module in modules),
        "import torch",
    ]
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    for round_ in range(repeats + 1):  # the first round fills the disk cache
        for statement in statements:
            took = seconds(statement)
            if round_:
                times[statement].append(took)
    medians = {statement: statistics.median(found) for statement, found in times.items()}
    bare, napari = medians["pass"], medians["import napari"] - medians["pass"]

    print(f"Python {sys.version.split()[0]}, median of {repeats} fresh interpreters\n")
    print("| statement | seconds over a bare interpreter | × `import napari` | heavy packages |")
    print("| --- | ---: | ---: | --- |")
    for statement, median in medians.items():
        extra = median - bare
        ratio = f"{extra / napari:.2f}" if statement != "pass" else ""
        print(f"| `{statement}` | {extra:.3f} | {ratio} | {', '.join(heavy(statement))} |")


if __name__ == "__main__":
    main()
