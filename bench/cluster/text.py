"""What the cluster reads and writes, as text."""

import re
import signal
from collections.abc import Sequence

LIVE = 'kimp_board_coins{quality="live"}'
LEADER = "kimp_bus_leader"
_REST_URL = re.compile(r"^KIMP_UPBIT__REST_URL=(.+)/upbit\n", re.MULTILINE)

Row = tuple[str, int, str]
"""Name, process id, address."""


def figures(text: str) -> dict[str, float]:
    """Return the samples of Prometheus' text format, by name with its labels."""
    samples = (
        line.rpartition(" ")
        for line in text.splitlines()
        if line and not line.startswith("#")
    )
    return {name: float(value) for name, _, value in samples}


def simulator_url(said: str) -> str:
    """Return where `kimp simulate` listens, by what it said; empty: it does not yet."""
    found = _REST_URL.search(said)
    return found[1] if found else ""


def last_words(said: str) -> str:
    """Return the last line of a process: its complaint, where it ended with one."""
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].removeprefix("kimp: ") if lines else "it said nothing"


def ending(code: int) -> str:
    """Return how a process ended, by its exit code as `subprocess` gives it."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def overview(
    rows: Sequence[Row], leader: tuple[str, int], folder: str, live_s: float
) -> str:
    """Return what runs, and how to see the failover; `leader`: name, process id."""
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{name:<{width}}  {pid:>7}  {url}" for name, pid, url in rows]
    return "\n".join(
        [
            f"{'role':<{width}}  {'pid':>7}  address",
            *lines,
            f"Live after {live_s:.1f} s. Data and logs: {folder}",
            f"{leader[0]} leads. See the other take over: kill -9 {leader[1]}",
            "Ctrl-C ends all of them.",
        ]
    )
