"""Upbit's candles in the stream: what trades have changed, told once a second."""

from collections.abc import Iterator, Mapping, Sequence

from adapters.simulator import upbit_encoding as encoding
from adapters.simulator.bar import SECOND_MS, Bar
from adapters.simulator.candle import Interval, newest_first
from adapters.simulator.connection import Connection
from adapters.simulator.frame import BINARY, frame
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.upbit_audience import Audience, Listeners
from adapters.simulator.upbit_field import Format
from adapters.simulator.upbit_request import CANDLES, Topic


class CandleFeed:
    """Remembers which markets traded, and tells their candles to the audience."""

    __slots__ = ("_audience", "_instruments", "_second", "_traded")

    def __init__(
        self, audience: Audience, instruments: Mapping[str, Instrument]
    ) -> None:
        self._audience = audience
        self._instruments = instruments
        self._second = 0
        # Each market's first trade since the candles were last told.
        self._traded: dict[str, Trade] = {}

    def note(self, trade: Trade) -> None:
        """Remember that a market traded."""
        self._traded.setdefault(trade.instrument.listing.symbol, trade)

    def publish(self, now_ms: int, *, silent: bool) -> None:
        """Put every candle a trade has changed, at most once a second."""
        second = now_ms // SECOND_MS
        if second == self._second:
            return
        self._second = second
        traded, self._traded = self._traded, {}
        if silent:
            return
        for code, first in traded.items():
            for channel in CANDLES:
                listeners = tuple(self._audience.of(channel, code))
                if listeners:
                    _put(channel, listeners, first, now_ms)

    def snapshot(
        self, connection: Connection, topic: Topic, form: Format, now_ms: int
    ) -> None:
        """Put the newest candle there is: the one before where this has no trade."""
        history = self._instruments[topic.code].history
        interval = CANDLES[topic.channel]
        for bar in newest_first(history, interval, now_ms + 1, 1, now_ms):
            body = encoding.candle(topic.channel, topic.code, bar, form, "SNAPSHOT")
            connection.put(frame(BINARY, body))


def _put(
    channel: str, listeners: Sequence[Listeners], first: Trade, now_ms: int
) -> None:
    code = first.instrument.listing.symbol
    for bar in _changed(first, CANDLES[channel], now_ms):
        for _, form, connections in listeners:
            body = encoding.candle(channel, code, bar, form, "REALTIME")
            ready = frame(BINARY, body)
            for connection in connections:
                connection.put(ready)


def _changed(first: Trade, interval: Interval, now_ms: int) -> Iterator[Bar]:
    """Yield the candles with a trade since this one, oldest first."""
    start = interval.floor(first.time_ms)
    while start <= now_ms:
        end = interval.following(start)
        bar = first.instrument.history.bar(start, min(end, now_ms + 1))
        if bar is not None:
            yield bar._replace(open_ms=start)
        start = end
