"""Where to compute: CUDA, then Apple MPS, then the CPU; chosen, shown, never silently changed."""

from __future__ import annotations

from napari_cellcycle.errors import DeviceError

DEVICES = ("auto", "cuda", "mps", "cpu")


def available_devices() -> tuple[str, ...]:
    """Devices of this machine, the preferred one first."""
    import torch

    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose_device(wanted: str = "auto") -> str:
    """Choose a device.

    Parameters
    ----------
    wanted : {"auto", "cuda", "mps", "cpu"}
        ``"auto"`` takes the best that there is; ``"cuda:1"`` the second graphics card.

    Returns
    -------
    str
        Name of a torch device.

    Raises
    ------
    DeviceError
        If this machine has no such device. Nothing else is taken in its place.
    """
    kind, colon, number = wanted.partition(":")
    if kind not in DEVICES or (colon and not (kind == "cuda" and number.isdecimal())):
        raise DeviceError(f"There is no device {wanted!r}; choose one of {', '.join(DEVICES)}.")
    found = available_devices()
    if wanted == "auto":
        return found[0]
    if kind not in found:
        raise DeviceError(
            f"This machine has no {wanted} that PyTorch can use; it has {', '.join(found)}. Choose "
            "one of these, or auto."
        )
    if colon:
        import torch

        count = torch.cuda.device_count()
        if int(number) >= count:
            raise DeviceError(f"There is no {wanted}: PyTorch sees {count} CUDA device(s), from 0.")
    return wanted
