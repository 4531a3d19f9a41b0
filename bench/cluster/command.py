"""`make cluster`: run it until Ctrl-C, and tell what happens.

Exit codes: 0 ended by a signal, 1 something could not start or all has ended, 2 a wrong
setting. `KIMP_HTTP__PORT` and all other settings hold as for `kimp serve`.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.http_server import bind, url_of
from app.http_setting import HttpSettings
from app.settings import InvalidSetting, load_settings
from app.store import CannotStart
from bench.cluster import world
from bench.cluster.text import overview
from bench.cluster.watch import Stopped, Watch
from bench.cluster.world import Plan
from bench.nats_server import nats_program
from bench.process import ServerFailed

# Beside the demo's: simulated prices never share a database with real ones.
DATA_DIR = "var/cluster"


def main() -> int:
    """Run the cluster and return the exit code."""
    watch = Watch()
    try:
        http = load_settings().http
        with watch.signals(), _folder() as folder:
            _run(_plan(folder, http), watch)
    except Stopped:
        _tell("ended")
    except InvalidSetting as exc:
        return _fail(str(exc), 2)
    except (CannotStart, ServerFailed) as exc:
        # A Ctrl-C also reaches a process that has no session of its own yet.
        if not watch.stopped:
            return _fail(str(exc), 1)
        _tell("ended")
    return 0


def _run(plan: Plan, watch: Watch) -> None:
    _tell(f"starting on {plan.url}")
    with world.running(plan, watch) as found:
        leader = found.ingests[0]
        first = (leader.name, leader.process.pid)
        print(overview(found.rows, first, str(plan.folder), found.live_s), flush=True)
        try:
            watch.follow(found.ingests, leader, _tell)
        except Stopped:
            _tell("ending all, the last first")
            raise


def _plan(folder: Path, http: HttpSettings) -> Plan:
    """Return the plan, when nothing that it needs is missing or taken.

    Raises:
        ServerFailed: there is no NATS server.
        CannotStart: the port is taken.
    """
    nats_program()
    with bind(http) as probe:
        port, url = probe.getsockname()[1], url_of(probe, http.host)
    return Plan(folder, port, url, http.drain_s, dict(os.environ))


@contextmanager
def _folder() -> Iterator[Path]:
    """Give the data folder, which is ours alone meanwhile.

    Raises:
        ServerFailed: it cannot be written, or another cluster has it.
    """
    folder = Path(os.environ.get("KIMP_DATA_DIR", DATA_DIR))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "cluster.lock").open("w")
    except OSError as exc:
        raise ServerFailed(f"KIMP_DATA_DIR={folder}: {exc.strerror}") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            what = f"another make cluster runs in {folder}"
            raise ServerFailed(f"{what}; set KIMP_DATA_DIR to another") from exc
        yield folder


def _tell(line: str) -> None:
    print(f"cluster: {line}", flush=True)


def _fail(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"cluster: {line}", file=sys.stderr)
    return code
