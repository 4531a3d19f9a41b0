"""US dollar in won: sources, their rates, and which one is used.

Source: semantics.md "Rates". A rate is Korean won for one unit of `base`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from domain.model.market import Quality
from domain.model.number import saturate_int32

MIN_USD_KRW = Decimal(500)
MAX_USD_KRW = Decimal(3000)
HOUR_MS = 3_600_000
LIVE_AS_OF_MS = 120 * HOUR_MS
LIVE_POLLS = 3
# The last millisecond of year 9999: no calendar of ours goes further.
MAX_INSTANT_MS = 253_402_300_799_999
DEFAULT_MAX_AGE_S = 864_000.0


class PremiumBasis(StrEnum):
    """How dollars become won."""

    OFFICIAL_FX = "OFFICIAL_FX"
    KRW_USDT = "KRW_USDT"
    KRW_USDC = "KRW_USDC"


class RateRefused(ValueError):
    """A rate outside 500..3000 won per dollar, or of an instant beyond calendars."""


@dataclass(frozen=True, slots=True)
class FxQuote:
    """A source's own words: won per US dollar and the instant it speaks of."""

    source: str
    rate: Decimal
    as_of_ms: int


@dataclass(frozen=True, slots=True)
class FxRate:
    """A rate in use or in reach, with its quality now."""

    base: str
    quote: str
    rate: Decimal
    source: str
    as_of_ms: int
    quality: Quality

    def age_ms(self, now_ms: int) -> int:
        """How old the rate is in ms; a future instant counts as 0."""
        return saturate_int32(now_ms - self.as_of_ms)


@dataclass(frozen=True, slots=True)
class FxSourcePlan:
    """A configured source: its name and how often it is asked."""

    name: str
    poll_interval_s: float


@dataclass(slots=True)
class _SourceState:
    plan: FxSourcePlan
    latest: FxQuote | None = None
    answered_s: float | None = None


class FxChain:
    """The official rate from a chain of sources in configured order.

    All sources are kept; used is the first LIVE one, else the first STALE one. There
    is no constant fallback: without a rate within its maximum age there is none.
    """

    def __init__(
        self, plans: Sequence[FxSourcePlan], max_age_s: float = DEFAULT_MAX_AGE_S
    ) -> None:
        self._states = {plan.name: _SourceState(plan) for plan in plans}
        self._max_age_ms = int(max_age_s * 1000)

    def answer(self, quote: FxQuote, at_s: float) -> None:
        """Take a source's fresh answer in; `at_s` is monotonic.

        Raises:
            RateRefused: outside the sanity bounds.
            KeyError: the source is not configured.
        """
        if not MIN_USD_KRW <= quote.rate <= MAX_USD_KRW:
            raise RateRefused(
                f"{quote.source} says {quote.rate} KRW per USD, allowed are "
                f"{MIN_USD_KRW} to {MAX_USD_KRW}"
            )
        if not 0 < quote.as_of_ms <= MAX_INSTANT_MS:
            raise RateRefused(f"{quote.source} speaks of an instant beyond year 9999")
        state = self._states[quote.source]
        # Its newest words count, also where their instant is earlier: one that was
        # wrongly in the future must not hold the source.
        state.answered_s = at_s
        state.latest = quote

    def restore(self, quote: FxQuote) -> None:
        """Put a stored rate back: known, but not answered by its source since.

        One outside the sanity bounds is refused without a word.
        """
        state = self._states.get(quote.source)
        sane = MIN_USD_KRW <= quote.rate <= MAX_USD_KRW
        if state is not None and state.latest is None and sane:
            state.latest = quote

    def rates(self, now_ms: int, now_s: float) -> list[FxRate]:
        """Return one rate per source that has a usable one, the used one first."""
        usable = [
            rate
            for state in self._states.values()
            if (rate := self._rate(state, now_ms, now_s)) is not None
        ]
        # A stable sort: LIVE before STALE, each in configured order.
        chosen = sorted(usable, key=lambda rate: rate.quality is not Quality.LIVE)[:1]
        return chosen + [rate for rate in usable if rate not in chosen]

    def used(self, now_ms: int, now_s: float) -> FxRate | None:
        """Return the rate in use, None where no source has a usable one."""
        return next(iter(self.rates(now_ms, now_s)), None)

    def quotes(self) -> list[FxQuote]:
        """Return the latest words of every source, for keeping."""
        return [s.latest for s in self._states.values() if s.latest is not None]

    def _rate(self, state: _SourceState, now_ms: int, now_s: float) -> FxRate | None:
        quote = state.latest
        if quote is None:
            return None
        rate = FxRate(
            base="USD",
            quote="KRW",
            rate=quote.rate,
            source=quote.source,
            as_of_ms=quote.as_of_ms,
            quality=Quality.STALE,
        )
        age_ms = max(0, now_ms - quote.as_of_ms)
        if age_ms > self._max_age_ms:
            return None
        bound_s = LIVE_POLLS * state.plan.poll_interval_s
        answered = state.answered_s is not None and now_s - state.answered_s <= bound_s
        if answered and age_ms <= LIVE_AS_OF_MS:
            return replace(rate, quality=Quality.LIVE)
        return rate
