"""With what was measured: the versions of each server's parts."""

import json
from importlib.metadata import version

from bench import machine
from bench.environment import pinned
from bench.fanout.server import NODE_SOURCE

_PINNED = {
    "strawberry": ("strawberry-graphql", "graphql-core", "uvicorn", "websockets"),
    "broadcast": ("websockets", "uvloop"),
}
_OURS = ("strawberry-graphql", "uvicorn", "uvloop", "websockets")


def versions() -> dict[str, str]:
    """Return what each server is made of."""
    node = json.loads((NODE_SOURCE / "package.json").read_text())["dependencies"]
    told = {
        name: ", ".join(f"{package} {pinned(name, package)}" for package in packages)
        for name, packages in _PINNED.items()
    }
    return {
        "ours": ", ".join(f"{package} {version(package)}" for package in _OURS),
        **told,
        "graphql-ws": ", ".join(f"{package} {pin}" for package, pin in node.items()),
        "floor": f"C with epoll, {machine.said('cc', '--version')}",
    }
