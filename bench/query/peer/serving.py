"""uvicorn for the Python peers, at its fastest: httptools, uvloop, no access log."""

import asyncio
import socket
from typing import Any

import uvicorn
import uvloop

from bench.fanout.peer.order import say_port, take_orders


def run(app: Any) -> None:
    """Serve any ASGI application until the input ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app))


async def _serve(app: Any) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn tells nobody)
        await asyncio.sleep(0.01)  # until the next look
    say_port(listener.getsockname()[1])
    await take_orders(lambda: None)
    server.should_exit = server.force_exit = True
    await serving
