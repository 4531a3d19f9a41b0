"""Candles as the venues gave them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, select

from adapters.postgres.column import (
    MAX_INSTANT_MS,
    instant_of,
    is_storable,
    text_of,
    unix_ms_of,
)
from adapters.postgres.database import Database
from adapters.postgres.history_table import CandleRow
from adapters.postgres.row import table_of
from adapters.postgres.upsert import Upsert, differs
from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.market import Exchange

CANDLE = table_of(CandleRow)
# Rows of one question while streaming: some 3 MB, and no transaction in between.
STREAM_ROWS: Final = 5_000
_KEY = ("exchange", "market", "interval", "opened_at")
_NUMBERS = ("open", "high", "low", "close", "base_volume", "quote_volume")
_SAVE = Upsert(CANDLE, (*_KEY, *_NUMBERS), lambda row, new: differs(row, new, _NUMBERS))
_ALL = select(*(CANDLE.c[name] for name in (*_KEY, *_NUMBERS)))
_Row = tuple[Any, ...]


class PostgresCandleArchive:
    """`CandleArchive` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, exchange: Exchange, candles: Sequence[Candle]) -> int:
        """Store closed candles, replace those that differ; return how many changed.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        rows = sorted(
            (
                _row(exchange, candle)
                for candle in candles
                if candle.closed and is_storable(candle.opened_ms)
            ),
            key=lambda row: row[: len(_KEY)],
        )
        if not rows:
            return 0
        async with self._database.transaction() as connection:
            return await _SAVE.run(connection, rows)

    async def load(
        self,
        exchange: Exchange,
        market: str,
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> Sequence[Candle]:
        """Return the kept candles with `from_ms` ≤ opened < `to_ms`, ascending.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        wanted = _of_market(exchange, market, interval, from_ms, to_ms)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [_candle(row) for row in rows]

    async def stream(
        self, interval: Interval, from_ms: int, to_ms: int
    ) -> AsyncIterator[tuple[Exchange, Candle]]:
        """Yield the kept candles of all markets, by venue, market and time.

        In pages, each with a transaction of its own: what is written meanwhile may be
        in it or not.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        for exchange, market in await self._markets(interval):
            page_ms: int | None = from_ms
            while page_ms is not None:
                wanted = _of_market(exchange, market, interval, page_ms, to_ms)
                async with self._database.transaction() as connection:
                    found = await connection.execute(wanted.limit(STREAM_ROWS))
                    rows = found.mappings().all()
                page_ms = None
                for row in rows:
                    yield exchange, _candle(row)
                if len(rows) == STREAM_ROWS:
                    page_ms = unix_ms_of(rows[-1]["opened_at"]) + 1

    async def _markets(self, interval: Interval) -> Sequence[tuple[Exchange, str]]:
        wanted = (
            select(CANDLE.c.exchange, CANDLE.c.market)
            .where(CANDLE.c.interval == interval.value)
            .distinct()
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(wanted)).all()
        known = {str(exchange) for exchange in Exchange}
        # Written by a newer version: a venue that we do not know.
        return sorted((Exchange(row[0]), row[1]) for row in rows if row[0] in known)


def _of_market(
    exchange: Exchange, market: str, interval: Interval, from_ms: int, to_ms: int
) -> Select[Any]:
    first, end = (min(max(ms, 0), MAX_INSTANT_MS) for ms in (from_ms, to_ms))
    return _ALL.where(
        CANDLE.c.exchange == exchange.value,
        CANDLE.c.market == text_of(market),
        CANDLE.c.interval == interval.value,
        CANDLE.c.opened_at >= instant_of(first),
        CANDLE.c.opened_at < instant_of(end),
    ).order_by(CANDLE.c.opened_at)


def _row(exchange: Exchange, candle: Candle) -> _Row:
    return (
        exchange.value,
        text_of(candle.market),
        candle.interval.value,
        instant_of(candle.opened_ms),
        *(getattr(candle, name) for name in _NUMBERS),
    )


def _candle(row: Mapping[str, Any]) -> Candle:
    return Candle(
        market=row["market"],
        interval=Interval(row["interval"]),
        opened_ms=unix_ms_of(row["opened_at"]),
        **{name: row[name] for name in _NUMBERS},
    )
