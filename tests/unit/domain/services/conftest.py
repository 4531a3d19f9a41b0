"""A small market over the in-memory twins."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.market_source import MemoryMarketSource
from adapters.memory.market_stream import MemoryMarketStream
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange, VenueMarket
from domain.model.premium import Premium
from domain.model.quote import Quote
from domain.services.board_service import BoardService
from domain.services.market_service import MarketService


def coin_of(symbol: str, name: str) -> Coin:
    """Return a curated coin with both markets."""
    return Coin(
        symbol,
        name,
        symbol.title(),
        (
            Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True),
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True),
        ),
    )


@dataclass
class World:
    """Both venues, a board and the services that feed it."""

    clock: FakeClock
    board: BoardService
    sources: dict[Exchange, MemoryMarketSource]
    streams: dict[Exchange, MemoryMarketStream]
    markets: dict[Exchange, MarketService]
    coins: list[Coin]

    def quote(self, market: str, price: str) -> QuoteUpdate:
        """Return an update stamped now."""
        return QuoteUpdate(market, Decimal(price), self.clock.now_ms())

    def go_live(self) -> None:
        """Bring both streams up with a price of every coin, and a rate."""
        self.board.set_coins(self.coins)
        for exchange, market in self.markets.items():
            market.set_coins(self.coins)
            market.observe(FeedUp(exchange, Channel.WEBSOCKET, self.clock.monotonic()))
        self.board.answer_rate(FxQuote("dunamu", Decimal(1300), self.clock.now_ms()))
        for coin in self.coins:
            self.trade(f"KRW-{coin.symbol}", "52000000")
            self.trade(f"{coin.symbol}USDT", "40000")

    def trade(self, market: str, price: str) -> None:
        """Let a trade reach the board by the venue's stream."""
        exchange = Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE
        self.markets[exchange].observe(_batch(exchange, self, market, price))

    def premium(self, symbol: str = "BTC") -> Premium:
        """Tick, and return what is published of a coin."""
        self.board.tick()
        found = self.board.board.premium(symbol)
        assert found is not None, f"{symbol} is not on the board"
        return found

    def domestic(self, symbol: str = "BTC") -> Quote:
        """Tick, and return a coin's price in won."""
        quote = self.premium(symbol).domestic
        assert quote is not None, f"{symbol} has no price in won"
        return quote


def _batch(exchange: Exchange, world: World, market: str, price: str) -> FeedBatch:
    return FeedBatch(
        exchange,
        Channel.WEBSOCKET,
        world.clock.now_ms(),
        world.clock.monotonic(),
        (world.quote(market, price),),
    )


@pytest.fixture
def world() -> World:
    """Two coins on two venues; nothing has happened yet."""
    clock = FakeClock()
    coins = [coin_of("BTC", "비트코인"), coin_of("ETH", "이더리움")]
    board = BoardService(PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)])), clock)
    sources, streams, markets = {}, {}, {}
    for exchange in Exchange:
        listed = [
            VenueMarket(
                exchange,
                listing.market,
                listing.base_symbol,
                listing.quote,
                True,
                coin.korean_name if exchange is Exchange.UPBIT else "",
                coin.english_name if exchange is Exchange.UPBIT else "",
            )
            for coin in coins
            for listing in coin.listings
            if listing.exchange is exchange
        ]
        sources[exchange] = MemoryMarketSource(exchange, clock, listed)
        streams[exchange] = MemoryMarketStream(exchange, clock)
        markets[exchange] = MarketService(
            sources[exchange], streams[exchange], board, clock
        )
    return World(clock, board, sources, streams, markets, coins)
