"""Time that passes: minutes, the date change in Seoul, outages, and the day after.

The stories themselves: live_story, change_story, missed_day; see conftest.py.
"""

from fractions import Fraction

import pytest

from tests.e2e.history.bar import minutes
from tests.e2e.history.change_story import (
    DATED_RATE,
    DAY,
    LAST,
    XRP_EVIDENCE,
    Story,
)
from tests.e2e.history.live_story import (
    HEALED,
    PRICES,
    RATE,
    WHOLE,
    Seen,
)
from tests.e2e.history.missed_day import MISSED
from tests.e2e.history.question import SNAPSHOT, same
from tests.e2e.history.story import Stories
from tests.e2e.history.tape import MINUTE_S, iso
from tests.e2e.semantics import expect


@pytest.fixture
def live(stories: Stories) -> Seen:
    """The story of the kill."""
    return stories.live.result()


@pytest.fixture
def dark(stories: Stories) -> Seen:
    """The story of the database that was away."""
    return stories.dark.result()


@pytest.fixture
def changed(stories: Stories) -> Story:
    """The story of the date change."""
    return stories.change.result()


def test_a_live_minute_holds_every_version_of_it(live: Seen) -> None:
    bar = live.whole["BTC"]
    premiums = [expect.percent(price, "107000", RATE) for price in PRICES]
    assert bar["open"] == premiums[0]
    assert bar["high"] == premiums[0]
    assert bar["low"] == premiums[1]
    assert bar["close"] == premiums[2]
    assert bar["samples"] == 3
    assert bar["domesticClose"] == PRICES[2]
    assert bar["globalClose"] == "107000"
    assert bar["fxRate"] == RATE
    assert (bar["quality"], bar["origin"]) == ("LIVE", "LIVE")
    assert bar["openedAt"] == iso(WHOLE)


def test_a_live_minute_without_a_trade_is_carried_with_no_samples(live: Seen) -> None:
    bar = live.whole["ETH"]
    premium = expect.percent("3456000", "2600.51", RATE)
    assert {bar[name] for name in ("open", "high", "low", "close")} == {premium}
    assert bar["samples"] == 0
    assert (bar["quality"], bar["origin"]) == ("LIVE", "LIVE")


def test_what_was_recorded_before_a_kill_stays(live: Seen) -> None:
    assert live.whole["BTC"] in live.before
    assert live.after[0] == live.whole["BTC"]


def test_the_gap_of_a_kill_is_healed_from_candles(live: Seen) -> None:
    assert live.world is not None
    gap = range(WHOLE + MINUTE_S, HEALED)
    healed = live.after[1:]
    assert {bar["origin"] for bar in healed} == {"BACKFILLED"}
    same(healed, minutes(live.world, "BTC", gap, "OFFICIAL_FX"))
    opened = [bar["openedAt"] for bar in live.after]
    assert len(opened) == len(set(opened))


def test_a_healed_gap_carries_what_stood_when_nothing_was_traded(live: Seen) -> None:
    opened = [bar["openedAt"] for bar in live.rows]
    assert opened == [iso(at_s) for at_s in range(WHOLE, HEALED, MINUTE_S)]
    assert live.rows[0] == live.whole["ETH"]
    for before, bar in zip(live.rows, live.rows[1:], strict=False):
        if bar["samples"] == 0:
            assert bar["close"] == bar["open"] == bar["high"] == bar["low"]
            for name in ("domesticClose", "globalClose"):
                assert bar[name] == before[name]
            # The first one knows the dated rate alone (docs/adr/0008).
            assert bar["close"] == before["close"] or before is live.rows[0]


def test_a_backfill_never_replaces_what_was_recorded_live(live: Seen) -> None:
    assert live.fill is not None
    assert live.fill.code == 0, live.fill.words
    before, after = live.kept
    assert before == after
    assert {row["symbol"] for row in before} >= {"BTC", "ETH", "DOGE"}


def test_the_board_as_it_was_sees_a_healed_minute(live: Seen) -> None:
    # 240 s after its opening: the bars at 60, 120 and 180 s have ended.
    assert live.at_noon["percent"] == live.after[3]["close"]


