"""What a network is to make small: losses where a phase is known, fully or in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from numpy.typing import NDArray


def level_loss(outputs: torch.Tensor, mitotic: torch.Tensor, stages: torch.Tensor) -> torch.Tensor:
    """Add the cross entropy of level 1 and, where a cell is mitotic, of its allowed stages.

    Parameters
    ----------
    outputs : Tensor, ``(n, 2 + stages)``
        Logits: non-mitotic, mitotic, then one a stage.
    mitotic : Tensor, ``(n,)``, int64
        1 if mitotic.
    stages : Tensor, ``(n, stages)``, bool
        Allowed stages; rows that are not mitotic are ignored.
    """
    loss = F.cross_entropy(outputs[:, :2], mitotic)
    known = (mitotic == 1) & stages.any(dim=1) & ~stages.all(dim=1)
    if bool(known.any()):
        log_p = F.log_softmax(outputs[known, 2:], dim=1)
        allowed = log_p.masked_fill(~stages[known], -torch.inf).logsumexp(dim=1)
        loss = loss - allowed.mean() * known.float().mean()
    return loss


def leaf_loss(
    outputs: torch.Tensor, allowed: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean of -log of the summed probability of the leaves that each cell may be in.

    Parameters
    ----------
    outputs : Tensor, ``(n, leaves)``
        Logits.
    allowed : Tensor, ``(n, leaves)``, bool
        One true where the phase is known.
    weights : Tensor, ``(n,)``, optional
        How much each cell counts.
    """
    log_p = torch.log_softmax(outputs, dim=1)
    loss = -log_p.masked_fill(~allowed, -torch.inf).logsumexp(dim=1)
    if weights is None:
        return loss.mean()
    return (loss * weights).sum() / weights.sum()


def cell_weights(allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weigh cells so that all classes that there are count alike; the mean is 1.

    Parameters
    ----------
    allowed : ndarray, ``(n, leaves)``, bool
        A cell that may be in several leaves counts in part for each of them.

    Returns
    -------
    ndarray, ``(n,)``, float64
    """
    share = allowed / allowed.sum(axis=1, keepdims=True)
    counts = share.sum(axis=0)
    per_leaf = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
    weights = share @ per_leaf
    return np.asarray(weights / weights.mean(), dtype=np.float64)
