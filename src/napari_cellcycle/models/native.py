"""Libraries that would break one another in a process that draws with OpenGL."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys


def load_triton_apart() -> None:
    """Load triton, which torch's compiler pulls in, so that it keeps to its own LLVM.

    Mesa draws with LLVM on AMD graphics and without a GPU. Triton from 3.7 on exports symbols of
    another LLVM; loaded after Mesa's in the usual way it calls into that one and ends the process
    with a segmentation fault. With ``RTLD_DEEPBIND`` it finds its own symbols first. To be called
    before torchvision is imported or an optimizer takes its first step, as both load the compiler;
    does nothing in a process without napari, and where there is no triton or no such flag (macOS,
    Windows).
    """
    deep = getattr(os, "RTLD_DEEPBIND", 0)
    if not deep or "napari" not in sys.modules or "triton" in sys.modules:
        return
    if importlib.util.find_spec("triton") is None:
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | deep)
    try:
        # torch itself does without triton when it cannot be imported
        with contextlib.suppress(ImportError):
            importlib.import_module("triton")
    finally:
        sys.setdlopenflags(flags)
