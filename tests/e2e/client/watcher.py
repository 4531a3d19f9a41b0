"""A client in its own process, driven by lines and answering with lines."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LINE_LIMIT_S: Final = 30.0
STOP_LIMIT_S: Final = 5.0


@dataclass
class Watcher:
    """A client in its own process: what it is told to do, and what it tells."""

    process: subprocess.Popen[str]
    lines: "queue.Queue[list[Any]]" = field(default_factory=queue.Queue)

    def read(self) -> None:
        """Take the lines of the process until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # Anything else it says (warnings, a traceback) makes the test fail.
            told = line.startswith('["')
            self.lines.put(json.loads(line) if told else ["said", line])
        self.lines.put(["exited", self.process.wait()])

    def say(self, document: str | None) -> None:
        """Start a subscription; None: end it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()

    def take(self, wanted: str = "event") -> Any:
        """Return what the next line tells; it must be of that name."""
        name, value = self.lines.get(timeout=LINE_LIMIT_S)
        assert name == wanted, (name, value, *self.rest())
        return value

    def rest(self) -> list[list[Any]]:
        """Return the lines that wait."""
        found = []
        while not self.lines.empty():
            found.append(self.lines.get())
        return found


@contextmanager
def watching(command: list[str], folder: Path) -> Iterator[Watcher]:
    """Run a client; it ends when its stdin does."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watcher = Watcher(process)
    reader = threading.Thread(target=watcher.read)
    reader.start()
    try:
        yield watcher
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join(STOP_LIMIT_S)
        assert process.stdout is not None
        process.stdout.close()
