"""Minute bars out of what the board publishes."""

from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin
from domain.model.bar_fold import MINUTE_MS, BarFold
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Exchange, Quality
from domain.model.premium import compute
from tests.unit.domain.model.conftest import Desk, Make

OFFICIAL, USDT, USDC = PremiumBasis
LIVE, STALE = Quality.LIVE, Quality.STALE


class Recording:
    """A desk whose ticks are folded, and the bars that came of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.fold = BarFold(desk.now_ms)
        self.bars: list[Bar] = []
        self.stamp_ms: int = desk.now_ms

    def tick(self) -> None:
        tick = self.desk.tick()
        if tick is not None:
            self.bars += self.fold.take(tick)

    def trade(self, market: str, price: str) -> None:
        """Let a trade arrive a tenth of a second later, and be published."""
        self.desk.pass_s(0.1)
        # The venue's clock is not ours: it goes on whatever happens to ours.
        self.stamp_ms += 100
        self.desk.trade(market, price, exchange_ms=self.stamp_ms)
        self.tick()

    def turn(self) -> list[Bar]:
        """Come to the minute's end, with signs of life of both venues; its bars."""
        left_s = (self.fold.ends_ms - self.desk.now_ms) / 1000
        for quote in self.desk.board.fx.quotes():
            self.desk.board.answer_rate(quote, self.desk.now_s)
        for _ in range(int(left_s)):
            self.desk.pass_s(1)
            self.desk.tell(Exchange.UPBIT)
            self.desk.tell(Exchange.BINANCE)
            self.tick()
        self.desk.now_ms = max(self.desk.now_ms, self.fold.ends_ms)
        return self.close()

    def close(self) -> list[Bar]:
        """Look at the clock: the bars of the minute that ended by it."""
        found = self.fold.turn(self.desk.now_ms)
        self.bars += found
        return found

    def btc(self) -> Bar:
        """The last bar of BTC."""
        return [bar for bar in self.bars if bar.symbol == "BTC"][-1]


@pytest.fixture
def recording(desk: Desk, make: Make) -> Recording:
    """BTC and ETH, LIVE at zero percent since the minute before."""
    recording = Recording(desk)
    desk.open(make.coin("BTC"), make.coin("ETH"))
    recording.tick()
    recording.turn()
    recording.bars.clear()
    return recording


def figures(bar: Bar, basis: PremiumBasis = OFFICIAL) -> list[str]:
    item = bar.bases[basis]
    return [f"{n.normalize():f}" for n in (item.open, item.high, item.low, item.close)]


def test_a_minute_is_the_first_highest_lowest_and_last_of_its_versions(
    recording: Recording,
) -> None:
    for price in ("52520000", "53040000", "51480000", "52260000"):
        recording.trade("KRW-BTC", price)
    recording.turn()
    bar = recording.btc()
    assert figures(bar) == ["1", "2", "-1", "0.5"]
    assert (bar.opened_ms % MINUTE_MS, bar.interval) == (0, Interval.M1)
    assert (bar.origin, bar.bases[OFFICIAL].samples) == (BarOrigin.LIVE, 4)
    assert bar.bases[OFFICIAL].quality is LIVE
    assert (bar.domestic_close, bar.global_close) == (52_260_000, 40_000)
    assert (bar.bases[OFFICIAL].fx_rate, bar.fx_source) == (1300, "dunamu")


def test_bars_come_by_symbol_and_only_once(recording: Recording) -> None:
    assert [bar.symbol for bar in recording.turn()] == ["BTC", "ETH"]
    assert recording.close() == []


def test_a_minute_without_a_sample_carries_what_stands(recording: Recording) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.turn()
    recording.turn()
    bar = recording.btc()
    assert figures(bar) == ["1", "1", "1", "1"]
    assert (bar.bases[OFFICIAL].samples, bar.bases[OFFICIAL].quality) == (0, LIVE)
    assert bar.domestic_close == 52_520_000


def test_one_stale_moment_makes_the_minute_stale(recording: Recording) -> None:
    recording.desk.down(Exchange.BINANCE)
    recording.tick()
    recording.desk.up(Exchange.BINANCE)
    recording.trade("BTCUSDT", "40000")
    recording.trade("KRW-BTC", "52520000")
    recording.turn()
    assert recording.btc().bases[OFFICIAL].quality is STALE
    recording.turn()
    assert recording.btc().bases[OFFICIAL].quality is LIVE


