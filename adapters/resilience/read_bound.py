"""What a one-off read may ask for and gets at most, the same at every venue."""

from dataclasses import replace

from domain.model.error import InvalidArgument
from domain.model.interval import Interval
from domain.model.order_book import OrderBook

# Source: `domain.ports.market_reader`.
MAX_DEPTH = 30
MAX_TRADES = 500
# Fifty pages of Upbit, ten of Binance: some seconds inside the venues' budgets.
MAX_CANDLES = 10_000
# Markets in one question; the catalogues have some 250 each.
MAX_MARKETS = 500
# Longest wait for the venue's limits, in seconds: a question is answered within 3 s by
# another channel or told when to come back.
MAX_LINE_S = 2.5


def check_depth(depth: int) -> None:
    """Let a depth of 1..30 pass; InvalidArgument else."""
    _check("depth", depth, MAX_DEPTH)


def check_trades(count: int) -> None:
    """Let 1..500 trades pass; InvalidArgument else."""
    _check("count", count, MAX_TRADES)


def check_candles(count: int) -> None:
    """Let 1..10,000 candles pass; InvalidArgument else."""
    _check("count", count, MAX_CANDLES)


def check_span(interval: Interval, from_ms: int, to_ms: int) -> None:
    """Let a span of at most 10,000 openings pass; InvalidArgument else."""
    if from_ms < 0 or (to_ms - from_ms) // interval.length_ms > MAX_CANDLES:
        raise InvalidArgument("span", f"must be at most {MAX_CANDLES} candles")


def check_markets(many: int) -> None:
    """Let at most 500 markets pass; InvalidArgument else."""
    if many > MAX_MARKETS:
        raise InvalidArgument("markets", f"must be at most {MAX_MARKETS}")


def cut(book: OrderBook, depth: int) -> OrderBook:
    """Return the book with its best `depth` levels a side."""
    return replace(book, bids=book.bids[:depth], asks=book.asks[:depth])


def _check(argument: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise InvalidArgument(argument, f"must be 1..{most}")
