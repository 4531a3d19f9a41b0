"""Stock Strawberry behind uvicorn, for the audits: what its defaults come to.

python -m conformance.stock

Serves until its standard input closes; writes its port as a line.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import strawberry
import uvicorn
from strawberry.asgi import GraphQL

STOP_LIMIT_S = 10.0
LOOK_AGAIN_S = 0.01
SCHEMA = "type Query { hello: String! }"
VERSION = version("strawberry-graphql")


@strawberry.type
class Query:
    """All that the audits ask for is `__typename`."""

    @strawberry.field
    def hello(self) -> str:
        """Return a greeting."""
        return "hello"


@contextmanager
def serving() -> Iterator[str]:
    """Run it as a process; gives the address of its GraphQL endpoint."""
    with subprocess.Popen(
        [sys.executable, "-m", "conformance.stock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it tells every refused document
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise TypeError("both are pipes")
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/graphql"
        finally:
            process.stdin.close()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()


async def main() -> None:
    """Serve until the standard input closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = GraphQL(strawberry.Schema(Query))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn tells nobody)
        await asyncio.sleep(LOOK_AGAIN_S)  # until the next look
    print(listener.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main())
