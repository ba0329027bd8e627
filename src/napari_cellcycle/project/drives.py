"""Whether a folder is on a disk of this computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_REMOTE = (
    "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fuse", "gfs2", "glusterfs", "gpfs",
    "lustre", "ncpfs", "nfs", "ocfs2", "panfs", "prl_fs", "smb", "vboxsf", "virtiofs", "vmhgfs",
)  # fmt: skip
_MOUNTS = Path("/proc/self/mounts")


def is_local(folder: Path) -> bool:
    """Whether a folder is surely on a local disk; where nobody knows, it is not.

    Parameters
    ----------
    folder : Path
        It exists.
    """
    folder = folder.resolve()
    if sys.platform == "win32":
        import ctypes

        fixed = 3
        return not str(folder).startswith("\\\\") and (
            ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == fixed
        )
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    best, kind = "", ""
    for line in lines:
        _, where, found, *_ = line.split(" ")
        where = where.replace("\\040", " ")
        inside = where == "/" or str(folder) == where or str(folder).startswith(where + os.sep)
        if inside and len(where) >= len(best):
            best, kind = where, found
    return bool(kind) and not kind.startswith(_REMOTE)
