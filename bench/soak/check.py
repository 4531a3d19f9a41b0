"""What must hold of every answer. Pure: answers, truth and times are arguments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bench.soak.story import Act
from bench.soak.truth import Truth, Venue

SIDES: Mapping[str, Venue] = {"domestic": "upbit", "global": "binance"}
# A feed may look live this much longer than its bound: a tick, a step, a busy machine.
TOLERANCE_S = 1.0
# A price may be this old while nothing is wrong: one step, one tick, one answer.
CALM_LAG_S = 2.0
# An answer between two steps of the simulator has its own stamp and the price of the
# step before; on a busy machine steps come late.
STAMP_SLACK_MS = 1_000
SWALLOWING = ("silence", "heartbeat-only")
"""Faults whose sockets are open and lose what they should carry."""
SWALLOW_SLACK_MS = 1_500
UNKNOWABLE = ("FORBIDDEN", "INTERNAL")
"""Codes that no fault of an upstream may bring."""

Coin = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """The span in which an answer was made, Unix ms, and what was wrong then.

    `stall_s` is how late timers were lately: a busy machine is nobody's fault.
    `disturbed` are venues with a fault now or just before, `skewed` those whose stamps
    were wrong lately, `unheard` the spans (Unix ms) in which a venue's socket was open
    and told nothing.
    """

    asked_ms: int
    answered_ms: int
    disturbed: frozenset[str] = frozenset()
    skewed: frozenset[str] = frozenset()
    stall_s: float = 0.0
    unheard: Sequence[tuple[str, int, int]] = ()


class Checker:
    """Compares answers with the truth; `bounds_s` are the server's own by venue."""

    def __init__(self, truth: Truth, bounds_s: Mapping[str, float]) -> None:
        self.multipliers: dict[str, Decimal] = {}
        self.ahead = 0
        self.missed = 0
        self._truth = truth
        self._bounds_s = bounds_s

    def wrong(self, coins: Iterable[Coin], moment: Moment) -> Iterator[str]:
        """Yield everything that is wrong with a board, in words."""
        coins = list(coins)
        for side, venue in SIDES.items():
            yield from self._stale_feed(coins, side, venue, moment)
        for coin in coins:
            yield from _contradictions(coin)
            if coin["quality"] == "LIVE":
                for side, venue in SIDES.items():
                    yield from self._wrong_price(coin, side, venue, moment)

    def _stale_feed(
        self, coins: list[Coin], side: str, venue: Venue, moment: Moment
    ) -> Iterator[str]:
        """LIVE implies that the venue was heard within its bound."""
        live = [c for c in coins if c[side] and c[side]["quality"] == "LIVE"]
        if not live:
            return
        heard_ms = max(_ms(coin[side]["receivedAt"]) for coin in live)
        silent_s = (moment.asked_ms - heard_ms) / 1000
        bound_s = self._bounds_s[venue]
        if silent_s > bound_s + TOLERANCE_S + moment.stall_s:
            yield (
                f"{len(live)} coins are LIVE and {venue} was not heard for "
                f"{silent_s:.1f} s, bound {bound_s:.0f} s"
            )

    def _wrong_price(
        self, coin: Coin, side: str, venue: Venue, moment: Moment
    ) -> Iterator[str]:
        leg = coin[side]
        market = leg["market"]
        price = Decimal(leg["price"]) * self.multipliers.get(market, Decimal(1))
        stamp_ms = _ms(leg["exchangeTime"])
        traded_ms = self._truth.last_ms(venue, market)
        if venue in moment.skewed and stamp_ms > traded_ms + STAMP_SLACK_MS:
            # Stamped by a clock that was ahead: nothing newer can replace it yet.
            self.ahead += 1
            return
        lag_s = CALM_LAG_S + moment.stall_s
        if venue in moment.disturbed:
            lag_s += self._bounds_s[venue]
        from_ms = moment.asked_ms - round(lag_s * 1000)
        known = self._truth.told(venue, market, from_ms, moment.answered_ms)
        unheard = self._was_unheard(price, venue, market, lag_s, moment)
        if price not in known and unheard:
            self.missed += 1
        elif price not in known:
            yield (
                f"{market} is LIVE at {price}, the truth of the last {lag_s:.0f} s is "
                f"{_few(known)}; stamp {leg['exchangeTime']}, channel {leg['channel']}"
            )
        elif venue not in moment.skewed and stamp_ms <= moment.answered_ms:
            then = self._truth.told(
                venue, market, stamp_ms - STAMP_SLACK_MS, stamp_ms + STAMP_SLACK_MS
            )
            if price not in then:
                yield f"{market} was never {price} at {leg['exchangeTime']}"

    def _was_unheard(
        self, price: Decimal, venue: Venue, market: str, lag_s: float, moment: Moment
    ) -> bool:
        """Whether the last trade fell into a silence too short to be one.

        What an open socket has swallowed nobody can know of; the price from before is
        right by the contract until the market trades again.
        """
        from_ms, to_ms = moment.asked_ms - round(lag_s * 1000), moment.answered_ms
        traded = {self._truth.last_ms(venue, market, ms) for ms in (from_ms, to_ms)}
        return any(
            price in self._truth.told(venue, market, begin_ms, traded_ms - 1)
            for where, begin_ms, end_ms in moment.unheard
            for traded_ms in traded
            if where == venue and begin_ms <= traded_ms <= end_ms
        )


