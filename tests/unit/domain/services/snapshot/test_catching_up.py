"""Days that ended while nobody looked are made from the venues' record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.daily_rate import DailyRate
from domain.model.error import StoreUnavailable
from domain.model.market import Exchange
from domain.model.snapshot import AuditReason, DailyPrices, DailySnapshot, taken_ms
from domain.services.snapshot_catch_up import RATE_PATIENCE_S
from domain.services.snapshot_witness import SETTLE_S, UNHEARD_S
from tests.unit.domain.services.snapshot.conftest import (
    CHANGE,
    CURATED,
    DAY,
    DAY_MS,
    NEXT,
    coin_of,
    days,
)

if TYPE_CHECKING:
    from datetime import date

    from domain.model.daily_rate import RateCalendar
    from domain.services.snapshot_service import SnapshotService
    from tests.unit.domain.services.snapshot.conftest import Scene

SETTLE_MS = round(SETTLE_S * 1000)
LIVE = DailyPrices(Decimal(52_000_000), Decimal(40_000), Decimal(1300), "dunamu")
MISSED = days(3, NEXT)


async def leave(scene: Scene, *, for_days: int = 3) -> SnapshotService:
    """Store the day as it was taken, and let days pass with nobody there."""
    rows = [DailySnapshot(DAY, symbol, LIVE, 1, CHANGE) for symbol in CURATED]
    await scene.store.add(rows)
    scene.set_now(for_days * DAY_MS + SETTLE_MS)
    for number in range(1, for_days + 1):
        day = DAY + timedelta(days=number)
        scene.record(f"{52_000_000 + number}", f"{40_000 + number}", taken_ms(day))
        scene.rates.append(DailyRate(day, Decimal(1300 + number), "frankfurter"))
    return scene.serve()


async def test_three_missed_days_are_made_and_verified_at_once(scene: Scene) -> None:
    service = await leave(scene)
    assert await scene.prove(service)
    for number, day in enumerate(MISSED, 1):
        rows = await scene.store.of_day(day, 10)
        assert [row.symbol for row in rows] == ["BTC", "ETH"]
        for row in rows:
            assert row.prices == DailyPrices(
                Decimal(52_000_000 + number),
                Decimal(40_000 + number),
                Decimal(1300 + number),
                "frankfurter",
            )
            assert row.revision == 1
            assert row.verified_ms is not None
            assert row.taken_at_ms == taken_ms(day)
    assert service.count.caught_up == 6
    assert (service.count.verified, service.count.amended) == (0, 0)


async def test_catching_up_again_changes_and_asks_nothing(scene: Scene) -> None:
    await scene.prove(await leave(scene))
    before = dict(scene.store.store.snapshots)
    asked = scene.asked
    again = scene.serve()
    assert await scene.prove(again)
    assert scene.store.store.snapshots == before
    assert scene.asked == asked
    assert again.count.caught_up == 0


async def test_the_day_that_still_runs_is_not_made(scene: Scene) -> None:
    service = await leave(scene, for_days=2)
    scene.set_now(3 * DAY_MS + SETTLE_MS - 1)
    await scene.prove(service)
    assert await scene.store.last_day() == DAY + timedelta(days=2)


async def test_where_nothing_is_stored_nothing_is_missing(scene: Scene) -> None:
    scene.set_now(3 * DAY_MS + SETTLE_MS)
    scene.record("52000000", "40000")
    assert await scene.prove(scene.serve())
    assert await scene.store.last_day() is None
    assert scene.asked == 0


async def test_a_hole_before_the_last_day_is_found(scene: Scene) -> None:
    service = await leave(scene)
    live = [DailySnapshot(MISSED[-1], symbol, LIVE) for symbol in CURATED]
    await scene.store.add([*live, DailySnapshot(MISSED[0], "ETH", LIVE, 1, CHANGE)])
    await scene.prove(service)
    stored = await scene.store.stored(DAY, MISSED[-1])
    assert sorted(stored) == days(4)
    assert all(set(symbols) == set(CURATED) for symbols in stored.values())
    assert service.count.caught_up == 3
    assert (await scene.row("ETH", MISSED[0])).prices == LIVE


async def test_coins_are_those_whose_krw_market_stood_at_the_change(
    scene: Scene,
) -> None:
    service = await leave(scene)
    at = datetime.fromtimestamp(taken_ms(MISSED[1]) / 1000, UTC)
    gone, late = coin_of("GONE"), coin_of("LATE")
    gone = replace(
        gone, listings=tuple(replace(item, until=at) for item in gone.listings)
    )
    late = replace(
        late, listings=tuple(replace(item, since=at) for item in late.listings)
    )
    scene.set_coins(service, gone, late)
    for day in MISSED:
        scene.record("2600", "2", taken_ms(day))
    await scene.prove(service)
    symbols = [
        [row.symbol for row in await scene.store.of_day(day, 10)] for day in MISSED
    ]
    assert symbols == [["GONE"], ["LATE"], ["LATE"]]


async def test_a_coin_without_a_global_market_has_nulls(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.set_coins(service, coin_of("ALONE", has_global=False))
    scene.candle("KRW-ALONE", "12.5", taken_ms(MISSED[0]))
    await scene.prove(service)
    row = await scene.row("ALONE", MISSED[0])
    rated = DailyPrices(Decimal("12.5"), None, Decimal(1301), "frankfurter")
    assert row.prices == rated
    assert row.verified_ms is not None


async def test_a_guessed_pair_is_held_to_bitcoin(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    near, far = coin_of("ANEAR"), coin_of("AFAR")
    scene.set_coins(service, near, far, *scene.world.coins)
    for coin, krw in ((near, "1400"), (far, "2600")):
        scene.candle(f"KRW-{coin.symbol}", krw, taken_ms(MISSED[0]))
        scene.candle(f"{coin.symbol}USDT", "1", taken_ms(MISSED[0]))
    await scene.prove(service)
    assert (await scene.row("ANEAR", MISSED[0])).prices.percent is not None
    doubted = (await scene.row("AFAR", MISSED[0])).prices
    assert not doubted.is_comparable
    assert doubted.global_price == 1
    assert doubted.percent is None


async def test_without_bitcoin_a_guessed_pair_is_taken_as_it_is(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.set_coins(service, coin_of("AFAR"))
    scene.candle("KRW-AFAR", "2600", taken_ms(MISSED[0]))
    scene.candle("AFARUSDT", "1", taken_ms(MISSED[0]))
    await scene.prove(service)
    assert (await scene.row("AFAR", MISSED[0])).prices.is_comparable


async def test_a_market_without_a_candle_makes_an_unverified_row_of_nulls(
    scene: Scene,
) -> None:
    service = await leave(scene, for_days=1)
    scene.set_coins(service, coin_of("FRESH"))
    scene.readers[Exchange.UPBIT].list("KRW-FRESH")
    scene.readers[Exchange.BINANCE].list("FRESHUSDT")
    await scene.prove(service)
    row = await scene.row("FRESH", MISSED[0])
    assert (row.prices.domestic_price, row.prices.global_price) == (None, None)
    assert row.verified_ms is None
    # A venue that was ill tells the price later.
    scene.candle("KRW-FRESH", "2600", taken_ms(MISSED[0]))
    scene.candle("FRESHUSDT", "2", taken_ms(MISSED[0]))
    await scene.world.clock.advance(600.0)
    await scene.prove(service)
    row = await scene.row("FRESH", MISSED[0])
    assert (row.prices.domestic_price, row.revision) == (2600, 2)
    assert row.verified_ms is not None


async def test_a_krw_market_that_is_gone_makes_no_row(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.set_coins(service, *scene.world.coins, coin_of("GONE"))
    await scene.prove(service)
    assert len(await scene.store.of_day(MISSED[0], 10)) == 2
    asked = scene.asked
    await scene.prove(service)
    assert scene.asked == asked, "asked again only after a while"


async def test_a_global_market_that_is_gone_leaves_the_row_unverified(
    scene: Scene,
) -> None:
    service = await leave(scene, for_days=1)
    scene.set_coins(service, coin_of("HALF"))
    scene.candle("KRW-HALF", "2600", taken_ms(MISSED[0]))
    await scene.prove(service)
    row = await scene.row("HALF", MISSED[0])
    assert (row.prices.domestic_price, row.prices.global_price) == (2600, None)
    assert row.verified_ms is None


async def test_rows_wait_a_while_for_their_dated_rate(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.rates_down = "503"
    await scene.prove(service)
    assert await scene.store.last_day() == DAY
    scene.rates_down = None
    await scene.world.clock.advance(UNHEARD_S[0])
    await scene.prove(service)
    row = await scene.row("BTC", MISSED[0])
    assert (row.prices.fx_rate, row.revision) == (1301, 1)


async def test_a_source_that_stays_away_is_asked_soon_again(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.rates_down = "503"
    task = asyncio.create_task(service.run_prove())
    await scene.world.clock.advance(UNHEARD_S[0] - 1.0)
    scene.rates_down = None
    await scene.world.clock.advance(10.0)
    assert len(await scene.store.of_day(MISSED[0], 10)) == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_without_dated_rates_rows_are_made_and_rated_later(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.rates_down = "503"
    await scene.prove(service)
    await scene.world.clock.advance(RATE_PATIENCE_S)
    await scene.prove(service)
    row = await scene.row("BTC", MISSED[0])
    assert (row.prices.fx_rate, row.prices.percent, row.verified_ms) == (None,) * 3
    assert row.prices.domestic_price == 52_000_001
    scene.rates_down = None
    await scene.world.clock.advance(600.0)
    await scene.prove(service)
    row = await scene.row("BTC", MISSED[0])
    assert (row.prices.fx_rate, row.revision) == (1301, 2)
    entries = await scene.store.audit(MISSED[0], "BTC")
    assert {e.reason for e in entries} == {AuditReason.RATE_EVIDENCE}


async def test_a_venue_that_is_down_leaves_the_day_for_later(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.readers[Exchange.BINANCE].down = "503"
    await scene.prove(service)
    assert await scene.store.last_day() == DAY
    scene.readers[Exchange.BINANCE].down = None
    await scene.world.clock.advance(UNHEARD_S[0])
    await scene.prove(service)
    assert len(await scene.store.of_day(MISSED[0], 10)) == 2


async def test_at_most_sixty_days_are_made_and_the_cut_is_told_once(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    service = await leave(scene, for_days=70)
    await scene.prove(service)
    last = DAY + timedelta(days=70)
    stored = await scene.store.stored(DAY, last)
    assert sorted(stored) == [DAY, *days(60, last - timedelta(days=59))]
    await scene.prove(service)
    assert caplog.messages.count("snapshot.catch_up_cut") == 1


async def test_others_come_in_between_while_many_days_are_looked_at(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await leave(scene, for_days=59)
    rounds = asked_after = 0

    async def breathe() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)  # a turn, counted

    async def calendar(from_day: date, to_day: date) -> RateCalendar:
        nonlocal asked_after
        asked_after = rounds
        raise StoreUnavailable("enough")

    other = asyncio.create_task(breathe())
    monkeypatch.setattr(service._witness, "calendar", calendar)
    assert not await scene.prove(service)
    other.cancel()
    assert asked_after >= 59


async def test_a_lost_store_loses_nothing(scene: Scene) -> None:
    service = await leave(scene)
    scene.store.store.down = "gone"
    assert not await scene.prove(service)
    scene.store.store.down = None
    assert await scene.prove(service)
    assert service.count.caught_up == 6


async def test_what_was_taken_and_waits_for_the_store_is_no_gap(scene: Scene) -> None:
    service = await leave(scene, for_days=1)
    scene.set_now(DAY_MS - 1000)
    service.taker.watch()
    scene.store.store.down = "gone"
    await scene.change_date(service, DAY_MS + SETTLE_MS // 10)
    scene.set_now(DAY_MS + SETTLE_MS)
    scene.store.store.down = None
    assert not await scene.prove(service)
    assert await scene.turn(service)
    assert await scene.prove(service)
    assert service.count.caught_up == 0
    assert service.count.taken == 2
