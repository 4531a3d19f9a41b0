"""The identity guard at work on the board."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from domain.model.coin import Coin
from domain.model.market import Exchange, Quality, Reason
from tests.unit.domain.model.conftest import Desk, Make, known

CURATED = ("A", "B", "C", "D", "E")


@pytest.fixture
def guarded(make: Make) -> Desk:
    """Five checked pairs at zero and one guess, all LIVE and published."""
    desk = make.desk()
    desk.open(*map(make.coin, CURATED), make.coin("X", curated=False))
    desk.tick()
    return desk


def pass_minute(desk: Desk, seconds: int = 60) -> None:
    """Let time pass on live feeds, a look of the guard each second."""
    for _ in range(seconds):
        desk.pass_s(1)
        desk.tell(Exchange.UPBIT)
        desk.tell(Exchange.BINANCE)
        desk.rate()
        desk.tick()


@pytest.fixture
def doubting(guarded: Desk) -> Desk:
    """The guess at 100 percent for long enough."""
    guarded.trade("KRW-X", "104000000")
    pass_minute(guarded, 62)
    return guarded


def test_a_guessed_pair_far_from_the_market_is_not_shown_after_a_minute(
    guarded: Desk,
) -> None:
    guarded.trade("KRW-X", "62920000")
    assert guarded.premium("X").percent == 21
    pass_minute(guarded, 59)
    assert guarded.premium("X").quality is Quality.LIVE
    pass_minute(guarded, 2)
    found = guarded.shown("X")
    assert (found.percent, found.quality) == (None, Quality.UNAVAILABLE)
    assert found.reason is Reason.IDENTITY_UNSURE
    assert known(found.domestic).price == 62_920_000
    assert known(found.global_).price == 40_000


def test_it_comes_back_below_15_points(guarded: Desk) -> None:
    guarded.trade("KRW-X", "62920000")
    pass_minute(guarded, 62)
    guarded.trade("KRW-X", "59800000")
    pass_minute(guarded, 2)
    assert guarded.shown("X").reason is Reason.IDENTITY_UNSURE
    guarded.trade("KRW-X", "59280000")
    pass_minute(guarded, 2)
    assert guarded.shown("X").percent == 14


def test_a_curated_pair_is_never_guarded(guarded: Desk) -> None:
    guarded.trade("KRW-A", "104000000")
    pass_minute(guarded, 90)
    found = guarded.shown("A")
    assert (found.percent, found.quality) == (100, Quality.LIVE)


def test_fewer_than_five_live_curated_pairs_decide_nothing(guarded: Desk) -> None:
    guarded.board.set_coins(
        [seat.coin for name, seat in guarded.board._seats.items() if name != "A"]
    )
    guarded.trade("KRW-X", "104000000")
    pass_minute(guarded, 90)
    assert guarded.shown("X").quality is Quality.LIVE


def test_a_pair_that_was_checked_meanwhile_is_shown_again(
    doubting: Desk, make: Make
) -> None:
    assert doubting.shown("X").reason is Reason.IDENTITY_UNSURE
    doubting.board.set_coins(map(make.coin, (*CURATED, "X")))
    assert doubting.premium("X").percent == 100


def restarted(desk: Desk, make: Make, *coins: Coin) -> Desk:
    """Return the board of the next process, with what this one stored."""
    anew = make.desk()
    anew.pass_s((desk.now_ms - anew.now_ms) / 1000)
    anew.board.set_coins(coins)
    legs = [make.quote("KRW-X", "104000000"), make.quote("XUSDT", "40000")]
    kept = desk.board.kept_of(["X"])
    anew.board.restore(legs, desk.board.fx.quotes(), kept, desk.board.seq)
    anew.tick()
    return anew


def test_a_doubt_outlives_a_restart_until_the_live_premium_says_otherwise(
    doubting: Desk, make: Make
) -> None:
    guess = make.coin("X", curated=False)
    anew = restarted(doubting, make, *map(make.coin, CURATED), guess)
    found = anew.shown("X")
    assert (found.percent, found.quality) == (None, Quality.UNAVAILABLE)
    assert found.reason is Reason.IDENTITY_UNSURE
    anew.open(*map(make.coin, CURATED), guess)
    pass_minute(anew, 2)
    assert anew.premium("X").percent == 0
    anew.trade("KRW-X", "104000000")
    assert anew.premium("X").percent == 100


def test_a_restart_doubts_no_pair_that_was_checked_meanwhile(
    doubting: Desk, make: Make
) -> None:
    anew = restarted(doubting, make, *map(make.coin, (*CURATED, "X")))
    found = anew.shown("X")
    # What was computed of it is not shown: it may have been another coin's.
    assert (found.percent, found.quality) == (None, Quality.STALE)
    assert found.reason is Reason.DOMESTIC_STALE


def test_a_doubted_pair_that_comes_back_shows_nothing_of_before(
    doubting: Desk, make: Make
) -> None:
    guess = make.coin("X", curated=False)
    doubting.board.set_coins(map(make.coin, CURATED))
    doubting.tick()
    doubting.board.set_coins([*map(make.coin, CURATED), guess])
    found = doubting.premium("X")
    assert (found.percent, found.quality) == (None, Quality.STALE)


def test_a_doubted_pair_that_left_begins_anew(doubting: Desk, make: Make) -> None:
    doubting.board.set_coins(map(make.coin, CURATED))
    assert doubting.next_tick().removed == ("X",)
    assert not doubting.board.guard.is_unsure("X")


def test_the_guard_looks_once_a_second_however_many_ticks_there_are(
    guarded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.trade("KRW-X", "104000000")
    looks: list[float] = []
    watch = guarded.board.guard.watch

    def counted(
        curated: Mapping[str, Decimal], guessed: Mapping[str, Decimal], now_s: float
    ) -> frozenset[str]:
        looks.append(now_s)
        return watch(curated, guessed, now_s)

    monkeypatch.setattr(guarded.board.guard, "watch", counted)
    for _ in range(25):
        guarded.pass_s(0.1)
        guarded.tick()
    assert len(looks) == 2
