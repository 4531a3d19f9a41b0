"""`make bench`: every measurement, as Markdown, with the machine it ran on."""

import os
import platform
import sys

from bench import decode, idle, latency, pipeline

_PARTS = (
    ("Decode, per message", decode.main),
    ("Decode, board and publish", pipeline.main),
    ("Latency at a subscriber", latency.main),
    ("Idle, without subscribers", idle.main),
)


def main() -> None:
    """Run all parts."""
    python = sys.version.split()[0]
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {python}")
    for title, run in _PARTS:
        print(f"\n## {title}\n", flush=True)
        run()


if __name__ == "__main__":
    main()
