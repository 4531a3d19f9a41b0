"""Unmodified clients of npm and PyPI, with and without compression."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.client.figure import figure, wait_figure
from tests.e2e.client.watcher import Watcher, watching

pytestmark = pytest.mark.slow

FIELDS: Final = (
    "symbol seq percent quality reason at coin { koreanName } "
    "domestic { price channel } global { price } bases { basis percent }"
)
BOARD: Final = (
    "subscription { premiums(throttleMs: 100) "
    f"{{ seq snapshot removed premiums {{ {FIELDS} }} }} }}"
)
BOARD_QUERY: Final = f"{{ premiums(first: 500) {{ edges {{ node {{ {FIELDS} }} }} }} }}"
COIN: Final = f'subscription {{ premium(symbol: "BTC") {{ {FIELDS} }} }}'
COIN_QUERY: Final = f'{{ premium(symbol: "BTC") {{ {FIELDS} }} }}'
EVENTS: Final = 5


@dataclass(frozen=True)
class Way:
    """A library, what it goes over, and whether its frames are compressed."""

    program: str
    kind: str
    compression: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, (self.program, self.kind, self.compression)))


WAYS: Final = (
    Way("node", "graphql-ws", "on"),
    Way("node", "graphql-ws", "off"),
    Way("node", "urql"),
    Way("node", "graphql-sse"),
    Way("python", "websockets", "on"),
    Way("python", "websockets", "off"),
    Way("python", "aiohttp", "on"),
    Way("python", "aiohttp", "off"),
)


@dataclass(frozen=True)
class Client:
    """A running client."""

    way: Way
    watcher: Watcher
    server: Any

    def subscribe(self, document: str) -> None:
        """Start a subscription."""
        self.watcher.say(document)

    def unsubscribe(self) -> None:
        """End it; the server has forgotten it when this returns, not the socket."""
        self.watcher.say(None)
        wait_figure(self.server, "kimp_subscriptions_active", lambda n: n == 0)
        assert figure(self.server, "kimp_live_groups") == 0
        sockets = 1 if self.way.compression else 0
        assert figure(self.server, "kimp_websocket_connections") == sockets
        assert {name for name, _ in self.watcher.rest()} <= {"event", "ended"}


@pytest.fixture(scope="module", params=WAYS, ids=str)
def client(
    request: pytest.FixtureRequest,
    demo: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """Run each client once, for all tests."""
    way: Way = request.param
    command = request.getfixturevalue(way.program)
    arguments = [way.kind, f"{demo.url}/graphql", way.compression]
    folder: Path = tmp_path_factory.mktemp("client")
    with watching([*command, *arguments], folder) as watcher:
        if way.compression:
            # graphql-ws connects for the first subscription, gql before it.
            watcher.say(COIN)
            extensions = watcher.take("extensions")
            assert ("permessage-deflate" in extensions) == (way.compression == "on")
            watcher.take()
            Client(way, watcher, demo).unsubscribe()
        yield Client(way, watcher, demo)
    wait_figure(demo, "kimp_websocket_connections", lambda n: n == 0)


def test_it_folds_the_board_from_a_snapshot_and_changes(client: Client) -> None:
    client.subscribe(BOARD)
    events = [client.watcher.take()["premiums"] for _ in range(EVENTS)]
    answer = client.server.query(BOARD_QUERY)
    client.unsubscribe()
    assert [event["snapshot"] for event in events] == [True] + [False] * (EVENTS - 1)
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))
    board: dict[str, Any] = {}
    for event in events:
        board.update((coin["symbol"], coin) for coin in event["premiums"])
        for symbol in event["removed"]:
            del board[symbol]
    asked = {
        e["node"]["symbol"]: e["node"] for e in answer["data"]["premiums"]["edges"]
    }
    assert board.keys() == asked.keys()
    same = [s for s in board if board[s]["seq"] == asked[s]["seq"]]
    # Few change between the fifth event and the question, or all whose rate has.
    assert len(same) > len(board) / 10
    assert {s: board[s] for s in same} == {s: asked[s] for s in same}
    assert all(board[s]["seq"] <= asked[s]["seq"] for s in board)


def test_it_follows_one_coin(client: Client) -> None:
    client.subscribe(COIN)
    told = {}
    for _ in range(EVENTS):
        coin = client.watcher.take()["premium"]
        told[coin["seq"]] = coin
    asked = client.server.query(COIN_QUERY)["data"]["premium"]
    while max(told) < asked["seq"]:
        coin = client.watcher.take()["premium"]
        told[coin["seq"]] = coin
    client.unsubscribe()
    assert list(told) == sorted(told)
    assert len(told) >= EVENTS
    # A version is told unless it was merged into the next one.
    assert told.get(asked["seq"], asked) == asked
