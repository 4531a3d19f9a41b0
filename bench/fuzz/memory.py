"""What the process holds."""

import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes and live objects after so many inputs."""

    inputs: int
    rss_mb: float
    objects: int


def memory_now(inputs: int) -> Memory:
    """Return what is held now, garbage collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Memory(inputs, pages * _PAGE / 2**20, len(gc.get_objects()))
