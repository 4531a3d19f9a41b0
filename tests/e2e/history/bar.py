"""What bars must be, from the tape alone and by fractions.

Where semantics.md is silent, docs/adr/0008-history-is-minutes.md decided: in minutes a
leg without a trade keeps its price; KRW_USDT and KRW_USDC take the open of Upbit's own
candle with the open and its close with the close.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from tests.e2e.history.tape import DAY_S, MINUTE_S, Candle, at, day_of, iso
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics import expect

BASES: Final = ("OFFICIAL_FX", "KRW_USDT", "KRW_USDC")
STABLE: Final = {"KRW_USDT": "KRW-USDT", "KRW_USDC": "KRW-USDC"}
LENGTHS: Final = {
    "M1": 60,
    "M3": 180,
    "M5": 300,
    "M15": 900,
    "M30": 1_800,
    "H1": 3_600,
    "H4": 14_400,
    "D1": DAY_S,
    "W1": 7 * DAY_S,
}
# Upbit ticker: (Binance base, coins per unit there).
UNITS: Final = {"SATS": ("1000SATS", 1000)}
MONDAY_S: Final = 4 * DAY_S


@dataclass(frozen=True)
class Expected:
    """A bar on one basis; texts are canonical."""

    openedAt: str  # noqa: N815 (the contract's own field names are compared)
    open: str
    high: str
    low: str
    close: str
    domesticClose: str  # noqa: N815 (the contract's own name)
    globalClose: str  # noqa: N815 (the contract's own name)
    fxRate: str  # noqa: N815 (the contract's own name)
    samples: int
    quality: str = "LIVE"
    origin: str = "BACKFILLED"


def flat(price: str) -> Candle:
    """Return the candle of a leg that kept its price."""
    return Candle(price, price, price, price, "0", "0")


def made(
    opened_s: int,
    krw: Candle,
    usdt: Candle,
    units: int,
    rates: tuple[str, str],
) -> Expected:
    """Return the bar of two candles and the rate at open and close."""
    first = expect.percent(krw.open, Fraction(usdt.open) / units, rates[0])
    last = expect.percent(krw.close, Fraction(usdt.close) / units, rates[1])
    low, high = sorted((first, last), key=Fraction)
    return Expected(
        iso(opened_s),
        first,
        high,
        low,
        last,
        expect.text(krw.close),
        expect.text(Fraction(usdt.close) / units),
        expect.text(rates[1]),
        1,
    )


def rate_of(
    world: HistoryWorld, basis: str, length_s: int, opened_s: int
) -> tuple[str, str] | None:
    """Return won per dollar at the open and the close of a bar."""
    if basis == "OFFICIAL_FX":
        rate = world.ecb.for_bar(day_of(opened_s))
        return rate, rate
    series = world.upbit.tape.get(STABLE[basis])
    candle = series.candle(length_s, opened_s) if series is not None else None
    return None if candle is None else (candle.open, candle.close)


def legs(symbol: str, world: HistoryWorld) -> tuple[Any, Any, int]:
    """Return both series of a coin, and the units of the dollar one."""
    base, units = UNITS.get(symbol, (symbol, 1))
    domestic, dollar = f"KRW-{symbol}", f"{base}USDT"
    return world.upbit.tape[domestic], world.binance.tape[dollar], units


def large(
    world: HistoryWorld, symbol: str, interval: str, span: range, basis: str
) -> list[Expected]:
    """Return the bars made of both venues' candles of their own length."""
    length_s = LENGTHS[interval]
    upbit, binance, units = legs(symbol, world)
    found = []
    for opened_s in range(span.start, span.stop, length_s):
        krw = upbit.candle(length_s, opened_s)
        usdt = binance.candle(length_s, opened_s)
        rates = rate_of(world, basis, length_s, opened_s)
        if krw is not None and usdt is not None and rates is not None:
            found.append(made(opened_s, krw, usdt, units, rates))
    return found


def minutes(
    world: HistoryWorld, symbol: str, span: range, basis: str
) -> list[Expected]:
    """Return the minute bars of a span; what was traded before it is known."""
    upbit, binance, units = legs(symbol, world)
    (_, krw_last), (_, usdt_last) = (
        _last_before(series, span.start) for series in (upbit, binance)
    )
    previous = _stood_before(world, (upbit, binance, units), span.start, basis)
    found = []
    for opened_s in range(span.start, span.stop, MINUTE_S):
        krw = upbit.candle(MINUTE_S, opened_s)
        usdt = binance.candle(MINUTE_S, opened_s)
        bar: Expected | None = None
        if krw is None and usdt is None:
            if previous is not None:
                bar = carried(previous, opened_s)
        else:
            krw = krw or (krw_last and flat(krw_last))
            usdt = usdt or (usdt_last and flat(usdt_last))
            rates = rate_of(world, basis, MINUTE_S, opened_s)
            if krw and usdt and rates:
                bar = made(opened_s, krw, usdt, units, rates)
        krw_last = krw.close if krw else krw_last
        usdt_last = usdt.close if usdt else usdt_last
        if bar is not None:
            found.append(bar)
        previous = bar
    return found


def carried(bar: Expected, opened_s: int) -> Expected:
    """Return the next minute of a coin of which nothing was traded."""
    close = bar.close
    return replace(
        bar, openedAt=iso(opened_s), open=close, high=close, low=close, samples=0
    )


def _stood_before(
    world: HistoryWorld, sides: tuple[Any, Any, int], at_s: int, basis: str
) -> Expected | None:
    upbit, binance, units = sides
    (krw_s, krw), (usdt_s, usdt) = (
        _last_before(series, at_s) for series in (upbit, binance)
    )
    opened_s = max(krw_s, usdt_s)
    rates = rate_of(world, basis, MINUTE_S, opened_s)
    if krw is None or usdt is None or rates is None:
        return None
    return made(opened_s, flat(krw), flat(usdt), units, rates)


def _last_before(series: Any, at_s: int) -> tuple[int, str | None]:
    """Return opening and close of the last minute that was traded, a day back."""
    for opened_s in range(at_s - MINUTE_S, at_s - DAY_S - MINUTE_S, -MINUTE_S):
        candle = series.candle(MINUTE_S, opened_s)
        if candle is not None:
            return opened_s, str(candle.close)
    return 0, None


def gathered(bars: Iterable[Mapping[str, Any]], interval: str) -> list[Expected]:
    """Return larger bars of these minutes (as GraphQL tells them), by our own sum."""
    length_s = LENGTHS[interval]
    origin = MONDAY_S if interval == "W1" else 0
    groups: dict[int, list[Mapping[str, Any]]] = {}
    for bar in bars:
        at_s = _seconds(bar["openedAt"])
        groups.setdefault(at_s - (at_s - origin) % length_s, []).append(bar)
    return [_sum(opened_s, group) for opened_s, group in sorted(groups.items())]


def _sum(opened_s: int, group: Sequence[Mapping[str, Any]]) -> Expected:
    last = group[-1]
    origins = {bar["origin"] for bar in group}
    qualities = {bar["quality"] for bar in group}
    return Expected(
        iso(opened_s),
        group[0]["open"],
        max((bar["high"] for bar in group), key=Fraction),
        min((bar["low"] for bar in group), key=Fraction),
        last["close"],
        last["domesticClose"],
        last["globalClose"],
        last["fxRate"],
        sum(bar["samples"] for bar in group),
        "STALE" if "STALE" in qualities else "LIVE",
        "BACKFILLED" if "BACKFILLED" in origins else "LIVE",
    )


def _seconds(text: str) -> int:
    return at(text.replace("Z", "+00:00"))
