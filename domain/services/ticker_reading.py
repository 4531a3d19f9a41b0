"""Reads tickers: what is LIVE on the open stream at once, the rest by the router."""

from collections.abc import Mapping, Sequence
from functools import partial

from domain.model.board import PremiumBoard
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.quote import Quote
from domain.model.route import Question, ReadKind
from domain.model.ticker import is_live_on_stream, ticker_of_state, ticker_of_update
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader
from domain.services.channel_line import ChannelLine
from domain.services.channel_router import ChannelRouter, Served

Tickers = Mapping[MarketKey, Quote]


class TickerReading:
    """Tickers of all venues, per venue unit, by the board and the router."""

    def __init__(
        self, router: ChannelRouter, board: PremiumBoard, clock: Clock
    ) -> None:
        self._router = router
        self._board = board
        self._clock = clock

    async def read(
        self, exchange: Exchange, keys: Sequence[MarketKey], forced: Channel | None
    ) -> Tickers:
        """Return the tickers of the markets of a venue that have a price.

        A forced WEBSOCKET is honoured by what is LIVE on the open stream as well.

        Raises:
            UpstreamUnavailable: no channel answered and nothing is known.
            UnsupportedRead: no channel has tickers.
            UnknownMarket: the venue has no such market.
        """
        found = {} if forced is Channel.REST else self._live(exchange, keys)
        if found:
            question = Question(ReadKind.TICKER, len(found), forced, live=True)
            self._router.decide(exchange, question)
            self._router.count(exchange, ReadKind.TICKER, Channel.WEBSOCKET)
        missing = [key for key in keys if key not in found]
        if not missing:
            return found
        return {**found, **await self._ask(exchange, missing, forced)}

    async def _ask(
        self, exchange: Exchange, keys: Sequence[MarketKey], forced: Channel | None
    ) -> Tickers:
        question = Question(ReadKind.TICKER, len(keys), forced)
        decision = self._router.decide(exchange, question)

        def stored() -> Served[Tickers] | None:
            known = {} if forced else self._known(keys, Quality.STALE)
            return Served(known, Channel.CACHE) if known else None

        served = await self._router.ask(
            exchange, question.kind, decision.channels, partial(self._by, keys), stored
        )
        return served.value

    async def _by(self, keys: Sequence[MarketKey], line: ChannelLine) -> Tickers:
        async def read(reader: MarketReader) -> Tickers:
            updates = await reader.tickers([key.market for key in keys])
            now_ms, skew_ms = self._clock.now_ms(), self._board.skew_ms(line.exchange)
            quotes = (
                ticker_of_update(line.exchange, update, line.channel, now_ms, skew_ms)
                for update in updates
            )
            return {quote.key: quote for quote in quotes if quote is not None}

        return await line.call(ReadKind.TICKER, read)

    def _live(self, exchange: Exchange, keys: Sequence[MarketKey]) -> Tickers:
        session = self._board.feeds.session(exchange, Channel.WEBSOCKET)
        now_s, book = self._clock.monotonic(), self._board.book
        live = [key for key in keys if is_live_on_stream(book.get(key), session, now_s)]
        return self._known(live, Quality.LIVE)

    def _known(self, keys: Sequence[MarketKey], quality: Quality) -> Tickers:
        now_ms = self._clock.now_ms()
        found = {}
        for key in keys:
            state = self._board.book.get(key)
            if state is None:
                continue
            skew_ms = self._board.skew_ms(key.exchange)
            quote = ticker_of_state(state, quality, now_ms, skew_ms)
            if quote is not None:
                found[key] = quote
        return found
