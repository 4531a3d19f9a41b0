"""On what was measured, and how."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

_QUERY_LIMIT_S = 20.0


def header(rounds: int, seconds: float, versions: Mapping[str, str]) -> str:
    """Return lines on the machine, the kind of the measurement and each server."""
    lines = [f"- {name}: {told}" for name, told in versions.items()]
    return _kind(rounds, seconds) + "\n\n" + "\n".join(lines)


def _kind(rounds: int, seconds: float) -> str:
    load = os.getloadavg()[0]
    word = "round" if rounds == 1 else "rounds"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {rounds} {word} of "
        f"{seconds:g} s in alternating order, medians: {processor()}, "
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}, {said('node', '--version')}; load average "
        f"{load:.1f} at the end. The server on one core, the load client on another."
    )


def processor() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def said(*command: str) -> str:
    """Return the first line of what a command says of itself, with its name."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_QUERY_LIMIT_S, check=False
        )
    except OSError:
        return f"no {command[0]}"
    name = "" if command[0] in done.stdout else f"{command[0]} "
    return name + done.stdout.splitlines()[0] if done.stdout else command[0]
