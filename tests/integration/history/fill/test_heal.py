"""Minutes that a server missed, made from the venues' candles over the wire."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

from adapters.resilience.clock import SystemClock
from domain.model.bar import Bar, BarOrigin, BasisBar, PremiumBar
from domain.model.coin import Coin, Listing
from domain.model.fx import PremiumBasis
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange, Quality
from domain.model.page import Direction
from domain.ports.bar_history import BarQuery
from domain.services.gap_service import GapService, GapView

if TYPE_CHECKING:
    from tests.integration.history.fill.conftest import Filling

MINUTE = Interval.M1.length_ms
LIMIT_S = 60.0
HOURS = 3
# Minutes back from now: recorded until an hour ago, and again for the last ten.
RECORDED = (*range(HOURS * 60, 60, -1), *range(10, 0, -1))


def coin(symbol: str) -> Coin:
    return Coin(
        symbol,
        symbol,
        symbol,
        (
            Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW"),
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT"),
        ),
    )


def minute(symbol: str, opened_ms: int) -> Bar:
    told = BasisBar(*(Decimal(1),) * 4, Decimal(1400), 7, Quality.LIVE)
    bases = {PremiumBasis.OFFICIAL_FX: told}
    prices = (Decimal(1400), Decimal(1))
    return Bar(
        symbol, Interval.M1, opened_ms, *prices, bases, BarOrigin.LIVE, "dunamu", 1
    )


async def test_an_hour_that_was_missed_is_there_after_one_look(
    filling: Filling,
) -> None:
    clock = SystemClock()
    now_ms = Interval.M1.opened_ms(clock.now_ms())
    coins = [coin("BTC"), coin("ETH")]
    for each in coins:
        at = [now_ms - back * MINUTE for back in RECORDED]
        await filling.bars.write_live([minute(each.symbol, ms) for ms in at])
    view = GapView(lambda: coins, IdentityTable([]), lambda symbol: False)
    service = GapService(filling.filler, filling.bars, view, clock, heal_days=1)
    with filling.requests() as sent:
        async with asyncio.timeout(LIMIT_S):
            assert await service.look()
    # A page of each leg, of USDT and of USDC, all of them once; nobody checked the
    # pairs, and Bitcoin's own is read for both.
    assert sent == {"upbit": 4, "binance": 2, "fx": 1}
    assert service.count.found == 2
    assert service.count.healed == 2 * 50
    assert service.count.failures == 0
    kept = await bars(filling, "ETH", now_ms - HOURS * 60 * MINUTE, now_ms)
    assert [bar.opened_ms for bar in kept] == [
        now_ms - back * MINUTE for back in range(HOURS * 60, 0, -1)
    ]
    origins = [bar.origin for bar in kept]
    assert origins.count(BarOrigin.BACKFILLED) == 50
    assert all(bar.samples <= 1 for bar in kept if bar.origin is BarOrigin.BACKFILLED)
    with filling.requests() as sent:
        await service.look()
    assert sum(sent.values()) == 0


async def bars(
    filling: Filling, symbol: str, from_ms: int, to_ms: int
) -> list[PremiumBar]:
    query = BarQuery(
        symbol,
        PremiumBasis.OFFICIAL_FX,
        Interval.M1,
        from_ms,
        to_ms,
        Direction.ASC,
        limit=1_000,
    )
    return list(await filling.history.bars(query))
