"""The snapshot of a day: which trades are in it, and that nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.coin import Coin
from domain.model.event import FeedDown, QuoteUpdate
from domain.model.market import Channel, Exchange, Quality, Reason
from domain.model.snapshot import DailyPrices
from domain.services import snapshot_taker
from tests.unit.domain.services.snapshot.conftest import (
    CHANGE,
    DAY,
    DAY_MS,
    coin_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.model.snapshot import DailySnapshot
    from tests.unit.domain.services.snapshot.conftest import Scene

NEXT = DAY + timedelta(days=1)
GRACE_MS = snapshot_taker.GRACE_MS


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


async def test_nothing_is_taken_before_the_grace_is_over(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS - 1)
    assert await scene.store.last_day() is None
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() == DAY


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


async def test_a_coin_without_a_global_market_has_nulls(scene: Scene) -> None:
    service = scene.serve()
    alone = coin_of("ALONE", has_global=False)
    scene.world.go_live()
    scene.set_coins(service, *scene.world.coins, alone)
    scene.set_now(-500)
    scene.trade("KRW-ALONE", "12.5", -1000)
    scene.tick()
    premium = scene.world.board.board.premium("ALONE")
    assert premium is not None
    assert premium.reason is Reason.NO_GLOBAL_MARKET
    await scene.change_date(service, GRACE_MS)
    row = await scene.row("ALONE")
    assert row.prices == DailyPrices(Decimal("12.5"), None, Decimal(1300), "dunamu")
    assert row.prices.percent is None


async def test_a_coin_that_never_traded_has_a_row_of_nulls(scene: Scene) -> None:
    service = scene.serve()
    scene.set_coins(service, coin_of("FRESH"))
    await scene.change_date(service, GRACE_MS)
    row = await scene.row("FRESH")
    assert row.prices == DailyPrices(None, None, None, None)


async def test_a_doubted_pair_is_told_without_a_percent(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.set_coins(service, *scene.world.coins, coin_of("TWIN"))
    guard = scene.world.board.board.guard
    checked = {f"C{number}": Decimal(1) for number in range(5)}
    for now_s in (0.0, 60.0):
        guard.watch(checked, {"TWIN": Decimal(300)}, now_s)
    scene.set_now(-500)
    scene.trade("KRW-TWIN", "2600", -1000)
    scene.trade("TWINUSDT", "1", -1000)
    scene.tick()
    premium = scene.world.board.board.premium("TWIN")
    assert premium is not None
    assert premium.reason is Reason.IDENTITY_UNSURE
    await scene.change_date(service, GRACE_MS)
    prices = (await scene.row("TWIN")).prices
    assert prices == DailyPrices(
        Decimal(2600), Decimal(1), Decimal(1300), "dunamu", is_comparable=False
    )
    assert prices.percent is None
    [current] = [r for r in service.taker.current() if r.symbol == "TWIN"]
    assert not current.prices.is_comparable


async def test_prices_are_per_coin_where_a_market_trades_a_thousand(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.set_coins(service, coin_of("SATS", multiplier=1000))
    scene.set_now(-500)
    scene.trade("1000SATSUSDT", "0.0002", -900)
    scene.tick()
    scene.trade("1000SATSUSDT", "0.0003", -600)
    scene.trade("1000SATSUSDT", "0.0009", 1)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert (await scene.row("SATS")).prices.global_price == Decimal("0.0000003")


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


async def test_a_day_waits_in_memory_while_the_store_is_away(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.store.store.down = "gone"
    await scene.change_date(service, GRACE_MS)
    scene.trade("KRW-BTC", "99", 5000)
    scene.tick()
    assert not await scene.turn(service)
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert service.count.waiting == 4
    scene.store.store.down = None
    assert await scene.turn(service)
    assert (await scene.row("BTC", DAY)).prices.domestic_price == 52_000_000
    assert (await scene.row("BTC", NEXT)).prices.domestic_price == 99
    assert (service.count.waiting, service.count.taken) == (0, 4)


async def test_the_oldest_of_too_many_waiting_days_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshot_taker, "MAX_WAITING_DAYS", 2)
    service = scene.serve()
    scene.world.go_live()
    scene.store.store.down = "gone"
    for number in range(3):
        await scene.change_date(service, number * DAY_MS + GRACE_MS)
    assert service.count.waiting == 4
    assert "snapshot.dropped" in caplog.messages
    scene.store.store.down = None
    await scene.turn(service)
    assert await scene.store.first_day() == NEXT


async def test_a_day_that_is_dropped_while_it_is_written_is_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_taker, "MAX_WAITING_DAYS", 1)
    service = scene.serve()
    scene.world.go_live()
    scene.store.store.down = "gone"
    await scene.change_date(service, GRACE_MS)
    scene.store.store.down = None
    add = scene.store.add

    async def add_slowly(rows: Collection[DailySnapshot]) -> int:
        for at_ms in (DAY_MS - 1000, DAY_MS + GRACE_MS):
            scene.set_now(at_ms)
            service.taker.watch()
        return await add(rows)

    monkeypatch.setattr(scene.store, "add", add_slowly)
    assert await scene.turn(service)
    assert sorted(await scene.store.stored(DAY, NEXT)) == [DAY]
    assert await scene.turn(service)
    assert sorted(await scene.store.stored(DAY, NEXT)) == [DAY, NEXT]


async def test_two_servers_store_each_row_once(scene: Scene) -> None:
    first, second = scene.serve(), scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.set_now(GRACE_MS)
    await asyncio.gather(scene.turn(first), scene.turn(second))
    assert first.count.taken + second.count.taken == 2
    assert len(await scene.store.of_day(DAY, 10)) == 2
    assert {row.revision for row in await scene.store.of_day(DAY, 10)} == {1}


async def test_a_change_that_was_slept_through_is_not_taken(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS + snapshot_taker.LATE_MS + 1)
    assert await scene.store.last_day() is None
    assert service.count.missed_days == 1
    assert "snapshot.missed" in caplog.messages
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert await scene.store.last_day() == NEXT


async def test_a_clock_set_ahead_and_back_makes_no_second_row(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    before = await scene.row()
    scene.trade("KRW-BTC", "99", 100)
    scene.tick()
    # Back before the change, and over it again.
    await scene.change_date(service, -5000)
    await scene.change_date(service, GRACE_MS + 10)
    assert service.count.taken == 2
    assert await scene.row() == before
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert (await scene.row("BTC", NEXT)).prices.domestic_price == 99


async def test_a_clock_that_was_days_ahead_takes_the_right_day_in_the_end(
    scene: Scene,
) -> None:
    scene.set_now(9 * DAY_MS)
    service = scene.serve()
    scene.world.go_live()
    scene.set_now(-5000)
    await scene.turn(service)
    scene.trade("KRW-BTC", "99", -5500)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() == DAY


async def test_the_venues_clock_decides_when_the_day_ends(scene: Scene) -> None:
    scene.skew_ms = 30_000
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() is None
    scene.trade("KRW-BTC", "53", -4000)
    scene.tick()
    await scene.change_date(service, GRACE_MS + 30_000)
    assert (await scene.row()).prices.domestic_price == 53


async def test_a_coin_is_in_it_if_its_market_was_open_at_the_change(
    scene: Scene,
) -> None:
    service = scene.serve()
    at = datetime.fromtimestamp(CHANGE / 1000, UTC)
    gone, late, left = coin_of("GONE"), coin_of("LATE"), coin_of("LEFT")
    gone = _spell(gone, until=at)
    late = _spell(late, since=at + timedelta(seconds=1))
    left = _spell(left, until=at + timedelta(seconds=1))
    scene.set_coins(service, gone, late, left)
    await scene.change_date(service, GRACE_MS)
    rows = await scene.store.of_day(DAY, 10)
    assert [row.symbol for row in rows] == ["LEFT"]


async def test_without_a_coin_nothing_is_taken(scene: Scene) -> None:
    service = scene.serve()
    scene.set_coins(service)
    await scene.change_date(service, GRACE_MS)
    assert service.count.waiting == 0
    assert await scene.store.last_day() is None


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


async def test_a_running_server_takes_the_change_by_itself(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    clock = scene.world.clock
    task = asyncio.create_task(service.run_take())
    scene.set_now(-10_000)
    await clock.advance(20.0)
    assert await scene.store.last_day() == DAY
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_running_server_tries_a_lost_store_again(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    clock = scene.world.clock
    scene.store.store.down = "gone"
    task = asyncio.create_task(service.run_take())
    scene.set_now(-10_000)
    await clock.advance(60.0)
    scene.store.store.down = None
    await clock.advance(snapshot_taker.RETRY_S)
    assert await scene.store.last_day() == DAY
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _spell(coin: Coin, **values: datetime) -> Coin:
    listings = tuple(
        replace(item, **values) if item.quote == "KRW" else item  # type: ignore[arg-type] # since or until
        for item in coin.listings
    )
    return replace(coin, listings=listings)
