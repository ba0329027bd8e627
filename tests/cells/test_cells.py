import subprocess
import sys

import pytest

import napari_cellcycle.cells as cells


@pytest.mark.parametrize("name", cells.__all__)
def test_every_public_name_resolves(name):
    assert getattr(cells, name) is not None
    assert name in dir(cells)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        cells.no_such_name  # noqa: B018


def test_the_room_imports_nothing_heavy():
    code = (
        "import sys, napari_cellcycle.cells as c; [getattr(c, n) for n in c.__all__];"
        "heavy = {'torch', 'skimage', 'pandas', 'scipy', 'zarr', 'bioio', 'napari', 'qtpy'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
