"""`websockets.broadcast` of ready bytes: one text per tick, made from a template.

python -m bench.fanout.peer.broadcast_server TEMPLATES

Templates as in native/floor.c. Members speak as much of graphql-transport-ws as the
load client does.
"""

import asyncio
import sys
import time
from pathlib import Path

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.fanout.peer.order import say_port, say_tick, take_orders

MARK = "\x01"


class Ready:
    """The members and the text of the present tick."""

    def __init__(self, path: str) -> None:
        self._templates = Path(path).read_text().splitlines()
        self._members: set[ServerConnection] = set()
        self._seq = 1
        self._text = self._make()

    def _make(self) -> bytes:
        template = self._templates[self._seq % len(self._templates)]
        return template.replace(MARK, str(self._seq)).encode()

    def tick(self) -> None:
        """Make the next text and write it to every member."""
        began_ns = time.thread_time_ns()
        self._seq += 1
        self._text = self._make()
        made_ns = time.thread_time_ns() - began_ns
        say_tick(self._seq, time.monotonic_ns(), made_ns)
        broadcast(self._members, self._text, text=True)

    async def converse(self, connection: ServerConnection) -> None:
        """Hear one member until it leaves."""
        try:
            async for message in connection:
                if "connection_init" in str(message):
                    await connection.send('{"type":"connection_ack"}')
                elif "subscribe" in str(message):
                    await connection.send(self._text, text=True)
                    self._members.add(connection)
        except ConnectionClosed:
            pass  # cut, as the load client does at its end
        finally:
            self._members.discard(connection)


async def main() -> None:
    """Serve until the orders end."""
    ready = Ready(sys.argv[1])
    async with serve(
        ready.converse,
        "127.0.0.1",
        0,
        compression=None,
        backlog=4096,
        subprotocols=[Subprotocol("graphql-transport-ws")],
    ) as server:
        say_port(next(iter(server.sockets)).getsockname()[1])
        await take_orders(ready.tick)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
