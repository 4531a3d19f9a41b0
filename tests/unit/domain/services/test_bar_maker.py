"""Reads of both venues for a span of bars: what is asked, how often, and what for."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from domain.model.bar import Hole, HoleReason
from domain.model.candle import Candle
from domain.model.coin import Listing
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.error import UpstreamUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.snapshot import opens_ms
from domain.services.bar_maker import BarMaker, BarTask

DAY = date(2026, 10, 30)
START = opens_ms(DAY)
# Rounds of the event loop in which every task has begun.
TURNS = 20
RATES = RateCalendar([DailyRate(date(2026, 10, 1), Decimal(1300), "frankfurter")])


def listing(
    exchange: Exchange, market: str, *, curated: bool = True, units: int = 1
) -> Listing:
    quote = "KRW" if exchange is Exchange.UPBIT else "USDT"
    return Listing(
        exchange, market, "X", quote, multiplier=Decimal(units), curated=curated
    )


def task(
    symbol: str = "ETH",
    *,
    many: int = 3,
    interval: Interval = Interval.D1,
    curated: bool = True,
    units: int = 1,
    skip: int = 0,
) -> BarTask:
    start = START + skip * interval.length_ms
    return BarTask(
        symbol,
        listing(Exchange.UPBIT, f"KRW-{symbol}", curated=curated),
        listing(Exchange.BINANCE, f"{symbol}USDT", curated=curated, units=units),
        interval,
        start,
        start + many * interval.length_ms,
    )


class Venues:
    """Two venues with candles of some coins."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.upbit = MemoryMarketReader(Exchange.UPBIT, Channel.REST, clock)
        self.binance = MemoryMarketReader(Exchange.BINANCE, Channel.REST, clock)
        self.maker = BarMaker(self.upbit, self.binance)

    def has(
        self,
        market: str,
        price: str,
        opened: range = range(3),
        interval: Interval = Interval.D1,
    ) -> None:
        reader = self.upbit if market.startswith("KRW-") else self.binance
        reader.list(market)
        value = Decimal(price)
        reader.set_candles(
            Candle(
                market,
                interval,
                START + number * interval.length_ms,
                *(value,) * 4,
                Decimal(1),
                value,
            )
            for number in opened
        )

    def asked(self) -> Counter[tuple[str, str]]:
        both = [*self.upbit.asked, *self.binance.asked]
        return Counter((question, market) for question, market, _ in both)


@pytest.fixture
def venues() -> Venues:
    made = Venues()
    for market, price in (
        ("KRW-ETH", "143000"),
        ("ETHUSDT", "100"),
        ("KRW-XRP", "1300"),
        ("XRPUSDT", "1"),
        ("KRW-BTC", "130000"),
        ("BTCUSDT", "100"),
        ("KRW-USDT", "1300"),
        ("KRW-USDC", "1430"),
    ):
        made.has(market, price)
    return made


async def test_bars_are_made_on_every_basis(venues: Venues) -> None:
    made = await venues.maker.make(task(), RATES)
    assert [bar.opened_ms for bar in made.bars] == [
        START + n * Interval.D1.length_ms for n in range(3)
    ]
    closes = {str(b): str(told.close) for b, told in made.bars[0].bases.items()}
    assert closes == {
        "OFFICIAL_FX": "10.000000",
        "KRW_USDT": "10.000000",
        "KRW_USDC": "0.000000",
    }
    assert made.holes == ()


async def test_every_market_is_asked_once(venues: Venues) -> None:
    await venues.maker.make(task(), RATES)
    assert venues.asked() == {
        ("past_candles", market): 1
        for market in ("KRW-ETH", "ETHUSDT", "KRW-USDT", "KRW-USDC")
    }


async def test_dollars_are_read_once_for_all_coins_of_a_span(venues: Venues) -> None:
    await asyncio.gather(
        *(venues.maker.make(task(symbol), RATES) for symbol in ("ETH", "XRP", "BTC"))
    )
    asked = venues.asked()
    assert asked["past_candles", "KRW-USDT"] == 1
    assert asked["past_candles", "KRW-USDC"] == 1
    assert asked.total() == 2 + 3 * 2


async def test_a_part_of_a_span_is_answered_from_the_whole(venues: Venues) -> None:
    await venues.maker.make(task(many=3), RATES)
    made = await venues.maker.make(task("XRP", many=1, skip=1), RATES)
    assert venues.asked()["past_candles", "KRW-USDT"] == 1
    assert set(made.bars[0].bases) == set(PremiumBasis)


async def test_a_longer_span_is_read_anew(venues: Venues) -> None:
    await venues.maker.make(task(many=1), RATES)
    await venues.maker.make(task("XRP", many=3), RATES)
    assert venues.asked()["past_candles", "KRW-USDT"] == 2


