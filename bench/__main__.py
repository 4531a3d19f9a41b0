"""`make bench`: every measurement, as Markdown, with the machine it ran on.

python -m bench          all but the faults and the caches
python -m bench cache    hit rate, and reads with and without the caches
python -m bench fault    what each fault costs; see bench/fault/command.py
"""

import os
import platform
import sys

from bench import cache, decode, idle, latency, pipeline
from bench.fault import command as fault

_PARTS = (
    ("Decode, per message", decode.main),
    ("Decode, board and publish", pipeline.main),
    ("Latency at a subscriber", latency.main),
    ("Idle, without subscribers", idle.main),
)


def main() -> None:
    """Run the part that is named, else all."""
    if sys.argv[1:2] == ["fault"]:
        sys.exit(fault.main(sys.argv[2:]))
    if sys.argv[1:2] == ["cache"]:
        cache.main()
        return
    python = sys.version.split()[0]
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {python}")
    for title, run in _PARTS:
        print(f"\n## {title}\n", flush=True)
        run()


if __name__ == "__main__":
    main()
