"""On what, and with what, was measured."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.fanout import environment

_QUERY_LIMIT_S = 20.0
_PINNED = {
    "strawberry": ("strawberry-graphql", "graphql-core", "uvicorn", "websockets"),
    "broadcast": ("websockets", "uvloop"),
}
_OURS = ("strawberry-graphql", "uvicorn", "uvloop", "websockets")


def header(rounds: int, seconds: float) -> str:
    """Return lines on the machine, the versions and the kind of the measurement."""
    load = os.getloadavg()[0]
    word = "round" if rounds == 1 else "rounds"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {rounds} {word} of "
        f"{seconds:g} s in alternating order, medians: {processor()}, "
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}, {_said('node', '--version')}; load average "
        f"{load:.1f} at the end. The server on one core, the load client on another.\n"
        "\n" + "\n".join(f"- {name}: {told}" for name, told in versions().items())
    )


def processor() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def versions() -> dict[str, str]:
    """Return what each server is made of."""
    node = json.loads((environment.NODE / "package.json").read_text())["dependencies"]
    told = {
        name: ", ".join(f"{package} {_pin(name, package)}" for package in packages)
        for name, packages in _PINNED.items()
    }
    return {
        "ours": ", ".join(f"{package} {version(package)}" for package in _OURS),
        **told,
        "graphql-ws": ", ".join(f"{package} {pin}" for package, pin in node.items()),
        "floor": f"C with epoll, {_said('cc', '--version')}",
    }


def _pin(name: str, package: str) -> str:
    for line in (environment.PINS / f"{name}.txt").read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line.removeprefix(f"{package}==").split()[0]
    return "?"


def _said(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_QUERY_LIMIT_S, check=False
        )
    except OSError:
        return f"no {command[0]}"
    name = "" if command[0] in done.stdout else f"{command[0]} "
    return name + done.stdout.splitlines()[0] if done.stdout else command[0]