async def test_a_venue_without_a_market_of_dollars_is_asked_once_for_it() -> None:
    venues = Venues()
    for symbol in ("ETH", "XRP"):
        venues.has(f"KRW-{symbol}", "130000")
        venues.has(f"{symbol}USDT", "100")
        made = await venues.maker.make(task(symbol), RATES)
        assert set(made.bars[0].bases) == {PremiumBasis.OFFICIAL_FX}
    asked = venues.asked()
    assert asked["past_candles", "KRW-USDC"] == 1


async def test_both_venues_are_asked_at_the_same_time(venues: Venues) -> None:
    venues.upbit.silent = True
    making = asyncio.create_task(venues.maker.make(task(), RATES))
    for _ in range(TURNS):
        await asyncio.sleep(0)  # the questions go out
    assert venues.binance.asked
    assert venues.upbit.asked
    making.cancel()
    await asyncio.wait([making])
    assert making.cancelled()


async def test_a_venue_that_fails_fails_the_task(venues: Venues) -> None:
    venues.binance.down = "out of order"
    with pytest.raises(UpstreamUnavailable):
        await venues.maker.make(task(), RATES)
    venues.binance.down = None
    assert len((await venues.maker.make(task(), RATES)).bars) == 3


async def test_a_failure_is_not_kept(venues: Venues) -> None:
    venues.upbit.down = "out of order"
    with pytest.raises(UpstreamUnavailable):
        await venues.maker.make(task(), RATES)
    venues.upbit.down = None
    made = await venues.maker.make(task(), RATES)
    assert set(made.bars[0].bases) == set(PremiumBasis)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("KRW-ADA", HoleReason.NO_DOMESTIC_CANDLE),
        ("ADAUSDT", HoleReason.NO_GLOBAL_MARKET),
    ],
)
async def test_without_a_market_the_whole_span_is_a_hole(
    venues: Venues, missing: str, reason: HoleReason
) -> None:
    (there,) = {"KRW-ADA", "ADAUSDT"} - {missing}
    venues.has(there, "1300")
    wanted = task("ADA")
    made = await venues.maker.make(wanted, RATES)
    assert made.bars == ()
    assert made.holes == (
        Hole("ADA", Interval.D1, wanted.from_ms, wanted.to_ms, reason),
    )
    # What was read is told all the same.
    assert {candle.market for _, candle in made.candles} >= {there}


async def test_prices_are_per_coin(venues: Venues) -> None:
    venues.has("KRW-SATS", "1.43")
    venues.has("SATSUSDT", "1")
    made = await venues.maker.make(task("SATS", units=1000), RATES)
    assert made.bars[0].global_close == Decimal("0.001")
    assert str(made.bars[0].bases[PremiumBasis.OFFICIAL_FX].close) == "10.000000"


async def test_every_candle_read_is_told_and_closed(venues: Venues) -> None:
    made = await venues.maker.make(task(), RATES)
    told = Counter((str(exchange), candle.market) for exchange, candle in made.candles)
    assert told == {
        ("UPBIT", "KRW-ETH"): 3,
        ("BINANCE", "ETHUSDT"): 3,
        ("UPBIT", "KRW-USDT"): 3,
        ("UPBIT", "KRW-USDC"): 3,
    }
    assert all(candle.closed for _, candle in made.candles)


async def test_disorder_is_counted_once(venues: Venues) -> None:
    venues.binance.irregular = 2
    assert (await venues.maker.make(task(), RATES)).irregular == 2
    venues.binance.irregular, venues.upbit.irregular = 0, 1
    # Of Upbit: the leg, which is read, and dollars, which are not read again.
    assert (await venues.maker.make(task("XRP"), RATES)).irregular == 1


# A look back


async def test_minutes_that_begin_with_candles_need_no_look_back(
    venues: Venues,
) -> None:
    for market in ("KRW-ETH", "ETHUSDT"):
        venues.has(market, "1300", range(2), Interval.M1)
    await venues.maker.make(task(interval=Interval.M1), RATES)
    assert all(question == "past_candles" for question, _ in venues.asked())


async def test_a_leg_whose_minutes_begin_without_a_candle_is_asked_for_one_more(
    venues: Venues,
) -> None:
    venues.has("KRW-ETH", "143000", range(-40, -39), Interval.M1)
    venues.has("ETHUSDT", "100", range(3), Interval.M1)
    made = await venues.maker.make(task(interval=Interval.M1), RATES)
    assert [bar.opened_ms for bar in made.bars] == [
        START + n * 60_000 for n in range(3)
    ]
    assert venues.asked()["candles", "KRW-ETH"] == 1
    assert venues.asked()["candles", "ETHUSDT"] == 0


