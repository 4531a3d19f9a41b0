"""Premiums as a leader publishes them."""

from datetime import UTC, datetime
from decimal import Decimal

from domain.model.board_news import BoardNews, BoardSigns
from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate, PremiumBasis
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.market import (
    Channel,
    Exchange,
    MarketKey,
    MarketWarning,
    Quality,
    Reason,
)
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote

NOW_MS = 1_767_225_600_000
RATE = FxRate("USD", "KRW", Decimal("1300.50"), "dunamu", NOW_MS, Quality.LIVE)


def coin_of(symbol: str) -> Coin:
    """Return a coin with both markets, one of them with everything set."""
    since = datetime(2025, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    return Coin(
        symbol,
        "비트코인",
        symbol.title(),
        (
            Listing(
                Exchange.UPBIT,
                f"KRW-{symbol}",
                symbol,
                "KRW",
                warnings=(MarketWarning.DELISTING,),
                since=since,
                curated=True,
            ),
            Listing(
                Exchange.BINANCE,
                f"1000{symbol}USDT",
                f"1000{symbol}",
                "USDT",
                multiplier=Decimal("1E+3"),
                tradable=False,
                until=since,
            ),
        ),
        icon_url=f"https://example.com/{symbol}.png",
    )


def premium_of(symbol: str, seq: int, tick: int, price: str = "52000000.10") -> Premium:
    """Return a version whose numbers have texts that a float would spoil."""
    domestic = Quote(
        Exchange.UPBIT,
        f"KRW-{symbol}",
        Decimal(price),
        NOW_MS + seq,
        NOW_MS + seq + 1,
        Channel.WEBSOCKET,
        Quality.LIVE,
        bid=Decimal("0E-8"),
        ask=Decimal("0.000000000000000000000000000001"),
        base_volume_24h=Decimal("123456789012345678901234567890.123456789"),
        change_percent_since_utc_midnight=Decimal("-1.923077"),
        skew_ms=-12,
    )
    numbers = Numbers(Decimal("-0.000001"), Decimal("-1E-20"))
    bases = (
        BasisPremium(
            PremiumBasis.OFFICIAL_FX, numbers, RATE, Quality.STALE, Reason.FX_STALE
        ),
        *(
            BasisPremium(basis, None, None, Quality.UNAVAILABLE, Reason.FX_MISSING)
            for basis in (PremiumBasis.KRW_USDT, PremiumBasis.KRW_USDC)
        ),
    )
    return Premium(
        coin_of(symbol), domestic, None, bases, NOW_MS, NOW_MS - 1, seq, tick
    )


def signs() -> BoardSigns:
    """Return signs with all there is."""
    return BoardSigns(
        used=RATE,
        rates=(RATE,),
        skew_ms={Exchange.UPBIT: -3, Exchange.BINANCE: 40},
        carried={MarketKey(Exchange.UPBIT, "KRW-BTC"): NOW_MS + 5},
        upstreams=(
            UpstreamStatus(
                "upbit.stream",
                ServiceStatus.HEALTHY,
                Channel.WEBSOCKET,
                last_message_ms=NOW_MS,
                messages_per_second=1.5,
            ),
        ),
    )


def news_of(
    term: int, since: int, seq: int, *symbols: str, removed: tuple[str, ...] = ()
) -> BoardNews:
    """Return news of a term about some coins."""
    changed = tuple(premium_of(symbol, seq, seq) for symbol in symbols)
    return BoardNews(term, since, seq, NOW_MS + seq, changed, removed)