def test_an_outage_is_recorded_stale_minute_after_minute_and_is_no_gap(
    recording: Recording,
) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.down(Exchange.BINANCE)
    recording.tick()
    recording.turn()
    recording.trade("KRW-BTC", "60000000")
    recording.turn()
    recording.turn()
    bars = [bar for bar in recording.bars if bar.symbol == "BTC"]
    assert [figures(bar) for bar in bars] == [["1"] * 4] * 3
    assert [bar.bases[OFFICIAL].quality for bar in bars] == [STALE] * 3
    # The number that stands is that of the last two fresh prices.
    assert {bar.domestic_close for bar in bars} == {52_520_000}
    # A version with a number is a sample, whatever its number is made of.
    assert [bar.bases[OFFICIAL].samples for bar in bars] == [2, 1, 0]


def test_the_close_follows_from_the_prices_and_the_rate_of_the_bar(
    recording: Recording,
) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.down(Exchange.BINANCE)
    recording.desk.rate("1400")
    recording.trade("KRW-BTC", "61000000")
    recording.turn()
    bar = recording.btc()
    basis = bar.bases[OFFICIAL]
    again = compute(bar.domestic_close, bar.global_close, basis.fx_rate)
    assert (basis.close, basis.fx_rate) == (again.percent, 1300)


def test_a_basis_without_a_rate_is_left_out_and_the_others_stay(
    desk: Desk, make: Make
) -> None:
    desk.board.set_coins([make.coin("BTC"), make.coin("USDT", only_domestic=True)])
    recording = Recording(desk)
    for exchange in Exchange:
        desk.up(exchange)
    for market, price in (
        ("KRW-USDT", "1300"),
        ("BTCUSDT", "40000"),
        ("KRW-BTC", "52520000"),
    ):
        recording.trade(market, price)
    recording.turn()
    [bar] = recording.bars
    assert list(bar.bases) == [USDT]
    assert figures(bar, USDT) == ["1", "1", "1", "1"]
    assert (bar.fx_source, bar.fx_as_of_ms) == (None, None)


def test_a_rate_that_comes_within_the_minute_begins_its_basis_as_stale(
    desk: Desk, make: Make
) -> None:
    recording = Recording(desk)
    desk.open(make.coin("BTC"), make.coin("USDT", only_domestic=True))
    desk.trade("KRW-USDT", "1300")
    recording.tick()
    recording.turn()
    [bar] = recording.bars
    assert bar.bases[USDT].quality is STALE  # there was none at its beginning
    recording.turn()
    assert recording.btc().bases[USDT].quality is LIVE


def test_a_coin_without_numbers_has_no_bar(desk: Desk, make: Make) -> None:
    recording = Recording(desk)
    desk.open(make.coin("NEO", only_domestic=True))
    recording.tick()
    assert recording.turn() == []


def test_a_number_that_goes_away_ends_the_bars_with_the_minute(
    recording: Recording, make: Make
) -> None:
    recording.trade("KRW-BTC", "52520000")
    only_domestic = make.coin("BTC", only_domestic=True)
    recording.desk.board.set_coins([only_domestic, make.coin("ETH")])
    recording.tick()
    assert [bar.symbol for bar in recording.turn()] == ["BTC", "ETH"]
    assert (figures(recording.btc()), recording.btc().bases[OFFICIAL].quality) == (
        ["1"] * 4,
        STALE,
    )
    assert [bar.symbol for bar in recording.turn()] == ["ETH"]


def test_a_coin_that_leaves_is_recorded_until_then_and_forgotten(
    recording: Recording, make: Make
) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.board.set_coins([])
    recording.tick()
    [bar] = recording.turn()
    assert (bar.symbol, figures(bar)) == ("BTC", ["1"] * 4)
    assert recording.turn() == []
    assert not recording.fold._tracks


def test_a_coin_that_comes_back_in_the_same_minute_goes_on(
    recording: Recording, make: Make
) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.board.set_coins([])
    recording.tick()
    recording.desk.board.set_coins([make.coin("BTC")])
    recording.trade("BTCUSDT", "40000")
    recording.trade("KRW-BTC", "53040000")
    recording.turn()
    assert figures(recording.btc()) == ["1", "2", "1", "2"]
    assert recording.btc().bases[OFFICIAL].quality is STALE
    recording.turn()
    assert recording.btc().bases[OFFICIAL].samples == 0


