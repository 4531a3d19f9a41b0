"""What a process holds: memory, descriptors, sockets, threads, asyncio tasks."""

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What may grow between two calm moments of one run. The board, caches and samples of
# the last day fill up during the first minutes; a leak per fault shows far beyond.
MAX_TASKS, MAX_DESCRIPTORS, MAX_THREADS = 4, 6, 4
MAX_MEMORY_MB, MAX_MEMORY_MB_PER_MINUTE = 8.0, 1.0
ASK_LIMIT_S = 5.0
_KB = 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at a process; `tasks` counts by name, numbers taken out."""

    memory_mb: float
    descriptors: int
    sockets: int
    threads: int
    tasks: Mapping[str, int]

    def __str__(self) -> str:
        return (
            f"{self.memory_mb:.1f} MB, {self.descriptors} descriptors "
            f"({self.sockets} sockets), {self.threads} threads, "
            f"{sum(self.tasks.values())} tasks"
        )

    def grown_from(self, before: "Figures", minutes: float) -> list[str]:
        """Return what has grown more than it may, in words."""
        memory_mb = MAX_MEMORY_MB + MAX_MEMORY_MB_PER_MINUTE * minutes
        tasks = sum(self.tasks.values()) - sum(before.tasks.values())
        pairs = (
            ("memory, MB", self.memory_mb - before.memory_mb, memory_mb),
            ("descriptors", self.descriptors - before.descriptors, MAX_DESCRIPTORS),
            ("sockets", self.sockets - before.sockets, MAX_DESCRIPTORS),
            ("threads", self.threads - before.threads, MAX_THREADS),
            ("tasks", tasks, MAX_TASKS),
        )
        found = [
            f"{name}: {grown:+.1f}, allowed {most:+.1f}"
            for name, grown, most in pairs
            if grown > most
        ]
        if tasks > MAX_TASKS:
            found.append(f"tasks that are new: {self._new_tasks(before)}")
        return found

    def _new_tasks(self, before: "Figures") -> str:
        more = {
            name: count - before.tasks.get(name, 0)
            for name, count in self.tasks.items()
            if count > before.tasks.get(name, 0)
        }
        return json.dumps(more)


def look(pid: int, told: Path) -> Figures:
    """Return the figures of a server started by `bench.soak.launch`; blocks a little.

    `told` is the file it writes its tasks to when asked.

    Raises:
        ProcessLookupError: it is gone.
        TimeoutError: it did not tell its tasks in time: its event loop hangs.
    """
    told.unlink(missing_ok=True)
    deadline_s = time.monotonic() + ASK_LIMIT_S
    os.kill(pid, signal.SIGUSR1)
    while not told.exists():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no word about its tasks within {ASK_LIMIT_S:.0f} s")
        time.sleep(0.02)  # a file tells nobody that it is there
    tasks: dict[str, int] = json.loads(told.read_text())
    folder = Path(f"/proc/{pid}")
    kinds = [_target(link) for link in (folder / "fd").iterdir()]
    status = (folder / "status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in status)
    return Figures(
        memory_mb=int(values["VmRSS"].split()[0]) / _KB,
        descriptors=len(kinds),
        sockets=sum(kind.startswith("socket:") for kind in kinds),
        threads=int(values["Threads"]),
        tasks=tasks,
    )


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
