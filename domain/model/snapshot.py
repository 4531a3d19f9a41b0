"""Daily snapshots: the board at the Asia/Seoul date change, one row per coin.

Source: design.md "Snapshots", semantics.md "Bars and snapshots". KST is fixed UTC+9: a
Seoul day D ends at 15:00:00 UTC of D.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.model.market import MarketWarning
from domain.model.premium import compute

DAY_MS = 86_400_000
KST_OFFSET_MS = 9 * 3_600_000
_EPOCH = date(1970, 1, 1)


def seoul_day(at_ms: int) -> date:
    """Return the Asia/Seoul day that holds an instant (Unix ms)."""
    return _EPOCH + timedelta(days=(at_ms + KST_OFFSET_MS) // DAY_MS)


def utc_day(at_ms: int) -> date:
    """Return the UTC day that holds an instant (Unix ms)."""
    return _EPOCH + timedelta(days=at_ms // DAY_MS)


def taken_ms(day: date) -> int:
    """Return the instant at which a Seoul day ends, 15:00 UTC, in Unix ms."""
    return ((day - _EPOCH).days + 1) * DAY_MS - KST_OFFSET_MS


def opens_ms(day: date) -> int:
    """Return 00:00 UTC of a day in Unix ms."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class DailyPrices:
    """What a snapshot says: won per coin, dollars per coin, won per dollar, percent.

    `is_comparable` is False where the identity guard doubts that both sides are one
    asset: both prices are told then and no percent.
    """

    domestic_price: Decimal | None
    global_price: Decimal | None
    fx_rate: Decimal | None
    fx_source: str | None
    is_comparable: bool = True

    @property
    def percent(self) -> Decimal | None:
        """The premium of these prices at this rate, six places."""
        krw, usdt, fx = self.domestic_price, self.global_price, self.fx_rate
        if krw is None or usdt is None or fx is None or not self.is_comparable:
            return None
        return compute(krw, usdt, fx).percent


@dataclass(frozen=True, slots=True)
class DailySnapshot:
    """One coin at the end of one Seoul day.

    `revision` starts at 1 and rises with every amendment; `verified_ms` is when the
    venues' own record of that instant was compared last, None: not yet.
    """

    day: date
    symbol: str
    prices: DailyPrices
    revision: int = 1
    verified_ms: int | None = None

    @property
    def taken_at_ms(self) -> int:
        """The instant it speaks of, Unix ms, however late it was made."""
        return taken_ms(self.day)

    def amended(self, prices: DailyPrices, verified_ms: int) -> "DailySnapshot":
        """Return the next revision."""
        return replace(
            self, prices=prices, revision=self.revision + 1, verified_ms=verified_ms
        )


class AuditReason(StrEnum):
    """Why a snapshot was amended."""

    MINUTE_EVIDENCE = "MINUTE_EVIDENCE"
    RATE_EVIDENCE = "RATE_EVIDENCE"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One field of a snapshot that was amended: from what, to what, and why.

    `revision` is the one it made; values are canonical decimals or plain text, None
    where there was or is none.
    """

    day: date
    symbol: str
    revision: int
    field: str
    was: str | None
    became: str | None
    reason: AuditReason
    at_ms: int


@dataclass(frozen=True, slots=True)
class CurrentRow:
    """What is known of a coin now; at the date change it becomes the snapshot.

    `listed` are its open markets as `EXCHANGE:market`, in order. `at_ms` is the
    exchange time of the newer price, None without prices; it is no difference by
    itself.
    """

    symbol: str
    korean_name: str
    english_name: str
    icon_url: str | None
    listed: tuple[str, ...]
    warnings: tuple[MarketWarning, ...]
    prices: DailyPrices
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of rows about to be stored: `compared` = `equal` + `updated`."""

    compared: int = 0
    equal: int = 0
    updated: int = 0

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(
            self.compared + other.compared,
            self.equal + other.equal,
            self.updated + other.updated,
        )
