"""Each network's layers against counts by hand, and against the tables in its file and the docs."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from napari_cellcycle.models.layers import Layer, describe
from napari_cellcycle.models.networks import ARCHITECTURES, skeleton

# input of each published table: channels, outputs, size
INPUTS = {
    "resnet18-projections": (2, 6, 64),
    "nagao": (1, 4, 64),
    "resnet8": (3, 10, 32),
    "resnet14": (3, 10, 32),
    "resnet20": (3, 10, 32),
    "mlp": (1, 4, 64),
    "logistic-regression": (1, 4, 64),
    "microtubule": (1, 3, 300),
    "volume-cnn": (2, 6, 32),
}


def conv(n_in: int, n_out: int, kernel: int = 3, dims: int = 2, bias: bool = True) -> int:
    return n_in * n_out * kernel**dims + (n_out if bias else 0)


def bare(n_in: int, n_out: int, kernel: int = 3, dims: int = 2) -> int:
    """A convolution without bias, and the scale and shift of the normalisation after it."""
    return conv(n_in, n_out, kernel, dims, bias=False) + 2 * n_out


def cifar(n: int) -> list[tuple[str, tuple[int, ...], int]]:
    rest = 2 * n - 1
    return [
        ("input", (16, 32, 32), bare(3, 16)),
        ("stage1", (16, 32, 32), 2 * n * bare(16, 16)),
        ("stage2", (32, 16, 16), bare(16, 32) + rest * bare(32, 32)),
        ("stage3", (64, 8, 8), bare(32, 64) + rest * bare(64, 64)),
        ("pool", (64, 1, 1), 0),
        ("flatten", (64,), 0),
        ("output", (10,), 64 * 10 + 10),
    ]


def deep(n_in: int, n_out: int) -> int:
    """A stage of ResNet-18: two blocks, and a shortcut where channels change."""
    shortcut = bare(n_in, n_out, kernel=1) if n_in != n_out else 0
    return bare(n_in, n_out) + 3 * bare(n_out, n_out) + shortcut


def solid(n_in: int, n_out: int) -> int:
    """A block of the volume network: two convolutions, and a shortcut that mixes channels."""
    return bare(n_in, n_out, dims=3) + bare(n_out, n_out, dims=3) + conv(n_in, n_out, 1, 3)


EXPECTED = {
    "resnet18-projections": [
        ("conv1", (64, 32, 32), conv(2, 64, 7, bias=False)),
        ("bn1", (64, 32, 32), 2 * 64),
        ("relu", (64, 32, 32), 0),
        ("maxpool", (64, 16, 16), 0),
        ("layer1", (64, 16, 16), deep(64, 64)),
        ("layer2", (128, 8, 8), deep(64, 128)),
        ("layer3", (256, 4, 4), deep(128, 256)),
        ("layer4", (512, 2, 2), deep(256, 512)),
        ("avgpool", (512, 1, 1), 0),
        ("flatten", (512,), 0),
        ("fc", (6,), 512 * 6 + 6),
    ],
    "nagao": [
        ("input", (32, 64, 64), conv(1, 32)),
        ("stage1", (32, 32, 32), conv(32, 32)),
        ("stage2", (32, 16, 16), conv(32, 32)),
        ("stage3", (32, 8, 8), conv(32, 32)),
        ("flatten", (32 * 8 * 8,), 0),
        ("dropout", (32 * 8 * 8,), 0),
        ("output", (4,), 32 * 8 * 8 * 4 + 4),
    ],
    "resnet8": cifar(1),
    "resnet14": cifar(2),
    "resnet20": cifar(3),
    "mlp": [
        ("flatten", (64 * 64,), 0),
        ("dense1", (256,), 64 * 64 * 256 + 256),
        ("output", (4,), 256 * 4 + 4),
    ],
    "logistic-regression": [
        ("flatten", (64 * 64,), 0),
        ("output", (4,), 64 * 64 * 4 + 4),
    ],
    "microtubule": [
        ("conv1", (16, 299, 299), conv(1, 16, 2)),
        ("pool1", (16, 149, 149), 0),
        ("conv2", (64, 147, 147), conv(16, 64, 3)),
        ("pool2", (64, 73, 73), 0),
        ("flatten", (64 * 73 * 73,), 0),
        ("dense1", (32,), 64 * 73 * 73 * 32 + 32),
        ("dense2", (32,), 32 * 32 + 32),
        ("output", (3,), 32 * 3 + 3),
    ],
    "volume-cnn": [
        ("input", (16, 32, 32, 32), bare(2, 16, dims=3)),
        ("stage1", (32, 16, 16, 16), solid(16, 32)),
        ("stage2", (64, 8, 8, 8), solid(32, 64)),
        ("stage3", (128, 4, 4, 4), solid(64, 128)),
        ("pool", (128, 1, 1, 1), 0),
        ("flatten", (128,), 0),
        ("dropout", (128,), 0),
        ("output", (6,), 128 * 6 + 6),
    ],
}


def described(name: str) -> list[Layer]:
    n_channels, n_outputs, size = INPUTS[name]
    return describe(name, n_channels=n_channels, n_outputs=n_outputs, size=size)


def test_every_architecture_has_a_table():
    assert set(INPUTS) == set(EXPECTED) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", EXPECTED)
def test_layers_have_the_published_shapes_and_counts(name):
    found = described(name)
    assert [(layer.name, layer.shape, layer.parameters) for layer in found] == EXPECTED[name]
    n_channels, n_outputs, size = INPUTS[name]
    network = skeleton(name, n_channels=n_channels, n_outputs=n_outputs, size=size)
    assert sum(layer.parameters for layer in found) == sum(p.numel() for p in network.parameters())


def test_counts_that_the_literature_states():
    totals = {name: sum(layer.parameters for layer in described(name)) for name in EXPECTED}
    assert totals["resnet20"] == 269_722
    # torchvision's ResNet-18 has 11,689,512 with 3 channels and 1000 classes
    fitted = 11_689_512 - conv(1, 64, 7, bias=False) - (512 * 1000 + 1000) + (512 * 6 + 6)
    assert totals["resnet18-projections"] == fitted
    assert totals["volume-cnn"] < 1_000_000


@pytest.mark.parametrize("name", EXPECTED)
def test_the_file_of_an_architecture_states_its_table_and_its_count(name):
    text = inspect.getdoc(import_module(ARCHITECTURES[name].module))
    assert text is not None
    found = described(name)
    assert f"{sum(layer.parameters for layer in found):,}" in " ".join(text.split())
    if name not in ("resnet8", "resnet14"):  # of which only the count is stated
        assert rows(found) in [listed(part) for part in text.split("::\n")[1:]]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_page_states_the_table_of_each_architecture(name):
    page = Path(__file__).parents[3] / "docs" / "architectures.md"
    (section,) = (
        part for part in page.read_text().split("\n## ")[1:] if f"`{name}`" in part.split("\n")[0]
    )
    found = described(name)
    assert f"{sum(layer.parameters for layer in found):,} parameters" in " ".join(section.split())
    if name not in ("resnet8", "resnet14"):
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.split("\n")]
        table = [tuple(row) for row in cells if len(row) == 3]
        assert [(n, s, int(p.replace(",", ""))) for n, s, p in table[2:]] == rows(found)


def rows(layers: list[Layer]) -> list[tuple[str, str, int]]:
    return [(x.name, " x ".join(map(str, x.shape)), x.parameters) for x in layers]


def listed(part: str) -> list[tuple[str, str, int]]:
    """Rows of the table that a part of a docstring begins with, without its heading."""
    lines = []
    for line in part.strip("\n").split("\n"):
        if not line.startswith("    "):
            break
        lines.append(re.split(r"\s{2,}", line.strip()))
    return [(name, shape, int(count)) for name, shape, count in lines[1:]]
