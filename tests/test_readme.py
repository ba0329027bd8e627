"""The code and the commands in README and docs, as a reader would run them."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

import pytest

from napari_cellcycle import cli
from napari_cellcycle.cli import models, program

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Arguments of each `napari-cellcycle` line."""
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    found = (re.match(r"(?:uv run --extra all )?napari-cellcycle\s+(.*)", line) for line in lines)
    return [shlex.split(match[1], comments=True) for match in found if match]


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the simulated field was written to ``demo/``."""
    folder = tmp_path_factory.mktemp("readme")
    assert cli.main(["simulate", "--out", str(folder / "demo"), "--cells", "8"]) == 0
    return folder


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_code_runs(
    page: Path, field: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(field)
    (field / "cells.csv").unlink(missing_ok=True)
    codes = blocks(page, "python")
    for code in codes:
        exec(compile(code, page.name, "exec"), {})
    printed = capsys.readouterr().out
    whole = "".join(codes)
    assert bool(printed) == ("print(" in whole)
    if "classify(" in whole:
        assert "non-mitotic" in printed
    for name in re.findall(r"(?:to_csv|savez_compressed)\(\"([^\"]+)\"", whole):
        assert (field / name).stat().st_size > 0
    if "to_csv(" in whole:
        rows = (field / "cells.csv").read_text(encoding="utf-8").splitlines()
        assert rows[0].startswith("image,scene,frame,track,label,")
        assert len(rows) > 4


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_pages_about_python_classify_and_write_the_table(page: str) -> None:
    whole = "".join(blocks(ROOT / page, "python"))
    assert "classify(" in whole
    assert "to_csv(" in whole


def test_the_readme_shows_python_in_five_lines() -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    assert len([line for line in code.splitlines() if line]) <= 5


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda p: p.name)
def test_commands_are_understood(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every documented line parses; nothing is run."""
    for arguments in commands(page):
        if arguments[0] != "VERB":
            assert callable(cli.parse(arguments).run)


def test_every_option_stands_in_a_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # help breaks words at hyphens
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    verbs = [[verb.name] for verb in program.VERBS]
    actions = [["models", action] for action in models.ACTIONS]
    missing = []
    for words in verbs + actions:
        with contextlib.suppress(SystemExit):
            cli.parse([*words, "--help"])
        options = set(re.findall(r"(?<![\w-])--[a-z-]+", capsys.readouterr().out))
        assert "--json" in options
        missing += [(*words, o) for o in options if not re.search(rf"{o}(?![\w-])", pages)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_pictures_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_command_line_page_names_every_verb() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for verb in cli.VERBS:
        assert f"| `{verb.name}" in page
