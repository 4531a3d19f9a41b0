"""Which coin a venue's ticker stands for.

A coin is not a ticker: Upbit BTT is Binance BTTC, TON became GRAM, 1000SATS trades a
thousand at a time. A curated table `(exchange, base symbol, valid from) → asset`
decides; equal tickers are only the fallback, watched by the guard. Sources of the
rows: exchanges.md A5 and the venues' market lists, each row checked by name.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

from domain.model.coin import ONE
from domain.model.market import Exchange
from domain.model.number import MalformedNumber, parse_decimal

COLUMNS = ("exchange", "symbol", "valid_from", "valid_until", "asset", "multiplier")
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


class MalformedIdentityTable(ValueError):
    """A row of the curated table that cannot be meant; says which and why."""


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """From `valid_from` to before `valid_until` this ticker is this asset."""

    exchange: Exchange
    symbol: str
    asset: str
    multiplier: Decimal = ONE
    valid_from: datetime = _BEGINNING
    valid_until: datetime = _END


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer: canonical symbol, units per price, and whether someone checked."""

    asset: str
    multiplier: Decimal
    curated: bool


class IdentityTable:
    """The curated rows, asked by venue, ticker and instant."""

    def __init__(self, rows: Iterable[IdentityRow]) -> None:
        self._rows: dict[tuple[Exchange, str], list[IdentityRow]] = {}
        for row in rows:
            self._rows.setdefault((row.exchange, row.symbol), []).append(row)
        for key, spans in self._rows.items():
            spans.sort(key=lambda row: row.valid_from)
            for earlier, later in pairwise(spans):
                if earlier.valid_until > later.valid_from:
                    raise MalformedIdentityTable(
                        f"{key[0]} {key[1]}: two rows are valid at {later.valid_from}"
                    )

    def __len__(self) -> int:
        return sum(len(spans) for spans in self._rows.values())

    def resolve(self, exchange: Exchange, symbol: str, at: datetime) -> Identity:
        """Return the coin a ticker stands for at an instant.

        Without a row the ticker itself is the guess, `curated` is False then.
        """
        for row in self._rows.get((exchange, symbol), ()):
            if row.valid_from <= at < row.valid_until:
                return Identity(row.asset, row.multiplier, curated=True)
        return Identity(symbol, ONE, curated=False)

    def changes(self, exchange: Exchange, symbol: str) -> Iterable[datetime]:
        """Return the instants at which a ticker began or ceased to mean something."""
        for row in self._rows.get((exchange, symbol), ()):
            if row.valid_from != _BEGINNING:
                yield row.valid_from
            if row.valid_until != _END:
                yield row.valid_until


def parse_table(text: str) -> IdentityTable:
    """Read the table from CSV text (columns: COLUMNS and a free `note`).

    Lines that start with `#` are comments. Empty instants mean "always" and "still".

    Raises:
        MalformedIdentityTable: an unknown venue, no symbol, a naive instant, a row that
            is never valid, a multiplier that is no power of ten, or overlapping rows.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise MalformedIdentityTable(f"missing columns: {', '.join(missing)}")
    return IdentityTable(_row(record) for record in reader)


def _row(record: dict[str, str]) -> IdentityRow:
    try:
        row = IdentityRow(
            exchange=Exchange(record["exchange"]),
            symbol=record["symbol"],
            asset=record["asset"] or record["symbol"],
            multiplier=_multiplier(record["multiplier"]),
            valid_from=_instant(record["valid_from"], _BEGINNING),
            valid_until=_instant(record["valid_until"], _END),
        )
        if not row.symbol:
            raise ValueError("no symbol")
        if row.valid_from >= row.valid_until:
            raise ValueError("it is never valid")
    except ValueError as exc:
        raise MalformedIdentityTable(f"{record}: {exc}") from exc
    return row


def _multiplier(text: str) -> Decimal:
    if not text:
        return ONE
    try:
        value = parse_decimal(text)
    except MalformedNumber as exc:
        raise ValueError(f"multiplier {text!r} is {exc}") from exc
    if value < 1 or value.normalize().as_tuple().digits != (1,):
        raise ValueError(f"multiplier {text!r} is no power of ten")
    return value


def _instant(text: str, default: datetime) -> datetime:
    if not text:
        return default
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"instant {text!r} has no offset")
    return value