def test_prices_and_rate_of_a_coin_that_left_do_not_come_back_with_it(
    recording: Recording, make: Make
) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.board.set_coins([])
    for exchange in Exchange:
        recording.desk.down(exchange)
    recording.tick()
    recording.desk.rate("1400")
    recording.desk.board.set_coins([make.coin("BTC")])
    recording.tick()
    recording.turn()
    # Kept numbers from two stale legs: the rate beside them is the one displayed.
    basis = recording.btc().bases[OFFICIAL]
    assert (basis.close, basis.fx_rate, basis.quality) == (1, 1400, STALE)


def test_restored_numbers_stand_but_are_no_samples(recording: Recording) -> None:
    # What the board says at once is of before: its `at` is older than the recording.
    desk = recording.desk
    for exchange in Exchange:
        desk.down(exchange)
    recording.tick()
    later = Recording(desk)
    later.fold = BarFold(desk.now_ms + 1)
    desk.pass_s(0.5)
    desk.rate("1400")
    later.tick()
    later.turn()
    bar = later.btc()
    assert (figures(bar), bar.bases[OFFICIAL].samples) == (["0"] * 4, 0)
    assert bar.bases[OFFICIAL].quality is STALE
    # Never fresh since: the prices and the rate are the ones displayed.
    assert (bar.domestic_close, bar.bases[OFFICIAL].fx_rate) == (52_000_000, 1400)
    for exchange in Exchange:
        desk.up(exchange)
    later.trade("BTCUSDT", "40000")
    later.trade("KRW-BTC", "57200000")
    later.turn()
    assert figures(later.btc()) == ["2.142857"] * 4
    assert later.btc().bases[OFFICIAL].samples == 1


def test_a_tick_of_the_next_minute_closes_the_one_before(recording: Recording) -> None:
    recording.trade("KRW-BTC", "52520000")
    recording.desk.now_ms = recording.fold.ends_ms
    recording.trade("KRW-BTC", "53040000")
    assert figures(recording.btc()) == ["1"] * 4
    assert recording.fold.closed == 2


def test_samples_of_a_closed_minute_are_counted_and_left_out(
    recording: Recording,
) -> None:
    recording.turn()
    recording.desk.now_ms -= 5_000
    recording.trade("KRW-BTC", "52520000")
    assert recording.fold.late == 1
    recording.desk.now_ms += 6_000
    recording.turn()
    bar = recording.btc()
    # What they say stands all the same.
    assert (figures(bar), bar.bases[OFFICIAL].samples) == (["1"] * 4, 0)


def test_minutes_in_which_nobody_looked_are_not_recorded(recording: Recording) -> None:
    recording.trade("KRW-BTC", "52520000")
    opened_ms = recording.fold.opened_ms
    recording.desk.now_ms += 3 * MINUTE_MS
    assert recording.close() == []
    assert recording.fold.missed == 3
    recording.trade("KRW-BTC", "53040000")
    recording.turn()
    bar = recording.btc()
    assert bar.opened_ms == opened_ms + 3 * MINUTE_MS
    # Nobody knows how it began.
    assert (figures(bar), bar.bases[OFFICIAL].quality) == (["2"] * 4, STALE)


def test_a_clock_that_was_ahead_for_a_while_does_not_stop_the_recording(
    recording: Recording,
) -> None:
    recording.trade("KRW-BTC", "52520000")
    opened_ms = recording.fold.opened_ms
    day_ms = 86_400_000
    recording.desk.now_ms += day_ms
    recording.trade("KRW-BTC", "53040000")
    recording.turn()
    recording.desk.now_ms -= day_ms
    recording.trade("KRW-BTC", "51480000")
    recording.turn()
    assert recording.btc().opened_ms == opened_ms + MINUTE_MS
    assert figures(recording.btc()) == ["-1"] * 4
    # A minute that was closed by the right clock stays closed.
    late = recording.fold.late
    recording.desk.now_ms -= 5_000
    recording.trade("KRW-BTC", "52000000")
    assert recording.fold.late == late + 1


def test_a_clock_set_back_after_the_start_begins_anew(desk: Desk, make: Make) -> None:
    recording = Recording(desk)
    desk.open(make.coin("BTC"))
    recording.tick()
    recording.turn()
    desk.now_ms -= 9 * 3_600_000
    desk.rate("1250")
    recording.tick()
    recording.turn()
    assert figures(recording.btc()) == ["4"] * 4
    assert recording.btc().bases[OFFICIAL].samples == 1
    assert recording.btc().opened_ms < desk.now_ms
    assert recording.fold.late == 0


def test_exact_numbers_are_kept_as_they_are(recording: Recording) -> None:
    recording.trade("KRW-BTC", "51000000")
    recording.turn()
    assert recording.btc().bases[OFFICIAL].close == Decimal("-1.923077")
