"""Shifts the wall clock of a process; comes first on PYTHONPATH of the tests' children.

The file at `KIMP_TEST_CLOCK` holds nanoseconds (little-endian, signed, 8 bytes), which
are added to what `time.time` and `time.time_ns` tell. Writing it moves the clock of a
process that runs, as a machine's clock is set. Waits and the monotonic clock stay;
Postgres keeps the machine's time.
"""

import mmap
import os
import struct
import time
from pathlib import Path

_TRUE_NS = time.time_ns
_READ = struct.Struct("<q").unpack_from


def _follow(path: str) -> None:
    with Path(path).open("rb") as file:
        shift = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    time.time_ns = lambda: _TRUE_NS() + int(_READ(shift)[0])
    time.time = lambda: time.time_ns() / 1e9


if "KIMP_TEST_CLOCK" in os.environ:
    _follow(os.environ["KIMP_TEST_CLOCK"])
