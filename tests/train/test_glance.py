"""A glance at a recipe agrees with the recipe, and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.glance import all_recipes, glance
from napari_cellcycle.train.recipes import find_recipe


@pytest.mark.parametrize("found", all_recipes(), ids=lambda found: str(found.name))
def test_it_says_what_the_recipe_says(found) -> None:
    recipe = find_recipe(found.key)
    assert found.name == recipe.name
    assert found.architecture == recipe.architecture.name
    assert dict(found.labels) == dict(recipe.labels)
    assert (found.start, found.pretrained) == (recipe.start, recipe.pretrained)
    assert found.keeps == recipe.fit.keeps_start


def test_no_network_is_built() -> None:
    code = (
        "from napari_cellcycle.train.glance import all_recipes; all_recipes(); import sys; "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="There is no recipe"):
        glance("nothing")
    with pytest.raises(TrainingError, match="There is no recipe"):
        glance(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= nonsense")
    with pytest.raises(TrainingError, match="is no TOML"):
        glance(tmp_path / "bad.toml")
