"""With what was measured: the versions of each server's parts."""

import json
from importlib.metadata import version

from bench import machine
from bench.environment import pinned
from bench.query.server import NODE_SOURCE

_STRAWBERRY = ("strawberry-graphql", "graphql-core", "uvicorn", "httptools", "uvloop")
_BARE = ("uvicorn", "httptools", "uvloop")
_NODE = {
    "yoga": ("graphql-yoga", "graphql"),
    "apollo": ("@apollo/server", "graphql"),
    "mercurius": ("mercurius", "fastify", "graphql-jit", "graphql"),
}


def versions() -> dict[str, str]:
    """Return what each server is made of."""
    lock = json.loads((NODE_SOURCE / "package-lock.json").read_text())["packages"]
    return {
        "ours": ", ".join(f"{package} {version(package)}" for package in _STRAWBERRY),
        "strawberry": _pins(_STRAWBERRY),
        **{
            name: ", ".join(f"{p} {lock[f'node_modules/{p}']['version']}" for p in told)
            for name, told in _NODE.items()
        },
        "bare": _pins(_BARE),
        "client": machine.said("wrk", "-v").split(" [")[0],
    }


def _pins(packages: tuple[str, ...]) -> str:
    return ", ".join(
        f"{package} {pinned('strawberry', package)}" for package in packages
    )
