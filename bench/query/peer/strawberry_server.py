"""Stock Strawberry on uvicorn, as its guide sets it up, with both of its caches.

python -m bench.query.peer.strawberry_server DATA

Its objects are ready; their prices change ten times a second.
"""

import base64
import json
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Any, NewType

import strawberry
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.query.peer.serving import run

BOARDS_PER_S = 10

# Numbers are ready texts, as at the other peers: nothing is left to convert.
DecimalText = NewType("DecimalText", str)


@strawberry.enum
class Exchange(Enum):
    """A venue."""

    UPBIT = "UPBIT"
    BINANCE = "BINANCE"


@strawberry.enum
class Quality(Enum):
    """How far a number can be trusted."""

    LIVE = "LIVE"
    STALE = "STALE"
    UNAVAILABLE = "UNAVAILABLE"


@strawberry.type
class Quote:
    """One side of a premium."""

    price: DecimalText


@strawberry.type
class Premium:
    """One coin's premium."""

    symbol: str
    percent: DecimalText | None
    quality: Quality
    seq: int
    domestic: Quote | None
    global_: Quote | None = strawberry.field(name="global")


@strawberry.type
class PremiumEdge:
    """A premium's place in a page."""

    node: Premium


@strawberry.type
class PremiumConnection:
    """A page of premiums."""

    edges: list[PremiumEdge]


@strawberry.type
class Listing:
    """A coin's market on a venue."""

    exchange: Exchange
    market: str
    quote: str
    tradable: bool


@strawberry.type
class Coin:
    """One asset."""

    symbol: str
    korean_name: str
    english_name: str
    icon_url: str | None
    listings: list[Listing]


@strawberry.type
class CoinEdge:
    """A coin's place in a page."""

    node: Coin


@strawberry.type
class PageInfo:
    """What lies around a page."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CoinConnection:
    """A page of coins."""

    edges: list[CoinEdge]
    page_info: PageInfo


class Market:
    """The boards, one after the other, and the coins."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.boards = [[_premium(coin) for coin in board] for board in told["boards"]]
        self._found = [{c.symbol: c for c in board} for board in self.boards]
        self.coins = [_coin(coin) for coin in told["coins"]]

    def board(self) -> list[Premium]:
        """Return the present board, by symbol."""
        return self.boards[self._turn()]

    def premium(self, symbol: str) -> Premium | None:
        """Return one coin of the present board."""
        return self._found[self._turn()].get(symbol)

    def _turn(self) -> int:
        return int(time.monotonic() * BOARDS_PER_S) % len(self.boards)


def _premium(told: dict[str, Any]) -> Premium:
    return Premium(
        symbol=told["symbol"],
        percent=told["percent"],
        quality=Quality(told["quality"]),
        seq=told["seq"],
        domestic=told["domestic"] and Quote(**told["domestic"]),
        global_=told["global"] and Quote(**told["global"]),
    )


def _coin(told: dict[str, Any]) -> Coin:
    return Coin(
        symbol=told["symbol"],
        korean_name=told["koreanName"],
        english_name=told["englishName"],
        icon_url=told["iconUrl"],
        listings=[
            Listing(**{**listing, "exchange": Exchange(listing["exchange"])})
            for listing in told["listings"]
        ],
    )


def make_schema(market: Market) -> strawberry.Schema:
    """Return the schema of a market."""

    @strawberry.type
    class Query:
        @strawberry.field
        def premium(self, symbol: str) -> Premium | None:
            return market.premium(symbol)

        @strawberry.field
        def premiums(self, first: int | None = 100) -> PremiumConnection:
            page = market.board()[:first]
            return PremiumConnection(edges=[PremiumEdge(node=coin) for coin in page])

        @strawberry.field
        def coins(self, first: int | None = 100) -> CoinConnection:
            page = market.coins[:first]
            return CoinConnection(
                edges=[CoinEdge(node=coin) for coin in page],
                page_info=PageInfo(
                    has_next_page=len(market.coins) > len(page),
                    end_cursor=base64.b64encode(page[-1].symbol.encode()).decode(),
                ),
            )

    return strawberry.Schema(
        Query,
        extensions=[ParserCache, ValidationCache],
        config=StrawberryConfig(
            scalar_map={DecimalText: strawberry.scalar(name="Decimal", serialize=str)}
        ),
    )


if __name__ == "__main__":
    market = Market(json.loads(Path(sys.argv[1]).read_text()))
    run(GraphQL(make_schema(market), graphql_ide=None))