async def test_minutes_carried_into_a_span_have_every_basis_of_the_last_trade(
    venues: Venues,
) -> None:
    minutes = Interval.M1
    for market, price in (("KRW-USDT", "1300"), ("KRW-USDC", "1430")):
        venues.has(market, price, range(6), minutes)
    venues.has("KRW-ETH", "143000", range(2), minutes)
    venues.has("ETHUSDT", "100", range(2), minutes)
    await venues.maker.make(task(interval=minutes), RATES)
    before = venues.asked()
    made = await venues.maker.make(task(interval=minutes, skip=3), RATES)
    assert [len(bar.bases) for bar in made.bars] == [3, 3, 3]
    assert {one.samples for bar in made.bars for one in bar.bases.values()} == {0}
    # The minute of the last trade was read for the span before it.
    assert venues.asked()["past_candles", "KRW-USDT"] == (
        before["past_candles", "KRW-USDT"] + 1
    )


async def test_a_span_that_begins_in_silence_asks_for_the_dollars_of_the_last_trade(
    venues: Venues,
) -> None:
    minutes = Interval.M1
    venues.has("KRW-USDT", "1300", range(-9, 3), minutes)
    venues.has("KRW-ETH", "143000", range(-9, -7), minutes)
    venues.has("ETHUSDT", "100", range(-9, -8), minutes)
    made = await venues.maker.make(task(interval=minutes), RATES)
    assert [len(bar.bases) for bar in made.bars] == [2, 2, 2]
    assert made.bars[0].bases[PremiumBasis.KRW_USDT].close == Decimal(10)
    assert made.holes == ()


async def test_days_are_never_looked_back_for(venues: Venues) -> None:
    venues.has("KRW-ADA", "1300", range(1, 3))
    venues.has("ADAUSDT", "1", range(-1, 3))
    made = await venues.maker.make(task("ADA"), RATES)
    assert len(made.bars) == 2
    assert all(question == "past_candles" for question, _ in venues.asked())


# Pairs that nobody checked


async def test_a_guessed_pair_far_from_bitcoin_is_a_hole(venues: Venues) -> None:
    venues.has("KRW-GUESS", "161000")
    venues.has("GUESSUSDT", "100")
    made = await venues.maker.make(task("GUESS", curated=False), RATES)
    assert made.bars == ()
    assert [hole.reason for hole in made.holes] == [HoleReason.IDENTITY_UNSURE]


async def test_a_guessed_pair_near_bitcoin_has_bars(venues: Venues) -> None:
    venues.has("KRW-GUESS", "151000")
    venues.has("GUESSUSDT", "100")
    made = await venues.maker.make(task("GUESS", curated=False), RATES)
    assert len(made.bars) == 3


async def test_bitcoin_is_read_once_for_all_guessed_pairs(venues: Venues) -> None:
    for symbol in ("ETH", "XRP"):
        await venues.maker.make(task(symbol, curated=False), RATES)
    await venues.maker.make(task("BTC"), RATES)
    asked = venues.asked()
    assert asked["past_candles", "KRW-BTC"] == asked["past_candles", "BTCUSDT"] == 1


@pytest.mark.parametrize("interval", [Interval.D1, Interval.M1])
async def test_a_candle_that_could_not_be_read_makes_neither_a_bar_nor_a_hole(
    venues: Venues, interval: Interval
) -> None:
    venues.has("KRW-NEW", "143000", range(0, 3, 2), interval)
    venues.has("NEWUSDT", "100", range(3), interval)
    for market in ("KRW-USDT", "KRW-USDC"):
        venues.has(market, "1300", range(3), interval)
    venues.upbit.unusable = 1
    made = await venues.maker.make(task("NEW", interval=interval), RATES)
    assert [(bar.opened_ms - START) // interval.length_ms for bar in made.bars] == [
        0,
        2,
    ]
    assert made.holes == ()
    assert made.unusable == 1


async def test_holes_of_the_leg_that_could_be_read_are_holes(venues: Venues) -> None:
    venues.has("KRW-NEW", "143000")
    venues.has("NEWUSDT", "100", range(2))
    venues.upbit.unusable = 1
    made = await venues.maker.make(task("NEW"), RATES)
    assert [hole.reason for hole in made.holes] == [HoleReason.NO_GLOBAL_CANDLE]
    assert len(made.bars) == 2


async def test_what_was_read_badly_is_not_kept_for_the_next_coin(
    venues: Venues,
) -> None:
    venues.upbit.unusable = 1
    await venues.maker.make(task(), RATES)
    venues.upbit.unusable = 0
    await venues.maker.make(task("XRP"), RATES)
    assert venues.asked()["past_candles", "KRW-USDT"] == 2
