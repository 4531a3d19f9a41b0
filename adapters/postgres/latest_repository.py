"""The latest quotes, rates and premium counts: one row each, written in one batch."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.column import instant_of, is_storable, text_of, unix_ms_of
from adapters.postgres.database import Database
from adapters.postgres.table import (
    LatestPremiumRow,
    LatestQuoteRow,
    LatestRateRow,
    ServerStateRow,
    table_of,
)
from adapters.postgres.upsert import New, Upsert, differs
from domain.model.fx import FxQuote, PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, Quality
from domain.model.premium import Numbers
from domain.model.quote import Quote
from domain.ports.store import Latest

QUOTE = table_of(LatestQuoteRow)
RATE = table_of(LatestRateRow)
PREMIUM = table_of(LatestPremiumRow)
STATE = table_of(ServerStateRow)
STATE_ID = 1
QUOTE_NUMBERS = ("price", "bid", "ask", "base_volume_24h", "quote_volume_24h")
BASIS_NUMBERS = {
    basis: (f"{basis.lower()}_percent", f"{basis.lower()}_absolute_krw")
    for basis in PremiumBasis
}
_EXCHANGES = {str(exchange) for exchange in Exchange}
_NO_NUMBERS = (None, None)
Row = tuple[Any, ...]

_log = logging.getLogger(__name__)


def _is_newer_quote(stored: Table, new: New) -> ColumnElement[bool]:
    # The receive time alone is no difference: a change of a rate marks every coin, and
    # all their rows would be written again each second.
    return and_(
        new["exchange_time"] >= stored.c.exchange_time,
        differs(stored, new, ("exchange_time", *QUOTE_NUMBERS)),
    )


def _is_newer_rate(stored: Table, new: New) -> ColumnElement[bool]:
    return and_(new["as_of"] >= stored.c.as_of, differs(stored, new, ("as_of", "rate")))


def _is_newer_premium(stored: Table, new: New) -> ColumnElement[bool]:
    return new["seq"] > stored.c.seq


def _is_other_state(stored: Table, new: New) -> ColumnElement[bool]:
    return or_(new["tick_seq"] > stored.c.tick_seq, new["clean"] != stored.c.clean)


def _highest_seq(stored: Table, new: New) -> Mapping[str, ColumnElement[int]]:
    return {"tick_seq": func.greatest(stored.c.tick_seq, new["tick_seq"])}


# The columns stand in the order of the rows made below; the key comes first.
_QUOTES = Upsert(
    QUOTE,
    ("exchange", "market", "exchange_time", "received_at", *QUOTE_NUMBERS),
    _is_newer_quote,
)
_RATES = Upsert(RATE, ("source", "as_of", "rate"), _is_newer_rate)
_PREMIUMS = Upsert(
    PREMIUM,
    (
        *("symbol", "seq", "at", "last_live_at"),
        *chain(*BASIS_NUMBERS.values()),
        "is_doubted",
    ),
    _is_newer_premium,
)
_STATE = Upsert(STATE, ("id", "tick_seq", "clean"), _is_other_state, _highest_seq)


class PostgresLatestRepository:
    """`LatestRepository` over four tables; one transaction per save.

    A value with a time that no calendar holds is left out and told in the log, once
    for each, so that it keeps no other value from being written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refused: set[str] = set()

    async def load(self) -> Latest:
        """Return what was stored last: quotes as CACHE and STALE, without changes.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        async with self._database.transaction() as connection:
            quotes = await _rows(connection, QUOTE)
            rates = await _rows(connection, RATE)
            premiums = await _rows(connection, PREMIUM)
            states = await _rows(connection, STATE)
        return Latest(
            quotes=tuple(map(_quote_of, filter(_is_known, quotes))),
            rates=tuple(map(_rate_of, rates)),
            premiums=tuple(map(_premium_of, premiums)),
            tick_seq=states[0]["tick_seq"] if states else 0,
            clean=states[0]["clean"] if states else True,
        )

    async def save(self, latest: Latest) -> None:
        """Upsert the values given, only what is newer and different.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
        """
        quotes = [
            _row_of_quote(quote)
            for quote in latest.quotes
            if self._takes(quote.market, quote.exchange_ms, quote.received_ms)
        ]
        rates = [
            _row_of_rate(rate)
            for rate in latest.rates
            if self._takes(rate.source, rate.as_of_ms)
        ]
        premiums = [
            _row_of_premium(kept)
            for kept in latest.premiums
            if self._takes(kept.symbol, kept.at_ms, kept.last_live_ms)
        ]
        async with self._database.transaction() as connection:
            await _QUOTES.run(connection, _sorted(quotes, 3))
            await _RATES.run(connection, _sorted(rates, 2))
            await _PREMIUMS.run(connection, _sorted(premiums, 2))
            await _STATE.run(connection, [(STATE_ID, latest.tick_seq, latest.clean)])

    def _takes(self, name: str, *instants_ms: int | None) -> bool:
        if is_storable(*instants_ms):
            return True
        if name not in self._refused:
            self._refused.add(name)
            _log.warning(
                "latest.not_stored", extra={"value_of": name, "times_ms": instants_ms}
            )
        return False


def _sorted(rows: Iterable[Row], width: int) -> list[Row]:
    """Return rows by key and version, which the first `width` columns are."""
    return sorted(rows, key=lambda row: row[:width])


async def _rows(connection: AsyncConnection, table: Table) -> Sequence[RowMapping]:
    return (await connection.execute(select(table))).mappings().all()


def _is_known(row: RowMapping) -> bool:
    # A newer version of the program may know more venues than this one.
    return row["exchange"] in _EXCHANGES


def _row_of_quote(quote: Quote) -> Row:
    return (
        str(quote.exchange),
        text_of(quote.market),
        instant_of(quote.exchange_ms),
        instant_of(quote.received_ms),
        quote.price,
        quote.bid,
        quote.ask,
        quote.base_volume_24h,
        quote.quote_volume_24h,
    )


def _quote_of(row: RowMapping) -> Quote:
    return Quote(
        exchange=Exchange(row["exchange"]),
        market=row["market"],
        price=row["price"],
        exchange_ms=unix_ms_of(row["exchange_time"]),
        received_ms=unix_ms_of(row["received_at"]),
        channel=Channel.CACHE,
        quality=Quality.STALE,
        bid=row["bid"],
        ask=row["ask"],
        base_volume_24h=row["base_volume_24h"],
        quote_volume_24h=row["quote_volume_24h"],
    )


def _row_of_rate(rate: FxQuote) -> Row:
    return (text_of(rate.source), instant_of(rate.as_of_ms), rate.rate)


def _rate_of(row: RowMapping) -> FxQuote:
    return FxQuote(row["source"], row["rate"], unix_ms_of(row["as_of"]))


def _row_of_premium(kept: KeptPremium) -> Row:
    row: list[Any] = [text_of(kept.symbol), kept.seq, instant_of(kept.at_ms)]
    live_ms = kept.last_live_ms
    row.append(None if live_ms is None else instant_of(live_ms))
    for basis in BASIS_NUMBERS:
        known = kept.numbers.get(basis)
        row += _NO_NUMBERS if known is None else (known.percent, known.absolute_krw)
    return (*row, kept.is_doubted)


def _premium_of(row: RowMapping) -> KeptPremium:
    live_at = row["last_live_at"]
    return KeptPremium(
        symbol=row["symbol"],
        seq=row["seq"],
        at_ms=unix_ms_of(row["at"]),
        last_live_ms=None if live_at is None else unix_ms_of(live_at),
        numbers={
            basis: Numbers(row[percent], row[absolute])
            for basis, (percent, absolute) in BASIS_NUMBERS.items()
            if row[percent] is not None
        },
        is_doubted=row["is_doubted"],
    )
