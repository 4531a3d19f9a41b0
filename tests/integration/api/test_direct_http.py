"""Plain queries are answered where their bytes arrive, and as the application would."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

import app.http_protocol as module
from api.guard import Guard
from api.limit import Limits

COIN = (
    "query Coin($symbol: String!) { premium(symbol: $symbol) "
    "{ symbol percent quality domestic { price } global { price } at } }"
)
BOARD = "{ premiums(first: 3) { edges { cursor node { symbol percent } } totalCount } }"
AGES = '{ premium(symbol: "BTC") { symbol domestic { price ageMs receivedAt } } }'
# Tells the application's way apart: what is not known is not answered directly.
ORDINARY = {"X-Unheard-Of": "1"}
OWN = {"x-request-id", "content-length", "date"}


@dataclass
class Wire:
    """A raw connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def ask(self, query: str, more: dict[str, str] | None = None, **given: Any) -> None:
        self.writer.write(request(query, more, **given))

    async def hear(self) -> tuple[int, dict[str, str], Any]:
        """Return status, headers by lower-case name and the decoded body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)

    async def answer(
        self, query: str, more: dict[str, str] | None = None, **given: Any
    ) -> tuple[int, dict[str, str], Any]:
        self.ask(query, more, **given)
        return await self.hear()


def request(query: str, more: dict[str, str] | None = None, **given: Any) -> bytes:
    body = json.dumps({"query": query, "variables": given}).encode()
    headers = {
        "Host": "here",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(more or {}),
    }
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    return b"".join(
        [b"POST /graphql HTTP/1.1\r\n", "".join(lines).encode("latin-1"), b"\r\n", body]
    )


def apart(headers: dict[str, str]) -> dict[str, str]:
    """Return what does not differ from request to request."""
    return {name: value for name, value in headers.items() if name not in OWN}


@asynccontextmanager
async def dialled(site: Any) -> AsyncIterator[Wire]:
    address = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def wire(site: Any) -> AsyncIterator[Wire]:
    async with dialled(site) as found:
        yield found


@pytest.mark.parametrize(
    ("query", "given"), [(COIN, {"symbol": "btc"}), (BOARD, {}), (AGES, {})]
)
@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/graphql-response+json, application/json;q=0.9",
        "application/json",
    ],
)
async def test_the_answer_is_the_applications_to_the_header(
    world: Any, wire: Wire, query: str, given: Any, accept: str
) -> None:
    more = {"Accept": accept}
    for _ in range(2):
        await wire.answer(query, more, **given)
    before = world.deps.traffic.direct
    status, headers, answer = await wire.answer(query, more, **given)
    assert world.deps.traffic.direct == before + 1
    ordinary = await wire.answer(query, {**more, **ORDINARY}, **given)
    assert world.deps.traffic.direct == before + 1
    assert (status, answer["data"]) == (ordinary[0], ordinary[2]["data"])
    assert answer["extensions"].keys() == ordinary[2]["extensions"].keys()
    assert answer["extensions"]["serverTime"] == ordinary[2]["extensions"]["serverTime"]
    assert apart(headers) == apart(ordinary[1])
    assert headers.keys() == ordinary[1].keys()
    assert headers["x-request-id"] != ordinary[1]["x-request-id"]


PAGES = "https://pages.example"


@pytest.mark.parametrize("origins", [(), ("*",), (PAGES,), (PAGES, "https://b.kr:8")])
@pytest.mark.parametrize(
    ("page", "is_let_in"),
    [
        ({}, lambda _: True),
        ({"Origin": PAGES}, bool),
        ({"Origin": PAGES, "Cookie": "a=b", "Sec-Fetch-Site": "cross-site"}, bool),
        ({"Origin": "https://other.example"}, lambda origins: origins == ("*",)),
        ({"Origin": "null"}, lambda origins: origins == ("*",)),
        ({"Origin": "http://here"}, lambda _: True),
        ({"Origin": f"{PAGES}\xa0"}, bool),
        (
            {"Origin": "https://b.example", "Sec-Fetch-Site": "\x85same-origin"},
            lambda origins: origins == ("*",),
        ),
        ({"Origin": "http://x", "Sec-Fetch-Site": "same-origin"}, lambda _: True),
    ],
)
async def test_a_page_is_told_what_the_application_tells_it(
    world: Any,
    serving: Any,
    origins: tuple[str, ...],
    page: dict[str, str],
    is_let_in: Any,
) -> None:
    deps = replace(world.deps, allowed_origins=origins)
    async with serving(deps) as site, dialled(site) as wire:
        for _ in range(2):
            await wire.answer(BOARD, page)
        before = world.deps.traffic.direct
        status, headers, answer = await wire.answer(BOARD, page)
        expected = is_let_in(origins)
        assert world.deps.traffic.direct == before + expected
        assert status == (200 if expected else 403)
        ordinary = await wire.answer(BOARD, {**page, **ORDINARY})
        assert world.deps.traffic.direct == before + expected
        assert (status, answer.get("data")) == (ordinary[0], ordinary[2].get("data"))
        assert apart(headers) == apart(ordinary[1])


async def test_it_follows_the_board(world: Any, wire: Wire) -> None:
    for _ in range(2):
        await wire.answer(COIN, symbol="BTC")
    seen = []
    for price in ("52100000", "52200000"):
        await world.clock.advance(1)
        world.publish(BTC=price)
        _, _, answer = await wire.answer(COIN, symbol="BTC")
        seen.append(answer["data"]["premium"]["domestic"]["price"])
    assert seen == ["52100000", "52200000"]
    assert world.deps.traffic.direct == 3


async def test_it_is_counted_as_every_request_is(world: Any, wire: Wire) -> None:
    traffic = world.deps.traffic
    for _ in range(4):
        await wire.answer(BOARD)
    assert traffic.requests["POST", "/graphql", "200"] == 4
    assert traffic.operations["query", "http", "OK"] == 4
    assert traffic.direct == 3


async def test_what_is_wrong_is_told_by_the_application(wire: Wire) -> None:
    for _ in range(3):
        _, _, answer = await wire.answer("{ premiums(first: 0) { totalCount } }")
        assert answer["errors"][0]["extensions"]["argument"] == "first"
    for _ in range(3):
        _, _, answer = await wire.answer("{ nothing }")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for _ in range(3):
        _, _, answer = await wire.answer("{ health { status } }")
        assert answer["data"]["health"]


async def test_a_request_may_come_in_pieces(world: Any, wire: Wire) -> None:
    await wire.answer(BOARD)
    _, _, expected = await wire.answer(BOARD)
    whole = request(BOARD)
    for cut in (10, len(whole) - 40, len(whole) - 1):
        wire.writer.write(whole[:cut])
        await wire.writer.drain()
        await asyncio.sleep(0)  # the piece is read
        await world.clock.settle()
        wire.writer.write(whole[cut:])
        status, _, answer = await wire.hear()
        assert (status, answer["data"]) == (200, expected["data"])


async def test_requests_may_come_before_the_answers(wire: Wire) -> None:
    for _ in range(2):
        await wire.answer(BOARD)
    wire.writer.write(request(BOARD) + request(COIN, symbol="BTC") + request(BOARD))
    answers = [(await wire.hear())[2]["data"] for _ in range(3)]
    assert [list(answer) for answer in answers] == [
        ["premiums"],
        ["premium"],
        ["premiums"],
    ]


async def test_ordinary_and_direct_requests_share_a_connection(
    world: Any, wire: Wire
) -> None:
    for turn in range(6):
        more = ORDINARY if turn % 2 else None
        status, _, answer = await wire.answer(BOARD, more)
        assert status == 200, answer
    assert world.deps.traffic.direct == 2


async def test_a_quiet_connection_is_closed(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    begin = module.HttpProtocol.connection_made

    def connection_made(self: Any, transport: Any) -> None:
        self.timeout_keep_alive = 0.05
        made.append(self)
        begin(self, transport)

    monkeypatch.setattr(module.HttpProtocol, "connection_made", connection_made)
    async with dialled(site) as wire:
        for _ in range(3):
            await wire.answer(BOARD)
        assert await wire.reader.read() == b""
    async with dialled(site) as wire:
        whole = request(BOARD)
        wire.writer.write(whole[:-5])
        # Held for longer than it may be quiet: a slow sender is not cut off.
        loop = asyncio.get_running_loop()
        patient_s = loop.time() + 4 * made[-1].timeout_keep_alive
        await asyncio.wait_for(_until(lambda: loop.time() > patient_s), 5)
        wire.writer.write(whole[-5:])
        assert (await wire.hear())[0] == 200


async def test_a_caller_beyond_its_budget_is_told_so(world: Any, site: Any) -> None:
    async with dialled(site) as wire:
        for _ in range(3):
            await wire.answer(BOARD)
        object.__setattr__(world.deps, "guard", Guard(Limits(rate=1, burst=1)))
        refused = [await wire.answer(BOARD) for _ in range(3)]
    assert [status for status, _, _ in refused][1:] == [429, 429]
    assert refused[-1][2]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert world.deps.traffic.refused["rate"] == 2


async def test_a_request_keeps_the_name_it_was_given(wire: Wire) -> None:
    named = {"X-Request-Id": "mine-7"}
    _, headers, _ = [await wire.answer(BOARD, named) for _ in range(3)][-1]
    assert headers["x-request-id"] == "mine-7"
    _, headers, _ = await wire.answer(BOARD, {"X-Request-Id": "not a name"})
    assert headers["x-request-id"] != "not a name"


async def _until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 (a connection tells nobody what it reads)
        await asyncio.sleep(0.01)  # the next look
