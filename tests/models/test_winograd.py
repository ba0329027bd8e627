from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from napari_cellcycle.models.winograd import Row, WinogradConvolution


@pytest.mark.parametrize(
    ("n", "products"),
    [(1, 1), (2, 3), (3, 5), (4, 6), (5, 10), (6, 10), (8, 12), (9, 15), (10, 18), (16, 24)],
)
def test_a_row_is_convolved_with_few_products(n, products):
    rng = np.random.default_rng(n)
    pixels, kernel = rng.normal(size=n), rng.normal(size=3)
    row = Row.of(n)
    assert len(row.into) == products
    factors = np.repeat(row.kernel @ kernel, row.tiles)
    expected = np.convolve(np.pad(pixels, 1), kernel[::-1], "valid")
    np.testing.assert_allclose(row.back @ (factors * (row.into @ pixels)), expected, atol=1e-12)


@pytest.mark.parametrize("edges", [(1, 1), (2, 2), (4, 4), (5, 5), (8, 8), (9, 4), (1, 6), (2, 7)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_it_gives_what_the_convolution_gives(edges, bias, n):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 3, padding=1, bias=bias)
    quick = WinogradConvolution(convolution, *edges)
    views = torch.rand(n, 3, *edges)
    with torch.inference_mode():
        expected = convolution(views)
        for layout in (torch.contiguous_format, torch.channels_last):
            given = views.contiguous(memory_format=layout)
            torch.testing.assert_close(quick(given), expected, atol=1e-5, rtol=1e-5)
            np.testing.assert_array_equal(given, views)
