"""The board: coins, the premium of BTC, rates, refused values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.fx import FxRate
from domain.model.market import Quality
from domain.ports.clock import Clock
from domain.services.board_service import BoardService

COINS = gauge("board_coins", "Coins on the board.", "quality")
TICKS = counter("ticks", "Number of the last published tick; it survives restarts.")
BITCOIN = gauge(
    "bitcoin_premium_ratio",
    "Premium of BTC on official USD/KRW, 0.01 is one percent; absent while unknown.",
)
RATE = gauge("fx_rate_won", "Won for one US dollar, by source.", "source")
RATE_AGE = gauge(
    "fx_rate_age_seconds", "Age of the instant a source's rate speaks of.", "source"
)
RATE_LIVE = gauge(
    "fx_rate_live", "1 while the source's rate is LIVE, 0 while STALE.", "source"
)
RATE_USED = gauge(
    "fx_rate_used", "1 for the source whose rate is in use, else 0.", "source"
)
RATES_REFUSED = counter("rates_refused", "Rates outside their bounds.", "source")
QUOTES_REJECTED = counter("quotes_rejected", "Quotes that were not taken.", "reason")

FAMILIES = (
    COINS,
    TICKS,
    BITCOIN,
    RATE,
    RATE_AGE,
    RATE_LIVE,
    RATE_USED,
    RATES_REFUSED,
    QUOTES_REJECTED,
)


class RefusedRates(Protocol):
    """Who polls the sources."""

    @property
    def refused(self) -> Mapping[str, int]:
        """Rates outside their bounds, by source."""
        ...


@dataclass(frozen=True, slots=True)
class BoardFigures:
    """Reads the board as it is published."""

    board: BoardService
    fx: RefusedRates
    clock: Clock

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the board."""
        board = self.board.board
        summary = board.summary()
        counts = (summary.live, summary.stale, summary.unavailable)
        yield COINS.of(
            {(q.value.lower(),): n for q, n in zip(Quality, counts, strict=True)}
        )
        yield TICKS.now(board.seq)
        percent = summary.btc_percent
        yield BITCOIN.of({} if percent is None else {(): float(percent) / 100})
        yield from self._rates()
        rejects = board.book.rejects
        yield QUOTES_REJECTED.of(
            {
                ("older",): rejects.older,
                ("future",): rejects.future,
                ("not_positive",): rejects.not_positive,
                ("crossed",): rejects.crossed,
                ("unknown_market",): rejects.unknown_market,
            }
        )

    def _rates(self) -> Iterator[Metric]:
        now_ms, now_s = self.clock.now_ms(), self.clock.monotonic()
        rates = self.board.board.fx.rates(now_ms, now_s)
        yield RATE.of({(rate.source,): float(rate.rate) for rate in rates})
        yield RATE_AGE.of(
            {(rate.source,): rate.age_ms(now_ms) / 1000 for rate in rates}
        )
        yield RATE_LIVE.of({(rate.source,): float(_is_live(rate)) for rate in rates})
        yield RATE_USED.of(
            {(rate.source,): float(place == 0) for place, rate in enumerate(rates)}
        )
        yield RATES_REFUSED.of({(s,): count for s, count in self.fx.refused.items()})


def _is_live(rate: FxRate) -> bool:
    return rate.quality is Quality.LIVE
