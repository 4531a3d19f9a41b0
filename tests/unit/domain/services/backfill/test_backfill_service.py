"""A backfill does everything once, tells what became of it, and can go on later."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.model.backfill_plan import CHUNK, BackfillSpan
from domain.model.backfill_tally import BackfillTally
from domain.model.bar import Hole, HoleReason
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import RateCalendar
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.identity import IdentityRow, IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange
from domain.services.backfill_service import (
    FAILURE_WAIT_S,
    GIVE_UP_S,
    ROUND_WAIT_S,
    ROUNDS,
    SETTLE_MS,
    BackfillService,
)
from tests.unit.domain.services.backfill.conftest import RATES, SPAN, Bench, coin_of

DAY_MS = 86_400_000
BTC, ETH, USDT = coin_of("BTC"), coin_of("ETH"), coin_of("USDT", paired=False)
FIRST_MS = SPAN.from_ms


def refused(retry_at_ms: int | None = None) -> UpstreamUnavailable:
    failure = UpstreamUnavailable("upbit.rest", "refused")
    failure.retry_at_ms = retry_at_ms
    return failure


async def passing(
    bench: Bench, service: BackfillService, *coins: Coin, step_s: float = 1.0
) -> BackfillTally:
    """Run while the clock goes on; bounded."""
    running = asyncio.create_task(service.run(coins or (BTC,), SPAN))
    for _ in range(2_000):
        await bench.clock.settle()
        if running.done():
            return running.result()
        await bench.clock.advance(step_s)
    raise AssertionError("it does not end")


def accounts(tally: BackfillTally) -> bool:
    """Whether every bar asked for is in one of the counts."""
    return tally.asked == tally.done + sum(tally.missing.values())


def lacks(tally: BackfillTally) -> dict[tuple[HoleReason, str], int]:
    """Return how many bars of each coin are impossible, by reason."""
    return {
        (reason, symbol): lack.bars
        for reason, coins in tally.impossible.items()
        for symbol, lack in coins.items()
    }


async def test_every_bar_of_every_coin_is_written_once(bench: Bench) -> None:
    tally = await bench.service().run([BTC, ETH], SPAN)
    assert (tally.asked, tally.written, tally.kept) == (18, 18, 0)
    assert (tally.candles, tally.irregular) == (36, 2)
    assert tally.is_complete
    assert bench.filler.asked() == [
        ("BTC", SPAN.from_ms, SPAN.to_ms),
        ("ETH", SPAN.from_ms, SPAN.to_ms),
    ]


async def test_again_asks_for_nothing(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.kept, tally.candles) == (0, 9, 0)
    assert (tally.pieces_done, tally.pieces_worked) == (1, 0)
    assert tally.is_complete
    assert len(bench.filler.tasks) == 1


async def test_only_what_is_missing_is_asked_for(bench: Bench) -> None:
    half = replace(SPAN, to_day=date(2025, 11, 4))
    await bench.service().run([BTC], half)
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.kept) == (5, 4)
    assert bench.filler.asked()[1:] == [("BTC", half.to_ms, SPAN.to_ms)]


async def test_redo_makes_everything_anew_and_tells_what_changed(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    bench.filler.percent = 2
    tally = await bench.service().run([BTC], SPAN, redo=True)
    assert (tally.written, tally.kept, tally.changed) == (0, 9, 9)
    tally = await bench.service().run([BTC], SPAN, redo=True)
    assert (tally.kept, tally.changed) == (9, 0)


async def test_what_the_venues_do_not_have_is_impossible_and_no_failure(
    bench: Bench,
) -> None:
    bench.filler.no_candle = {("ETH", FIRST_MS), ("ETH", FIRST_MS + DAY_MS)}
    for _ in range(2):
        tally = await bench.service().run([BTC, ETH], SPAN)
        assert lacks(tally) == {(HoleReason.NO_DOMESTIC_CANDLE, "ETH"): 2}
        assert tally.is_complete
        assert accounts(tally)
    assert len(bench.filler.tasks) == 2  # remembered: not asked for again


async def test_where_there_is_not_one_bar_the_venues_are_asked_again(
    bench: Bench,
) -> None:
    bench.filler.no_candle = {("BTC", at) for at in range(FIRST_MS, SPAN.to_ms, DAY_MS)}
    tally = await bench.service().run([BTC], SPAN)
    assert lacks(tally) == {(HoleReason.NO_DOMESTIC_CANDLE, "BTC"): 9}
    bench.filler.no_candle.clear()
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.impossible_count) == (9, 0)


async def test_what_could_not_be_read_is_missing_and_asked_for_the_next_time(
    bench: Bench,
) -> None:
    bench.filler.unusable = 2
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.unusable, tally.missing) == (7, 2, {"BTC": 2})
    assert accounts(tally)
    bench.filler.unusable = 0
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.kept) == (2, 7)
    assert tally.is_complete


async def test_a_coin_without_a_global_market_costs_no_question(bench: Bench) -> None:
    tally = await bench.service().run([USDT], SPAN)
    assert lacks(tally) == {(HoleReason.NO_GLOBAL_MARKET, "USDT"): 9}
    assert tally.is_complete
    assert bench.filler.tasks == []


async def test_a_market_that_comes_later_is_looked_at_again(bench: Bench) -> None:
    await bench.service().run([USDT], SPAN)
    tally = await bench.service().run([coin_of("USDT")], SPAN)
    assert (tally.written, tally.impossible_count) == (9, 0)


async def test_a_rate_that_comes_later_is_looked_for_again(bench: Bench) -> None:
    bench.filler.rates = RateCalendar()
    tally = await bench.service().run([BTC], SPAN)
    assert lacks(tally) == {(HoleReason.NO_RATE, "BTC"): 9}
    assert tally.is_complete
    bench.filler.rates = RATES
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.impossible_count) == (9, 0)


async def test_days_on_which_the_ticker_meant_another_coin_are_holes(
    bench: Bench,
) -> None:
    changed = datetime.fromtimestamp((FIRST_MS + 4 * DAY_MS) / 1000, UTC)
    rows = [IdentityRow(Exchange.UPBIT, "BTC", "OTHER", valid_until=changed)]
    bench.identity = IdentityTable(rows)
    tally = await bench.service().run([BTC], SPAN)
    assert lacks(tally) == {(HoleReason.IDENTITY_UNSURE, "BTC"): 4}
    assert tally.written == 5
    assert bench.filler.asked() == [("BTC", FIRST_MS + 4 * DAY_MS, SPAN.to_ms)]
    assert bench.filler.tasks[0].domestic.curated is False


async def test_a_coin_that_left_the_domestic_venue_has_no_candles_there(
    bench: Bench,
) -> None:
    gone = Coin("OLD", "", "", (Listing(Exchange.BINANCE, "OLDUSDT", "OLD", "USDT"),))
    tally = await bench.service().run([gone], SPAN)
    assert lacks(tally) == {(HoleReason.NO_DOMESTIC_CANDLE, "OLD"): 9}


async def test_long_spans_go_by_pieces_all_coins_of_a_time_together(
    bench: Bench,
) -> None:
    span = BackfillSpan(Interval.M1, date(2025, 11, 1), date(2025, 11, 1))
    tally = await bench.service(in_flight=1).run([BTC, ETH], span)
    middle_ms = span.from_ms + CHUNK * 60_000
    assert bench.filler.asked() == [
        ("BTC", span.from_ms, middle_ms),
        ("ETH", span.from_ms, middle_ms),
        ("BTC", middle_ms, span.to_ms),
        ("ETH", middle_ms, span.to_ms),
    ]
    assert (tally.written, tally.pieces_done) == (2 * 1440, 4)


async def test_what_fails_is_done_when_the_rest_is(bench: Bench) -> None:
    bench.filler.failures = [refused()]
    tally = await passing(bench, bench.service(in_flight=1), BTC, ETH)
    assert [task.symbol for task in bench.filler.tasks] == ["BTC", "ETH", "BTC"]
    assert (tally.written, tally.failures) == (18, 1)
    assert tally.is_complete


async def test_what_fails_for_good_is_named_and_the_rest_goes_on(bench: Bench) -> None:
    bench.filler.broken = {"BTC": refused()}
    tally = await passing(bench, bench.service(), BTC, ETH)
    assert tally.missing == {"BTC": 9}
    assert tally.written == 9
    assert list(tally.reasons) == ["upbit.rest: refused"]
    assert tally.failures == ROUNDS
    assert not tally.is_complete
    assert not tally.gave_up
    assert accounts(tally)


async def test_the_same_again_goes_on_where_it_ended(bench: Bench) -> None:
    bench.filler.broken = {"BTC": refused()}
    await passing(bench, bench.service(), BTC, ETH)
    bench.filler.broken = {}
    bench.filler.tasks.clear()
    tally = await bench.service().run([BTC, ETH], SPAN)
    assert tally.is_complete
    assert [task.symbol for task in bench.filler.tasks] == ["BTC"]


async def test_where_nothing_goes_well_for_long_it_is_given_up(bench: Bench) -> None:
    coins = [coin_of(f"C{number}") for number in range(200)]
    bench.filler.broken = {coin.symbol: refused() for coin in coins}
    began_s = bench.clock.monotonic()
    tally = await passing(bench, bench.service(in_flight=1), *coins)
    assert tally.gave_up
    assert sum(tally.missing.values()) == tally.asked
    assert bench.clock.monotonic() - began_s <= GIVE_UP_S + 5.0


async def test_nobody_asks_before_the_time_a_venue_has_told(bench: Bench) -> None:
    until_ms = bench.clock.now_ms() + 30_000
    bench.filler.failures = [refused(until_ms)]
    asked_ms: list[int] = []
    bench.filler.before = lambda task: asked_ms.append(bench.clock.now_ms())
    tally = await passing(bench, bench.service(in_flight=1), BTC, ETH)
    assert tally.is_complete
    assert tally.written == 18
    assert [ms for ms in asked_ms[1:] if ms < until_ms] == []
    assert [task.symbol for task in bench.filler.tasks] == ["BTC", "BTC", "ETH"]


async def test_a_ban_for_longer_than_our_patience_ends_the_run(bench: Bench) -> None:
    bench.filler.failures = [refused(bench.clock.now_ms() + 3_600_000)] * 20
    began_s = bench.clock.monotonic()
    tally = await passing(bench, bench.service(), BTC, ETH)
    assert tally.gave_up
    assert tally.missing == {"BTC": 9, "ETH": 9}
    assert bench.clock.monotonic() - began_s <= 3 * FAILURE_WAIT_S


async def test_a_database_that_is_away_for_a_while_is_waited_for(bench: Bench) -> None:
    bench.kept.down = "away"
    running = asyncio.create_task(bench.service().run([BTC], SPAN))
    await bench.clock.advance(FAILURE_WAIT_S)
    bench.kept.down = None
    await bench.clock.advance(ROUND_WAIT_S)
    tally = await running
    assert tally.is_complete
    assert list(tally.reasons) == ["database: away"]


async def test_bars_that_have_just_ended_are_left_to_settle(bench: Bench) -> None:
    bench.clock.set_now_ms(SPAN.to_ms + 20_000)
    running = asyncio.create_task(bench.service().run([BTC], SPAN))
    await bench.clock.advance((SETTLE_MS - 20_000) / 1000 - 1.0)
    assert bench.filler.tasks == []
    await bench.clock.advance(1.0)
    assert (await running).written == 9


async def test_a_run_that_is_stopped_says_what_is_missing(bench: Bench) -> None:
    bench.filler.broken = {"ETH": refused()}
    service = bench.service(in_flight=1)
    running = asyncio.create_task(service.run([BTC, ETH], SPAN))
    await bench.clock.until_sleeping()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert service.tally.written == 9
    assert service.tally.missing == {"ETH": 9}


async def test_at_most_so_many_pieces_are_under_way(bench: Bench) -> None:
    coins = [coin_of(f"C{number}") for number in range(20)]
    bench.filler.broken = {coin.symbol: refused() for coin in coins}
    running = asyncio.create_task(bench.service(in_flight=3).run(coins, SPAN))
    await bench.clock.settle()
    assert bench.clock.sleeping == 3
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_holes_of_another_time_do_not_count(bench: Bench) -> None:
    before = Hole(
        "BTC",
        Interval.D1,
        FIRST_MS - 5 * DAY_MS,
        FIRST_MS + 2 * DAY_MS,
        HoleReason.NO_GLOBAL_CANDLE,
    )
    await bench.store.write_holes([before])
    await bench.service().run([BTC], replace(SPAN, from_day=SPAN.to_day))
    tally = await bench.service().run([BTC], SPAN)
    assert lacks(tally) == {(HoleReason.NO_GLOBAL_CANDLE, "BTC"): 2}
    assert (tally.written, tally.kept) == (6, 1)


async def test_a_bug_is_no_failure_of_a_venue(bench: Bench) -> None:
    bench.filler.broken = {"BTC": KeyError("bug")}
    with pytest.raises(ExceptionGroup) as caught:
        await bench.service().run([BTC], SPAN)
    assert caught.group_contains(KeyError)


async def test_failures_of_the_store_while_writing_are_tried_again(
    bench: Bench,
) -> None:
    bench.filler.failures = [StoreUnavailable("connection lost")]
    tally = await passing(bench, bench.service(), BTC)
    assert tally.is_complete