def _contradictions(coin: Coin) -> Iterator[str]:
    """Quality, reason and numbers of one coin agree with each other."""
    symbol, quality = coin["symbol"], coin["quality"]
    if (quality == "LIVE") != (coin["reason"] is None):
        yield f"{symbol} is {quality} with reason {coin['reason']}"
    if quality == "UNAVAILABLE" and coin["percent"] is not None:
        yield f"{symbol} is UNAVAILABLE with a percent"
    if quality != "LIVE":
        return
    if coin["percent"] is None:
        yield f"{symbol} is LIVE without a percent"
    fx = coin["bases"][0]["fx"]
    parts = [coin["domestic"], coin["global"], fx]
    if [part and part["quality"] for part in parts] != ["LIVE"] * 3:
        yield f"{symbol} is LIVE and a leg or its rate is not"


def disagreements(told: Mapping[str, Coin], asked: Iterable[Coin]) -> Iterator[str]:
    """Yield where a fold, some time later, is behind an answer or differs from it."""
    for coin in asked:
        symbol = coin["symbol"]
        known = told.get(symbol)
        if known is None or known["seq"] < coin["seq"]:
            seq = None if known is None else known["seq"]
            yield f"{symbol}: version {coin['seq']} was never told, known is {seq}"
        elif known["seq"] == coin["seq"] and any(
            known[name] != coin[name] for name in ("percent", "quality", "reason")
        ):
            yield f"{symbol}: version {coin['seq']} is told and answered differently"


def moment_of(
    acts: Iterable[Act], now_s: float, linger_s: Mapping[str, float]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the venues disturbed and skewed at an instant of the story.

    A fault disturbs its venue for `linger_s[venue]` beyond its end.
    """
    disturbed, skewed = set(), set()
    for act in acts:
        linger = linger_s.get(act.venue, 0.0)
        if act.at_s <= now_s <= act.end_s + linger:
            disturbed.add(act.venue)
        if act.what == "clock-skew" and act.at_s <= now_s:
            skewed.add(act.venue)
    return frozenset(disturbed), frozenset(skewed)


def unheard_spans(acts: Iterable[Act], began_ms: int) -> list[tuple[str, int, int]]:
    """Return when venues' open sockets told nothing; `began_ms`: the story's begin."""
    return [
        (
            act.venue,
            began_ms + round(act.at_s * 1000) - SWALLOW_SLACK_MS,
            began_ms + round(act.end_s * 1000) + SWALLOW_SLACK_MS,
        )
        for act in acts
        if act.what in SWALLOWING
    ]


def refused(status: int, body: Any) -> Iterator[str]:
    """Yield what no answer may be, whatever is wrong upstream."""
    if status >= 500:
        yield f"status {status}"
    errors = body.get("errors", []) if isinstance(body, dict) else []
    for error in errors:
        code = error.get("extensions", {}).get("code")
        if code is None or code in UNKNOWABLE:
            yield f"code {code}: {error.get('message')}"


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _few(prices: set[Decimal]) -> str:
    told = [str(price.normalize()) for price in sorted(prices)]
    return ", ".join(told[:4]) + (f" and {len(told) - 4} more" if told[4:] else "")
