"""One unmodified client of PyPI, driven by lines on stdin; run in its own environment.

A document (in JSON) starts a subscription, `null` ends it; the connection stays. It
answers with lines of JSON: `["extensions", text]`, `["event", data]`,
`["error", text]`, `["ended", null]`.
"""

import asyncio
import json
import sys
from typing import Any

from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.websockets import WebsocketsTransport


def tell(name: str, value: object = None) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps([name, value]) + "\n")
    sys.stdout.flush()


def transport(kind: str, url: str, compression: str) -> Any:
    """Return the transport of a client."""
    url, on = url.replace("http", "ws", 1), compression == "on"
    if kind == "aiohttp":
        return AIOHTTPWebsocketsTransport(
            url=url, connect_args={"compress": 15 if on else 0}
        )
    # A board is more than a megabyte only of far larger markets, so the library's own
    # bound on a message stays.
    return WebsocketsTransport(
        url=url, connect_args={"compression": "deflate" if on else None}
    )


async def follow(session: Any, document: str) -> None:
    """Tell the events of a subscription."""
    try:
        async for data in session.subscribe(gql(document)):
            tell("event", data)
        tell("ended")
    except Exception as exc:  # noqa: BLE001 (whatever it is, the test is to see it)
        tell("error", repr(exc))


async def main(kind: str, url: str, compression: str) -> None:
    """Follow what is asked for until stdin ends."""
    chosen = transport(kind, url, compression)
    async with Client(transport=chosen) as session:
        tell("extensions", chosen.response_headers.get("Sec-WebSocket-Extensions", ""))
        running: asyncio.Task[None] | None = None
        while line := await asyncio.to_thread(sys.stdin.readline):
            document = json.loads(line)
            if document is not None:
                running = asyncio.create_task(follow(session, document))
            elif running is not None:
                running.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