def test_a_minute_without_database_outlives_a_kill(dark: Seen) -> None:
    bar = dark.whole["BTC"]
    assert bar["origin"] == "LIVE"
    assert bar["samples"] >= 3
    assert bar["high"] == expect.percent(PRICES[0], "107000", RATE)
    assert bar["low"] == expect.percent(PRICES[1], "107000", RATE)
    assert bar["close"] == expect.percent(PRICES[2], "107000", RATE)


def test_a_minute_with_a_stale_leg_is_recorded_with_that_quality(dark: Seen) -> None:
    assert {bar["quality"] for bar in dark.whole.values()} == {"STALE"}
    assert {bar["origin"] for bar in dark.whole.values()} == {"LIVE"}
    opened = [bar["openedAt"] for bar in dark.before]
    assert len(opened) == len(set(opened))


def test_before_the_change_there_is_no_snapshot(changed: Story) -> None:
    assert changed.before == {}


def test_every_krw_market_has_one_row(changed: Story) -> None:
    assert set(changed.change) == set(LAST)
    assert set(changed.other) == set(LAST)


def test_the_price_is_the_last_trade_before_the_change(changed: Story) -> None:
    for symbol, (krw, usdt) in LAST.items():
        row = changed.change[symbol]
        assert row["date"] == DAY
        assert row["takenAt"] == "2026-11-18T15:00:00Z"
        assert row["domesticPrice"] == (XRP_EVIDENCE, krw)[row["revision"] == 1]
        assert row["globalPrice"] == (None if usdt is None else expect.text(usdt))


def test_the_rate_and_the_premium_are_those_of_that_instant(changed: Story) -> None:
    for symbol, (_, usdt) in LAST.items():
        row = changed.verified[symbol]
        if usdt is None:
            assert row["percent"] is None
            continue
        assert row["fxRate"] == DATED_RATE
        assert row["fxSource"] == "dunamu"
        krw = row["domesticPrice"]
        assert row["percent"] == expect.percent(krw, usdt, DATED_RATE)


def test_the_first_revision_is_1(changed: Story) -> None:
    assert {row["revision"] for s, row in changed.change.items() if s != "XRP"} == {1}


def test_what_the_minutes_confirm_stays_at_revision_1(changed: Story) -> None:
    for symbol, row in changed.verified.items():
        if symbol == "XRP":
            continue
        assert row["revision"] == 1, row
        assert row["verifiedAt"] is not None
        assert {**row, "verifiedAt": None} == {
            **changed.change[symbol],
            "verifiedAt": None,
        }


def test_what_the_minutes_deny_is_amended_once_and_audited(changed: Story) -> None:
    row = changed.verified["XRP"]
    assert row["domesticPrice"] == XRP_EVIDENCE
    assert row["revision"] == 2
    assert row["takenAt"] == "2026-11-18T15:00:00Z"
    assert {entry["symbol"] for entry in changed.audit} == {"XRP"}
    price = next(e for e in changed.audit if "domestic" in e["field"])
    assert Fraction(price["was"]) == 3456
    assert Fraction(price["became"]) == 3450
    assert price["reason"]
    assert price["revision"] == 2
    assert price["day"].isoformat() == DAY


def test_a_market_that_moves_until_nine_changes_nothing(changed: Story) -> None:
    assert changed.morning == changed.verified
    assert changed.morning["BTC"]["revision"] == 1


def test_no_other_day_is_made_up(changed: Story) -> None:
    assert [row["date"] for row in changed.months] == [DAY]


def test_what_is_compared_is_equal_or_updated(changed: Story) -> None:
    for seen in changed.quiet:
        sums = {
            word: sum(v for name, v in seen.items() if word in name)
            for word in ("compared", "equal", "updated")
        }
        assert sums["compared"] > 0, seen
        assert sums["compared"] == sums["equal"] + sums["updated"], seen


def test_the_schema_tells_all_of_a_snapshot(changed: Story) -> None:
    assert set(SNAPSHOT.split()) == set(changed.change["BTC"])


def test_a_day_that_is_caught_up_in_an_outage_is_completed_after_it(
    stories: Stories,
) -> None:
    told = stories.outage.result()
    assert len(told) == 6 * len(MISSED)
    for name, (row, wanted) in told.items():
        assert {field: row[field] for field in wanted} == wanted, name
        # Nothing was ever wrong about the evidence: it only came late.
        assert row["revision"] == 1, name
