"""Where sohoa keeps its things on this machine."""

import os
from pathlib import Path


def home() -> Path:
    """The folder of sohoa's own data: ``SOHOA_HOME``, else the XDG data folder."""
    if named := os.environ.get("SOHOA_HOME"):
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "sohoa"


def fast_storage() -> Path | None:
    """A memory-backed folder for short-lived files, where the machine has one.

    ``SOHOA_FAST_STORAGE`` names another; a run gives its workers one of its own there, so
    that nothing of a page stays behind when a worker is killed.
    """
    if named := os.environ.get("SOHOA_FAST_STORAGE"):
        return Path(named)
    shm = Path("/dev/shm")  # noqa: S108  files get unguessable names in private folders there
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else None
