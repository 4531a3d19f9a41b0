"""The snapshot of a day: which trades and which rate are in it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.model.event import FeedDown, QuoteUpdate
from domain.model.market import Channel, Exchange, Quality
from domain.model.snapshot import DailyPrices
from domain.services.snapshot_taker import GRACE_MS
from tests.unit.domain.services.snapshot.conftest import (
    CHANGE,
    DAY,
    DAY_MS,
    NEXT,
)

if TYPE_CHECKING:
    from tests.unit.domain.services.snapshot.conftest import Scene


async def test_the_row_is_the_last_trade_before_the_change(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.set_now(-50)
    scene.trade("KRW-BTC", "52100000", -60)
    scene.trade("BTCUSDT", "40100", -55)
    scene.tick()
    scene.set_now(100)
    scene.trade("KRW-BTC", "60000000", 0)
    scene.trade("BTCUSDT", "50000", 90)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    row = await scene.row()
    assert row.prices == DailyPrices(
        Decimal(52_100_000), Decimal(40_100), Decimal(1300), "dunamu"
    )
    assert (row.revision, row.verified_ms, row.taken_at_ms) == (1, None, CHANGE)
    assert service.count.taken == 2


async def test_a_trade_from_before_that_arrives_in_the_grace_counts(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.set_now(1500)
    scene.trade("KRW-BTC", "61000000", 10)
    scene.tick()
    # The board refuses it as older than what it shows; the day it closed does not.
    scene.trade("KRW-BTC", "53000000", -10)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.domestic_price == 53_000_000


async def test_of_trades_in_one_tick_the_last_before_the_change_counts(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.set_now(20)
    for price, at_ms in (("53", -30), ("54", -2), ("70", 3), ("71", 9)):
        scene.trade("KRW-BTC", price, at_ms)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.domestic_price == 54


async def test_a_price_without_a_stamp_counts_by_its_arrival(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    for from_change_ms, price in ((-500, "41000"), (300, "49000")):
        scene.set_now(from_change_ms)
        scene.message("BTCUSDT", QuoteUpdate("BTCUSDT", Decimal(price)))
        scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.global_price == 41_000


async def test_what_is_no_trade_of_a_watched_market_changes_nothing(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.set_now(-500)
    scene.message("KRW-BTC", QuoteUpdate("KRW-BTC", bid=Decimal(1), ask=Decimal(2)))
    scene.message("KRW-BTC", QuoteUpdate("KRW-BTC", Decimal(-4), CHANGE - 600))
    scene.message("KRW-ALIEN", QuoteUpdate("KRW-ALIEN", Decimal(4), CHANGE - 600))
    down = FeedDown(Exchange.UPBIT, Channel.WEBSOCKET, 0.0, "cut")
    scene.world.board.observe(down)
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.domestic_price == 52_000_000
    assert len(await scene.store.of_day(DAY, 10)) == 2


async def test_the_next_day_begins_with_what_is_known(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    scene.trade("KRW-ETH", "777", 100)
    scene.tick()
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert (await scene.row("BTC", NEXT)).prices.domestic_price == 52_000_000
    assert (await scene.row("ETH", NEXT)).prices.domestic_price == 777
    assert (await scene.row("ETH", DAY)).prices.domestic_price == 52_000_000


async def test_the_rate_is_the_one_in_use_at_the_change(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.set_now(-100)
    scene.rate("1301")
    service.taker.watch()
    scene.set_now(500)
    scene.rate("1400")
    scene.trade("KRW-BTC", "52000001", 400)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.fx_rate == 1301
    [btc, _] = service.taker.current()
    assert btc.prices.fx_rate == 1400


async def test_a_rate_first_heard_after_the_change_is_better_than_none(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.set_now(500)
    scene.world.go_live()
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.fx_rate == 1300


async def test_stale_prices_are_taken_as_they_stand(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    down = FeedDown(Exchange.UPBIT, Channel.WEBSOCKET, 0.0, "cut")
    scene.world.board.observe(down)
    scene.tick()
    premium = scene.world.board.board.premium("BTC")
    assert premium is not None
    assert premium.quality is Quality.STALE
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row()).prices.percent == 0
