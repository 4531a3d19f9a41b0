"""`kimp serve`, and on SIGUSR1 a word on which asyncio tasks are alive.

    python -m bench.soak.launch FILE

Writes `{name: count}` to FILE; digits in names are taken out.
"""

import asyncio
import json
import re
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from app.cli import main

_NUMBER = re.compile(r"\d+")


def count_tasks() -> dict[str, int]:
    """Return how many tasks of each name the running loop has."""
    names = (_NUMBER.sub("", task.get_name()) for task in asyncio.all_tasks())
    return dict(sorted(Counter(names).items()))


def tell_tasks(file: Path) -> None:
    """Write the count; readers never see half of it."""
    try:
        told = count_tasks()
    except RuntimeError:
        return  # no loop runs yet, or none any more
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(told))
    draft.rename(file)


def run(file: Path) -> int:
    """Serve until a signal ends it."""

    def asked(number: int, frame: FrameType | None) -> None:
        tell_tasks(file)

    signal.signal(signal.SIGUSR1, asked)
    return main(["serve"])


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
