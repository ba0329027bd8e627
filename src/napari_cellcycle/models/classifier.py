"""Views in, calibrated probabilities out: one network an axis. Knows no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.ensemble import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard


class ProjectionClassifier:
    """Independent networks, one for the projections along each axis, or one for volumes.

    Parameters
    ----------
    card : ModelCard
    networks : mapping of axis to Module
        One for each axis of the card's recipe. Takes ``(n, channels, size, size)``, gives logits
        ``(n, 2 + stages)``: non-mitotic, mitotic, then the stages; or one a phase, if the
        vocabulary is flat.
    device : str
        Where the networks are put.
    sha256 : str
        Hash of the card as it lies on disk; that of its text by default.
    """

    def __init__(
        self,
        card: ModelCard,
        networks: Mapping[str, torch.nn.Module],
        device: str = "cpu",
        *,
        sha256: str | None = None,
    ) -> None:
        if set(networks) != set(card.recipe.axes):
            raise ModelError(
                f"Model {card.name} projects along {', '.join(card.recipe.axes)}, but has networks "
                f"for {', '.join(networks) or 'no axis'}."
            )
        self.card = card
        self.sha256 = _sha256(card) if sha256 is None else sha256
        self.networks = dict(networks)
        self._ready: dict[tuple[str, bool], torch.nn.Module] = {}
        self.device = ""
        self.to(device)

    def to(self, device: str) -> ProjectionClassifier:
        """Move the networks to a device; returns itself.

        Their weights are read at the first prediction after that, and must not change from then on.
        """
        import torch

        if device == self.device:
            return self
        for network in self.networks.values():
            network.eval().requires_grad_(False)
            layout = (
                torch.contiguous_format
                if self.card.recipe.axes == ("volume",)
                else torch.channels_last
            )
            network.to(device=device, memory_format=layout)  # type: ignore[call-overload]
        self.device = device
        self._ready.clear()
        return self

    def logits(
        self, images: NDArray[np.float32], axis: str, *, exact: bool = True
    ) -> NDArray[np.float64]:
        """Compute the outputs of one network.

        Parameters
        ----------
        images : ndarray, ``(n, channels, size, size)``, float32
            Views, in [0, 1].
        axis : {"x", "y", "z"}
            Along which they were projected.
        exact : bool
            As for :meth:`predict`.

        Returns
        -------
        ndarray, ``(n, outputs)``, float64

        Raises
        ------
        ModelError
            If there is no network for that axis, or its outputs are not finite.
        """
        import torch

        if axis not in self.networks:
            raise ModelError(
                f"Model {self.card.name} has no network for projections along {axis}, only for "
                f"{', '.join(self.networks)}."
            )
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
            batch = batch.to(self.device)
            if batch.ndim == 4:
                batch = batch.contiguous(memory_format=torch.channels_last)
            outputs = (
                self._network(axis, exact=exact)(batch).float().cpu().numpy().astype(np.float64)
            )
        if not np.isfinite(outputs).all():
            if not exact:  # float32 reaches further
                return self.logits(images, axis)
            raise ModelError(
                f"Model {self.card.name} gives no finite numbers for projections along {axis}: its "
                "weights or the views are out of bounds."
            )
        return np.asarray(outputs, dtype=np.float64)

    def get_ready(self, axes: Sequence[str], *, exact: bool = True) -> bool:
        """Bring networks into the form that is quickest on the device; a prediction does it too.

        Parameters
        ----------
        axes : sequence of {"x", "y", "z"}
            Whose networks; before threads share them.
        exact : bool
            As for :meth:`predict`.

        Returns
        -------
        bool
            Whether their answers will be exact.
        """
        made = [self._network(axis, exact=exact) is self._network(axis) for axis in axes]
        return all(made)

    def _network(self, axis: str, *, exact: bool = True) -> torch.nn.Module:
        """Network of an axis, in the form that is quickest on the device."""
        if (axis, exact) not in self._ready:
            self._ready[axis, exact] = self._made_ready(axis, exact=exact)
        return self._ready[axis, exact]

    def _made_ready(self, axis: str, *, exact: bool) -> torch.nn.Module:
        network, recipe = self.networks[axis], self.card.recipe
        if self.device != "cpu":
            return network
        shape = (len(recipe.channels), *[recipe.size] * (3 if axis == "volume" else 2))
        if exact:
            from napari_cellcycle.models.inference import ready

            return ready(network, shape)
        from napari_cellcycle.models.bfloat16 import in_bfloat16, multiplies_bfloat16

        half = in_bfloat16(network, shape) if multiplies_bfloat16() else None
        return self._network(axis) if half is None else half

    def predict(
        self, images: NDArray[np.float32], axes: Sequence[str], *, exact: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Calibrated probabilities of every axis.

        Parameters
        ----------
        images : ndarray, ``(n, axes, channels, size, size)``, float32
            Views, in [0, 1].
        axes : sequence of {"x", "y", "z"}
            Axis along which each was projected.
        exact : bool
            In float32. Otherwise in bfloat16, where the processor multiplies it and the network
            bears it: sooner, with probabilities that differ by less than 0.01. Where that may
            change who decides, :func:`~napari_cellcycle.models.ensemble.is_close` says so.

        Returns
        -------
        level1 : ndarray, ``(n, axes, 2)`` or ``(n, axes, phases)``, float64
            Non-mitotic, mitotic; or all phases of a flat vocabulary.
        level2 : ndarray, ``(n, axes, stages)``, float64
            Stages, given that the cell is mitotic; none for a flat vocabulary.
        """
        tops = self.card.n_tops
        level1 = np.empty((len(images), len(axes), tops))
        level2 = np.empty((len(images), len(axes), self.card.n_stages))
        for a, axis in enumerate(axes):
            outputs = self.logits(images[:, a], axis, exact=exact)
            temperatures = self.card.temperatures[axis]
            level1[:, a] = softmax(outputs[:, :tops] / temperatures["level1"])
            if self.card.n_stages:
                level2[:, a] = softmax(outputs[:, tops:] / temperatures["level2"])
        return level1, level2


def _sha256(card: ModelCard) -> str:
    import hashlib

    return hashlib.sha256(card.to_json().encode()).hexdigest()
