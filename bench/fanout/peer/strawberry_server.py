"""Stock Strawberry on uvicorn, as its guide sets it up, deflate off.

python -m bench.fanout.peer.strawberry_server BOARDS

Subscribers who are behind are told the newest board, so nothing queues.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
import uvicorn
import uvloop
from strawberry.asgi import GraphQL

from bench.fanout.peer.order import Board, say_port, take_orders


@strawberry.enum
class Quality(Enum):
    """How far a number can be trusted."""

    LIVE = "LIVE"
    STALE = "STALE"
    UNAVAILABLE = "UNAVAILABLE"


@strawberry.input
class PremiumFilter:
    """Which coins are wanted."""

    symbols: list[str] | None = None


@strawberry.type
class Quote:
    """One side of a premium."""

    price: Decimal


@strawberry.type
class Premium:
    """One coin."""

    symbol: str
    percent: Decimal | None
    quality: Quality
    seq: int
    domestic: Quote | None
    global_: Quote | None = strawberry.field(name="global")


@strawberry.type
class PremiumsUpdate:
    """One tick."""

    seq: int
    premiums: list[Premium]


def made(coin: dict[str, Any], seq: int) -> Premium:
    """Return one coin of the file at a tick."""
    return Premium(
        symbol=coin["symbol"],
        percent=Decimal(coin["percent"]),
        quality=Quality.LIVE,
        seq=seq,
        domestic=Quote(price=Decimal(coin["domestic"]["price"])),
        global_=Quote(price=Decimal(coin["global"]["price"])),
    )


board = Board(sys.argv[1], made)
places = {symbol: place for place, symbol in enumerate(board.symbols)}


@strawberry.type
class Query:
    """Nothing is asked."""

    ok: bool = True


@strawberry.type
class Subscription:
    """What is measured."""

    @strawberry.subscription
    async def premiums(
        self, filter: PremiumFilter | None = None, throttle_ms: int = 500
    ) -> AsyncGenerator[PremiumsUpdate, None]:
        """Tell the board, then every tick."""
        symbols = None if filter is None else filter.symbols
        chosen = None if symbols is None else [places[symbol] for symbol in symbols]
        while True:
            seq, coins = board.seq, board.coins
            found = coins if chosen is None else [coins[place] for place in chosen]
            yield PremiumsUpdate(seq=seq, premiums=found)
            await board.after(seq)

    @strawberry.subscription
    async def premium(
        self, symbol: str, throttle_ms: int = 100
    ) -> AsyncGenerator[Premium, None]:
        """Tell one coin, then every tick."""
        if symbol == board.quiet_symbol:
            yield board.quiet
            await asyncio.Event().wait()
        while True:
            seq = board.seq
            yield board.coins[places[symbol]]
            await board.after(seq)


async def main() -> None:
    """Serve until the orders end."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    schema = strawberry.Schema(Query, subscription=Subscription)
    config = uvicorn.Config(
        GraphQL(schema),
        loop="none",
        lifespan="off",
        log_level="error",
        backlog=4096,
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn tells nobody)
        await asyncio.sleep(0.01)  # until the next look
    say_port(listener.getsockname()[1])
    await take_orders(board.tick)
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
