"""The cluster's files: made at once or not at all, and the server's settings."""

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import Outcome, complaint, reason
from adapters.postgres.embedded.location import Place, writing
from adapters.postgres.embedded.lock import Deadline
from adapters.postgres.embedded.watchdog import CLUSTER

ROLE = "kimp"
DATABASE = "kimp"
PORT = 5432  # part of the socket's name, nothing listens on TCP
HALF_MADE = "cluster.new-"

# One small, durable server beside one Python process. synchronous_commit stays on:
# we commit about once a second, so turning it off would save next to nothing.
SETTINGS: Mapping[str, str] = {
    "max_connections": "40",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",  # bounds disk and the time of recovery after a crash
    "min_wal_size": "32MB",
    "jit": "off",  # costs more than our short queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    # No replica will ever ask for this WAL; parallel workers and replication
    # launchers would be processes that wait for nothing.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "on",
    "autovacuum_max_workers": "2",
    # Idle wake-ups: the writers look up once in seconds instead of five a second.
    "bgwriter_delay": "10s",
    "wal_writer_delay": "1s",
    "checkpoint_timeout": "15min",
    # The log is for what only the server knows: starts, stops, crashes. A failed
    # statement is the client's to report, and could fill a disk here.
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "cluster_name": "kimp",
}
SINCE_18: Mapping[str, str] = {
    "io_method": "sync",  # three I/O worker processes less
}
FIXED = frozenset(
    {"listen_addresses", "port", "unix_socket_directories", "unix_socket_permissions"}
)


def check_settings(extra: Mapping[str, str]) -> None:
    """ValueError where EXTRA touches what the supervisor decides."""
    if touched := FIXED & extra.keys():
        raise ValueError(f"the supervisor sets {', '.join(sorted(touched))} itself")


def arguments(major: int, socket: Path, extra: Mapping[str, str]) -> list[str]:
    """The server's command line after the program; EXTRA wins over our settings.

    No TCP at all, and a socket that only its owner (and root) may open.
    """
    newer = SINCE_18 if major >= 18 else {}
    fixed = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{socket}"',
        "unix_socket_permissions": "0700",
    }
    pairs = {**SETTINGS, **newer, **extra, **fixed}
    return [part for pair in pairs.items() for part in ("-c", "=".join(pair))]


def prepare(place: Place, deadline: Deadline, keep: Sequence[int]) -> bool:
    """Have a cluster of the right release in PLACE; true where it was made now.

    The caller holds the locks that keep every server off it. KEEP are descriptors
    that mark the programs as the cluster's own. `ClusterUnusable` otherwise.
    """
    cluster = place.home / CLUSTER
    with writing(place.home):
        for half in place.home.glob(f"{HALF_MADE}*"):
            shutil.rmtree(half)
        if cluster.exists():
            _check_release(cluster, place.major)
            return False
        half = place.home / f"{HALF_MADE}{secrets.token_hex(4)}"
        try:
            _make(half, place, deadline, keep)
            half.rename(cluster)
        finally:
            shutil.rmtree(half, ignore_errors=True)
        _sync(place.home)
    return True


def _check_release(cluster: Path, major: int) -> None:
    try:
        written = (cluster / "PG_VERSION").read_text("ascii", "replace").strip()
    except FileNotFoundError as exc:
        what = f"{cluster} is not a PostgreSQL cluster"
        raise ClusterUnusable(what, "Move it away, or change KIMP_DATA_DIR") from exc
    if written != str(major):
        what = (
            f"The cluster {cluster} was written by PostgreSQL {written}, "
            f"this is PostgreSQL {major}"
        )
        raise ClusterUnusable(what, _way_on(written, major))


def _way_on(written: str, major: int) -> str:
    """The commands that bring the data of another release along."""
    other = f"set PG_BIN to the programs of PostgreSQL {written}"
    if written.isdecimal() and int(written) > major:
        # An older server takes neither these files nor, for certain, a copy of them.
        return f"Go on with the newer kimchi-premium that wrote it, or {other}"
    return (
        f"Install the kimchi-premium that wrote it (or {other}) and run "
        "`kimp backup kimp.dump`; then, with this one, run "
        f"`KIMP_DATA_DIR=./var-pg{major} kimp restore kimp.dump` and keep that "
        "KIMP_DATA_DIR"
    )


def _make(half: Path, place: Place, deadline: Deadline, keep: Sequence[int]) -> None:
    """Initialise and fill HALF, and only then write it to disk, once (0.1 s, not 0.3).

    Locale of the builtin provider: the same order and case rules on every machine.
    """

    def step(program: Sequence[str], text: str = "") -> None:
        name, *rest = program
        command = [str(place.programs / name), *rest]
        outcome = place.identity.run(
            place.home, command, deadline, keep=keep, text=text
        )
        # A server in single-user mode ends with 0 even where the statement failed.
        if outcome.code != 0 or complaint(outcome.output):
            what = f"The cluster {place.home / CLUSTER} cannot be made"
            raise ClusterUnusable(f"{what} ({reason(outcome)})", _remedy(outcome))

    step(
        [
            "initdb",
            f"--pgdata={half}",
            f"--username={ROLE}",
            "--auth-local=trust",  # the socket's folder is the owner's alone
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
    )
    single = ["postgres", "--single", "-F", "-D", str(half), "postgres"]
    step(single, f"CREATE DATABASE {DATABASE}\n")
    step(["initdb", "--sync-only", f"--pgdata={half}"])


def _remedy(outcome: Outcome) -> str:
    if "No space left" in outcome.output:
        return "Free some disk space, or name another disk in KIMP_DATA_DIR"
    return "Correct that, or name a running server in KIMP_DATABASE__URL"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
