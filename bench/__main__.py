"""`make bench`: every measurement, as Markdown, with the machine it ran on.

python -m bench          all but the faults and the caches
python -m bench cache    hit rate, and reads with and without the caches
python -m bench premium  the premium of real daily closes, by year
python -m bench.history.{store,backfill,kill}  what the past costs; see their --help
python -m bench fault    what each fault costs; see bench/fault/command.py
python -m bench.query    what queries cost, beside our peers; part of the whole
python -m bench.fanout   what subscribers cost, beside our peers; the end of the whole
python -m bench.fuzz     bad input by the million; see bench/fuzz/command.py
"""

import os
import platform
import sys

from bench import cache, decode, idle, latency, pipeline, real_premium
from bench.fanout import command as fanout
from bench.fault import command as fault
from bench.query import command as query

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
    if sys.argv[1:2] == ["premium"]:
        real_premium.main()
        return
    python = sys.version.split()[0]
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {python}")
    for title, run in _PARTS:
        print(f"\n## {title}\n", flush=True)
        run()
    print(flush=True)
    asked = query.main(["--write"])
    print(flush=True)
    sys.exit(fanout.main([]) or asked)


if __name__ == "__main__":
    main()
