"""A process of its own that uses a cluster until its standard input ends.

``tenant.py DATA_DIR RUN_AS SHELTER UID``: RUN_AS and SHELTER may be empty, UID is who
to be. Says one line of JSON: where it is, or why it could not.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from adapters.postgres.embedded import ClusterUnusable, EmbeddedPostgres, RunAs


async def main(data_dir: str, run_as: str, shelter: str) -> None:
    postgres = EmbeddedPostgres(
        Path(data_dir),
        run_as=RunAs(run_as) if run_as else None,
        shelters=[Path(shelter)] if shelter else [],
    )
    try:
        url = await postgres.start()
    except ClusterUnusable as exc:
        say(error=str(exc))
        return
    place = str(postgres.location)
    say(url=url, pid=postgres.pid, location=place, run_as=postgres.run_as)
    await asyncio.to_thread(sys.stdin.read)
    await postgres.stop()


def say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[4]:
        os.chdir("/")
        os.setgroups([])
        os.setgid(int(sys.argv[4]))
        os.setuid(int(sys.argv[4]))
    asyncio.run(main(*sys.argv[1:4]))
