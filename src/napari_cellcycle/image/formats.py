"""What to do about a file that nothing here reads: what to install, or how to save it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ImageReadError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

EXTRAS = {
    ".czi": ("czi", "bioio_czi"),
    ".nd2": ("nd2", "bioio_nd2"),
    ".lif": ("lif", "bioio_lif"),
}
"""Formats with an extra of their own: its name, and the module that it brings."""

# Readers that bioio takes without being asked: the package, and the module that it brings.
_PACKAGES = {
    ".dv": ("bioio-dv", "bioio_dv"),
    ".r3d": ("bioio-dv", "bioio_dv"),
    ".sldy": ("bioio-sldy", "bioio_sldy"),
    ".vsi": ("bioio-vsi", "bioio_vsi"),
}

_FIJI = "Open it in Fiji (Bio-Formats) and save it as OME-TIFF."
_ILASTIK = "In ilastik, export it as multipage TIFF; in Fiji, save it as OME-TIFF."
_MEDICAL = "Save it as OME-TIFF with its axes and spacing."
_ADVICE = {
    **dict.fromkeys((".flex", ".ics", ".ids", ".ims", ".lof", ".mrc", ".nd"), _FIJI),
    **dict.fromkeys((".oib", ".oif", ".oir", ".xlef", ".zvi"), _FIJI),
    **dict.fromkeys((".h5", ".hdf5", ".ilp"), _ILASTIK),
    **dict.fromkeys((".nii", ".nii.gz", ".nrrd", ".mha"), _MEDICAL),
    ".companion.ome": "Give the OME-TIFF beside it.",
    ".npy": "In Cellpose, save masks as PNG or TIFF (_cp_masks); other arrays as OME-TIFF.",
    ".npz": "It holds arrays, without axes or spacing. Save the image as OME-TIFF.",
    ".geojson": "It holds outlines. In QuPath, export a label image as TIFF.",
    ".roi": "It holds outlines. In ImageJ, make a label image of them and save it as TIFF.",
    ".zip": "If it holds outlines, make a label image of them in ImageJ and save it as TIFF.",
    ".xml": "If it holds tracks of TrackMate, export a label image there and give that.",
    ".bmp": "Save it as PNG or TIFF.",
    ".gif": "Save it as PNG or TIFF.",
}


def installed(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    return find_spec(module) is not None


def _ending(path: Path) -> str:
    """Longest ending that something is known of, else the last one."""
    name = path.name.lower()
    known = [ending for ending in (*EXTRAS, *_PACKAGES, *_ADVICE) if name.endswith(ending)]
    return max(known, key=len, default=path.suffix.lower())


def missing_reader(path: Path) -> MissingExtraError | None:
    """Make the error that says what to install, if that is all that a file lacks."""
    ending = _ending(path)
    extra, module = EXTRAS.get(ending, ("bioio", "bioio"))
    package, own = _PACKAGES.get(ending, ("", ""))
    if ending in _ADVICE or installed(own or module):
        return None
    also = f" {package}" if package else ""
    return MissingExtraError(
        f"Reading {path.name} needs a reader for {path.suffix or 'this kind'} that is not "
        f'installed; install it with pip install "napari-cellcycle[{extra}]"{also}.'
    )


def no_reader(path: Path) -> ImageReadError:
    """Make the error that no reader takes a file, with the way to save it so that one does."""
    advice = _ADVICE.get(_ending(path))
    if advice is not None:
        return ImageReadError(f"No installed reader takes {path.name}. {advice}")
    return ImageReadError(
        f"No installed reader can open {path}: it is damaged, or of a format that needs another "
        "reader. If it opens elsewhere, save it there as OME-TIFF."
    )
