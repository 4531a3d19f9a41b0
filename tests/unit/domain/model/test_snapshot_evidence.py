"""What evidence makes of a row."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.model.coin import Listing
from domain.model.daily_rate import DailyRate
from domain.model.market import Exchange
from domain.model.snapshot import AuditEntry, AuditReason, DailyPrices, DailySnapshot
from domain.model.snapshot_day import Pair
from domain.model.snapshot_evidence import EMPTY, Evidence, judged, made

DAY = date(2026, 11, 20)
AT_MS = 1_800_000_000_000
PRICES = DailyPrices(Decimal(52_000_000), Decimal(40_000), Decimal(1300), "dunamu")
ROW = DailySnapshot(DAY, "BTC", PRICES)
RATE = DailyRate(DAY, Decimal(1310), "frankfurter")
GUESS = Pair(
    Listing(Exchange.UPBIT, "KRW-X", "X", "KRW"),
    Listing(Exchange.BINANCE, "XUSDT", "X", "USDT"),
)
CHECKED = Pair(
    replace(GUESS.domestic, curated=True),
    Listing(Exchange.BINANCE, "XUSDT", "X", "USDT", curated=True),
)


def evidence(
    krw: str | None = "52000000.0",
    usdt: str | None = "40000",
    *,
    whole: bool = True,
    rate: DailyRate | None = RATE,
) -> Evidence:
    domestic, global_ = (None if p is None else Decimal(p) for p in (krw, usdt))
    return Evidence(domestic, global_, whole, rate)


def test_a_right_row_is_verified_and_stays_as_it_is() -> None:
    verdict = judged(ROW, evidence(), AT_MS)
    assert verdict.entries == ()
    assert verdict.row == replace(ROW, verified_ms=AT_MS)


def test_a_wrong_price_makes_the_next_revision_with_its_reason() -> None:
    verdict = judged(ROW, evidence("52000000.10", "39999"), AT_MS)
    assert verdict.row.revision == 2
    assert verdict.row.verified_ms == AT_MS
    assert verdict.row.prices == replace(
        PRICES, domestic_price=Decimal("52000000.1"), global_price=Decimal(39_999)
    )
    reason = AuditReason.MINUTE_EVIDENCE
    assert verdict.entries == (
        AuditEntry(
            DAY, "BTC", 2, "domestic_price", "52000000", "52000000.1", reason, AT_MS
        ),
        AuditEntry(DAY, "BTC", 2, "global_price", "40000", "39999", reason, AT_MS),
    )


def test_the_amended_row_is_right_the_next_time() -> None:
    wrong = evidence("1", "2")
    once = judged(ROW, wrong, AT_MS).row
    assert judged(once, wrong, AT_MS + 1).entries == ()


def test_the_rate_of_a_live_row_stays() -> None:
    verdict = judged(ROW, evidence(rate=RATE), AT_MS)
    assert verdict.row.prices.fx_rate == 1300


def test_a_row_without_a_rate_gets_the_dated_one() -> None:
    bare = replace(ROW, prices=replace(PRICES, fx_rate=None, fx_source=None))
    verdict = judged(bare, evidence(), AT_MS)
    assert verdict.row.prices == replace(
        PRICES, fx_rate=Decimal(1310), fx_source="frankfurter"
    )
    told = [(e.field, e.was, e.became, e.reason) for e in verdict.entries]
    assert told == [
        ("fx_rate", None, "1310", AuditReason.RATE_EVIDENCE),
        ("fx_source", None, "frankfurter", AuditReason.RATE_EVIDENCE),
    ]


def test_without_any_rate_it_is_not_verified() -> None:
    bare = replace(ROW, prices=replace(PRICES, fx_rate=None, fx_source=None))
    assert judged(bare, evidence(rate=None), AT_MS).row == bare


def test_no_candle_is_no_evidence_against_a_price() -> None:
    verdict = judged(ROW, evidence(None, "39999", whole=False), AT_MS)
    assert verdict.row.prices.domestic_price == 52_000_000
    assert verdict.row.prices.global_price == 39_999
    assert verdict.row.revision == 2
    assert verdict.row.verified_ms is None
    assert [entry.field for entry in verdict.entries] == ["global_price"]


def test_a_doubted_pair_stays_doubted() -> None:
    doubted = replace(ROW, prices=replace(PRICES, is_comparable=False))
    verdict = judged(doubted, evidence("1"), AT_MS)
    assert not verdict.row.prices.is_comparable


def test_a_row_made_later_is_a_verified_first_revision() -> None:
    empty = DailySnapshot(DAY, "BTC", EMPTY)
    row = made(empty, evidence(), CHECKED, None, AT_MS)
    rated = DailyPrices(
        Decimal("52000000.0"), Decimal(40_000), Decimal(1310), "frankfurter"
    )
    assert row == DailySnapshot(DAY, "BTC", rated, 1, AT_MS)


def test_a_row_made_later_of_half_the_evidence_is_not_verified() -> None:
    empty = DailySnapshot(DAY, "BTC", EMPTY)
    row = made(empty, evidence(None, None, whole=False, rate=None), GUESS, None, AT_MS)
    assert row == empty


@pytest.mark.parametrize(
    ("btc", "pair", "is_comparable"),
    [
        ("0", GUESS, True),
        ("19", GUESS, True),
        ("-21", GUESS, False),
        ("19.3", GUESS, False),
        ("-60", CHECKED, True),
        (None, GUESS, True),
    ],
)
def test_a_guessed_pair_far_from_bitcoin_is_not_comparable(
    btc: str | None, pair: Pair, is_comparable: bool
) -> None:
    empty = DailySnapshot(DAY, "X", EMPTY)
    leading = None if btc is None else Decimal(btc)
    row = made(empty, evidence(), pair, leading, AT_MS)
    # 52,000,000 over 40,000 at 1310 is -0.763359 percent.
    assert row.prices.is_comparable is is_comparable
    assert (row.prices.percent is None) is not is_comparable
