"""Binance's streams that have a clock of their own: klines and partial books."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.simulator import binance_encoding as encoding
from adapters.simulator.bar import SECOND_MS
from adapters.simulator.binance_audience import Audiences, Topic
from adapters.simulator.binance_interval import of_stream
from adapters.simulator.candle import Interval, flat
from adapters.simulator.instrument import Instrument

KLINE_MS = 2_000
"""Time between two frames of a kline that runs; of one second's: SECOND_MS."""
BOOK_MS, FAST_BOOK_MS = 1_000, 100
BOOK_LEVELS = (5, 10, 20)
BEHIND = 60
"""Closed klines told one by one at most; after a longer sleep the rest is left out."""

_BOOKS = {
    f"depth{many}{suffix}": (many, period)
    for many in BOOK_LEVELS
    for suffix, period in (
        ("", BOOK_MS),
        ("@1000ms", BOOK_MS),
        ("@100ms", FAST_BOOK_MS),
    )
}


@dataclass(slots=True)
class _Kline:
    """What was told of one kline stream: the candle that runs, the last trade."""

    instrument: Instrument
    name: str
    interval: Interval
    start_ms: int
    told: int
    told_ms: int


@dataclass(slots=True)
class _Book:
    """What was told of one partial book: the last trade's number."""

    instrument: Instrument
    many: int
    period_ms: int
    told: int
    told_ms: int


class TimedFeed:
    """All klines and partial books that anybody listens to."""

    __slots__ = ("_audiences", "_books", "_instruments", "_klines")

    def __init__(
        self, audiences: Audiences, instruments: Mapping[str, Instrument]
    ) -> None:
        self._audiences = audiences
        self._instruments = instruments
        self._klines: dict[Topic, _Kline] = {}
        self._books: dict[Topic, _Book] = {}

    def begin(self, topic: Topic, now_ms: int) -> None:
        """Take up a topic, if it is one of these and its market is listed."""
        instrument = self._instruments.get(topic.symbol)
        if instrument is None or topic in self._klines or topic in self._books:
            return
        if named := of_stream(topic.kind):
            name, interval = named
            start_ms, told = interval.floor(now_ms), instrument.number
            kline = _Kline(instrument, name, interval, start_ms, told, now_ms)
            self._klines[topic] = kline
        elif topic.kind in _BOOKS:
            many, period_ms = _BOOKS[topic.kind]
            self._books[topic] = _Book(instrument, many, period_ms, -1, now_ms)

    def end(self, topic: Topic | None) -> None:
        """Drop a topic that nobody listens to any more."""
        if topic is not None:
            self._klines.pop(topic, None)
            self._books.pop(topic, None)

    def publish(self, now_ms: int, *, silent: bool) -> None:
        """Put what is due: closed klines at once, all else by its period."""
        for topic, kline in self._klines.items():
            self._close(topic, kline, now_ms, silent=silent)
            length_ms = kline.interval.length_ms
            period_ms = SECOND_MS if length_ms == SECOND_MS else KLINE_MS
            if _due(kline, period_ms, now_ms):
                self._tell(topic, kline, now_ms, silent=silent)
        for topic, book in self._books.items():
            if _due(book, book.period_ms, now_ms):
                book.told, book.told_ms = book.instrument.number, now_ms
                if not silent:
                    self._put(topic, encoding.depth(book.instrument, book.many))

    def _close(self, topic: Topic, kline: _Kline, now_ms: int, *, silent: bool) -> None:
        """Put each kline that has ended, one without a trade too."""
        for _ in range(BEHIND):
            if kline.interval.following(kline.start_ms) > now_ms:
                return
            if not silent:
                self._put(topic, _row(kline, now_ms, topic))
            kline.start_ms = kline.interval.following(kline.start_ms)
        kline.start_ms = kline.interval.floor(now_ms)

    def _tell(self, topic: Topic, kline: _Kline, now_ms: int, *, silent: bool) -> None:
        kline.told, kline.told_ms = kline.instrument.number, now_ms
        if not silent and kline.instrument.time_ms >= kline.start_ms:
            self._put(topic, _row(kline, now_ms, topic))

    def _put(self, topic: Topic, data: str) -> None:
        audience = self._audiences.get(*topic)
        if audience is not None:
            audience.put(data)


def _due(told: _Kline | _Book, period_ms: int, now_ms: int) -> bool:
    """Say whether a trade has changed what was told a period ago."""
    if told.told == told.instrument.number:
        return False
    return told.told_ms // period_ms != now_ms // period_ms


def _row(kline: _Kline, now_ms: int, topic: Topic) -> str:
    start_ms, history = kline.start_ms, kline.instrument.history
    end_ms = kline.interval.following(start_ms)
    bar = history.bar(start_ms, min(end_ms, now_ms + 1))
    bar = flat(start_ms, history.price_at(start_ms)) if bar is None else bar
    symbol = kline.instrument.listing.symbol
    return encoding.kline(
        symbol, kline.name, bar._replace(open_ms=start_ms), end_ms, now_ms, topic.unit
    )
