"""The job of `gql`, over each of its transports; run in an environment of its own.

Takes the address of the endpoint. Tells each step as a line of JSON: transport, step
and the reason where it failed, else null.
"""

import asyncio
import json
import re
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from gql import Client, gql
from gql.client import AsyncClientSession
from gql.transport import AsyncTransport
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

STEP_LIMIT_S = 20.0
LOOK_AGAIN_S = 0.05
REASON_LENGTH = 200

COIN = """query Coin($symbol: String!) {
  premium(symbol: $symbol) { symbol percent quality seq coin { koreanName } } }"""
BOOK = """query Book($market: String!) {
  orderBook(exchange: UPBIT, market: $market) { market } }"""
REFUSED = 'query Refused { premium(symbol: "BTC") { price } }'
TOTAL = "query Total { premiums(first: 1) { totalCount } }"
BOARD = """subscription Board {
  premiums(throttleMs: 100) { seq snapshot premiums { symbol seq } removed } }"""
FOLLOWED = """subscription Followed($symbol: String!) {
  premium(symbol: $symbol) { symbol seq percent } }"""
LEFT = re.compile(
    r"^kimp_(subscriptions_active\{.*\}|websocket_connections) (.+)$", re.MULTILINE
)

Step = Callable[[], Awaitable[None]]


class Unexpected(Exception):
    """The server said something else."""


def expect(holds: bool, what: object) -> None:
    """Go on where it holds."""
    if not holds:
        raise Unexpected(what)


async def step(transport: str, name: str, run: Step) -> None:
    """Do one step within its time and tell how it went."""
    told = None
    try:
        async with asyncio.timeout(STEP_LIMIT_S):
            await run()
    except Exception as exc:  # noqa: BLE001 (whatever it is, it is the row's reason)
        told = " ".join(f"{type(exc).__name__}: {exc}".split())[:REASON_LENGTH]
    sys.stdout.write(json.dumps([transport, name, told]) + "\n")
    sys.stdout.flush()


async def ask(transport: str, session: AsyncClientSession) -> None:
    """Put every kind of question."""

    async def query() -> None:
        answer = await session.execute(
            gql(COIN), variable_values={"symbol": "btc"}, operation_name="Coin"
        )
        coin = answer["premium"]
        expect(coin["symbol"] == "BTC" and coin["quality"] == "LIVE", coin)
        expect(coin["coin"]["koreanName"] == "비트코인", coin)
        expect(abs(float(coin["percent"])) < 100, coin)

    async def error() -> None:
        found = session.execute(gql(BOOK), variable_values={"market": "KRW-NOBODY"})
        await refused(found, "NOT_FOUND", ["orderBook"])

    async def refusal() -> None:
        await refused(session.execute(gql(REFUSED)), "BAD_USER_INPUT", None)

    await step(transport, "query", query)
    await step(transport, "error", error)
    await step(transport, "refusal", refusal)


async def refused(answer: Awaitable[Any], code: str, path: list[str] | None) -> None:
    """Wait for the error with this code and path."""
    try:
        data = await answer
    except TransportQueryError as exc:
        (error,) = exc.errors
        expect(error["extensions"]["code"] == code, error)
        expect(error.get("path") == path, error)
    else:
        raise Unexpected(data)


async def follow(transport: str, session: AsyncClientSession) -> None:
    """Begin and end every kind of stream."""

    async def board() -> None:
        total = (await session.execute(gql(TOTAL)))["premiums"]["totalCount"]
        first, second = await events(session.subscribe(gql(BOARD)), 2, "premiums")
        expect(first["snapshot"] and not second["snapshot"], "no snapshot first")
        seen = {coin["symbol"]: coin["seq"] for coin in first["premiums"]}
        expect(len(seen) == total, f"{len(seen)} coins at first")
        news = second["premiums"]
        expect(second["seq"] > first["seq"] and bool(news), "nothing new")
        old = [coin for coin in news if coin["seq"] <= seen[coin["symbol"]]]
        expect(not old, f"{len(old)} old in the change")

    async def error() -> None:
        nobody = session.subscribe(gql(FOLLOWED), variable_values={"symbol": "NOBODY"})
        await refused(events(nobody, 1, "premium"), "NOT_FOUND", ["premium"])

    async def others() -> None:
        followed = session.subscribe(gql(FOLLOWED), variable_values={"symbol": "BTC"})
        told, _ = await asyncio.gather(events(followed, 3, "premium"), error())
        seqs = [coin["seq"] for coin in told]
        expect(seqs == sorted(set(seqs)), seqs)

    await step(transport, "board", board)
    await step(transport, "stream error", error)
    await step(transport, "others", others)


async def events(stream: AsyncIterator[Any], count: int, field: str) -> list[Any]:
    """Return the first events of a subscription, which is then ended."""
    found: list[Any] = []
    async for data in stream:
        found.append(data[field])
        if len(found) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    expect(len(found) == count, f"ended after {len(found)} events")
    return found


async def forgotten(url: str) -> None:
    """Return once the server serves no subscription and no socket."""
    page = url.removesuffix("/graphql") + "/metrics"
    while True:
        with await asyncio.to_thread(urllib.request.urlopen, page, None, 5) as answer:
            text = answer.read().decode()
        if not sum(float(figure) for _, figure in LEFT.findall(text)):
            return
        await asyncio.sleep(LOOK_AGAIN_S)  # the page tells of the past only


async def main(url: str) -> None:
    """Do the whole job."""
    socket_url = url.replace("http", "ws", 1)
    ways: dict[str, AsyncTransport] = {
        "aiohttp, POST": AIOHTTPTransport(url=url),
        "websockets": WebsocketsTransport(url=socket_url),
        "aiohttp WebSocket": AIOHTTPWebsocketsTransport(url=socket_url),
    }
    for name, transport in ways.items():
        # The schema is read by introspection, and documents are checked against it,
        # but for the one that the server is to refuse itself.
        async with Client(transport=transport) as session:
            await ask(name, session)
            if not isinstance(transport, AIOHTTPTransport):
                await follow(name, session)
        if not isinstance(transport, AIOHTTPTransport):
            await step(name, "end", lambda: forgotten(url))

    async def introspection() -> None:
        transport = AIOHTTPTransport(url=url)
        async with Client(transport=transport, fetch_schema_from_transport=True) as s:
            expect("Premium" in s.client.schema.type_map, "no type Premium")
            await s.execute(gql(COIN), variable_values={"symbol": "BTC"})

    await step("aiohttp, POST", "introspection", introspection)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
