"""Which coins are in the snapshot of a day, and what it says of odd ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.model.coin import Coin
from domain.model.market import Reason
from domain.model.snapshot import DailyPrices
from domain.services.snapshot_taker import GRACE_MS
from tests.unit.domain.services.snapshot.conftest import CHANGE, DAY, coin_of

if TYPE_CHECKING:
    from tests.unit.domain.services.snapshot.conftest import Scene


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


def _spell(coin: Coin, **values: datetime) -> Coin:
    listings = tuple(
        replace(item, **values) if item.quote == "KRW" else item  # type: ignore[arg-type] # since or until
        for item in coin.listings
    )
    return replace(coin, listings=listings)
