"""Convolutions of 3 x 3 on small pictures, with a quarter of the multiplications.

Source: Lavin and Gray 2016, "Fast algorithms for convolutional neural networks". A row of pixels is
cut into tiles; sums of the pixels of a tile are multiplied by sums of the kernel, and sums of the
products give the outputs. In two dimensions that is done along either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""Where polynomials are multiplied, beside infinity; more of them would lose digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """How a row of pixels, with a zero at each end, is convolved with three numbers.

    Parameters
    ----------
    into : ndarray, ``(products * tiles, n)``
        Makes what is multiplied, of the pixels.
    kernel : ndarray, ``(products, 3)``
        Makes the other factors, of the three numbers.
    back : ndarray, ``(n, products * tiles)``
        Makes the outputs, of the products.
    tiles : int
        That take the same products.
    constant : int
        Product that every output of its tile holds once.
    """

    into: Floats
    kernel: Floats
    back: Floats
    tiles: int
    constant: int

    @classmethod
    def of(cls, n: int) -> Row:
        """Rows of ``n`` pixels, by the tiles that take the fewest products."""
        if n == 1:
            return cls(np.eye(1), np.array([[0.0, 1, 0]]), np.eye(1), 1, 0)
        if n == 2:  # the zeros save one more product than tiles do
            into = np.array([[1.0, 1], [0, 1], [1, 0]])
            kernel = np.array([[0.0, 1, 0], [0, -1, 1], [1, -1, 0]])
            return cls(into, kernel, np.array([[1.0, 1, 0], [1, 0, 1]]), 1, 0)
        edge = min((4, 3, 2), key=lambda edge: -(-n // edge) * (edge + 2))
        tiles, products = -(-n // edge), edge + 2
        one = np.linalg.inv(_powers(products, products)).T
        into = np.zeros((products, tiles, tiles * edge + 2))
        back = np.zeros((tiles * edge, products, tiles))
        for tile in range(tiles):
            start = tile * edge
            into[:, tile, start : start + products] = one
            back[start : start + edge, :, tile] = _powers(products, edge).T
        return cls(
            into[:, :, 1 : n + 1].reshape(-1, n),
            _powers(products, 3),
            back[:n].reshape(n, -1),
            tiles,
            POINTS.index(1.0),
        )


class WinogradConvolution(nn.Module):
    """A convolution of 3 x 3 on pictures of one size, as three products of matrices.

    Parameters
    ----------
    convolution : Conv2d
        With a step of one pixel and one pixel of zeros around its input, without groups.
    height, width : int
        Of its input, pixels.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    into_rows: torch.Tensor
    into_columns: torch.Tensor
    from_rows: torch.Tensor
    from_columns: torch.Tensor

    def __init__(self, convolution: nn.Conv2d, height: int, width: int) -> None:
        super().__init__()
        along_y, along_x = Row.of(height), Row.of(width)
        given = convolution.weight.detach()
        n_out, n_in = given.shape[:2]
        both = torch.from_numpy(np.kron(along_x.kernel, along_y.kernel)).to(given)
        taps = given.permute(3, 2, 1, 0).reshape(9, n_in * n_out)
        kernel = torch.mm(both, taps).view(len(along_x.kernel), 1, -1, n_in, n_out)
        # every tile along x has the same factors, so that one call multiplies all of them
        kernel = kernel.expand(-1, along_x.tiles, -1, -1, -1).flatten(0, 2)
        self.register_buffer("weight", kernel.contiguous())
        bias = convolution.bias
        self.register_buffer("bias", None if bias is None else bias.detach())
        for name, matrix in {
            "into_rows": along_x.into,
            "into_columns": along_y.into,
            "from_columns": along_y.back,
            "from_rows": along_x.back,
        }.items():
            self.register_buffer(name, torch.from_numpy(matrix).to(given).contiguous())
        self._along_y, self._along_x = along_y, along_x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve ``(n, channels, height, width)``; in memory, width comes first in the result."""
        pixels = x.permute(3, 2, 0, 1).contiguous()
        width, height, n, n_in = pixels.shape
        wide, tall, n_out = len(self.into_rows), len(self.into_columns), self.weight.shape[-1]
        down, across = self._along_y.tiles, self._along_x.tiles
        rows = torch.mm(self.into_rows, pixels.view(width, height * n * n_in))
        parts = torch.matmul(self.into_columns, rows.view(wide, height, n * n_in))
        products = torch.bmm(parts.view(len(self.weight), down * n, n_in), self.weight)
        if self.bias is not None:
            by_place = products.view(wide // across, across, tall // down, down * n, n_out)
            by_place[self._along_x.constant, :, self._along_y.constant] += self.bias
        columns = torch.matmul(self.from_columns, products.view(wide, tall, n * n_out))
        result = torch.mm(self.from_rows, columns.view(wide, height * n * n_out))
        return result.view(width, height, n, n_out).permute(2, 3, 1, 0)


def _powers(n: int, degree: int) -> Floats:
    """Powers below ``degree`` of ``n - 1`` points, and of infinity."""
    finite = np.vander(POINTS[: n - 1], degree, increasing=True)
    return np.concatenate([finite, np.eye(degree)[-1:]])
