"""What every `RateStore` does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.daily_rate import DailyRate
from domain.model.error import StoreUnavailable

if TYPE_CHECKING:
    from tests.contract.past.conftest import Past

FRIDAY = DailyRate(date(2026, 10, 30), Decimal("1348.2800"), "frankfurter")
THURSDAY = DailyRate(date(2026, 10, 29), Decimal("1351.2"), "frankfurter")
MONDAY = DailyRate(date(2026, 11, 2), Decimal(1350), "frankfurter")


async def test_a_fresh_store_has_no_rate(past: Past) -> None:
    assert list(await past.rates.load(date(1999, 1, 4), date(2026, 1, 1))) == []


async def test_a_span_holds_both_its_ends_in_order(past: Past) -> None:
    await past.rates.save([MONDAY, THURSDAY, FRIDAY])
    found = await past.rates.load(THURSDAY.day, MONDAY.day)
    assert list(found) == [THURSDAY, FRIDAY, MONDAY]
    assert str(found[1].rate) == "1348.2800"


async def test_the_latest_before_a_span_is_told_as_well(past: Past) -> None:
    await past.rates.save([THURSDAY, FRIDAY, MONDAY])
    weekend = await past.rates.load(date(2026, 10, 31), date(2026, 11, 1))
    assert list(weekend) == [FRIDAY]


async def test_nothing_before_the_first_rate(past: Past) -> None:
    await past.rates.save([FRIDAY])
    assert list(await past.rates.load(date(2026, 10, 1), THURSDAY.day)) == []


async def test_the_last_word_of_a_date_counts(past: Past) -> None:
    other = DailyRate(FRIDAY.day, Decimal("1349"), "other")
    await past.rates.save([FRIDAY])
    await past.rates.save([other])
    assert list(await past.rates.load(FRIDAY.day, FRIDAY.day)) == [other]


async def test_of_two_words_in_one_batch_the_last_counts(past: Past) -> None:
    other = DailyRate(FRIDAY.day, Decimal("1349"), "other")
    await past.rates.save([FRIDAY, other])
    assert list(await past.rates.load(FRIDAY.day, FRIDAY.day)) == [other]


async def test_nothing_to_save_is_no_matter(past: Past) -> None:
    await past.rates.save([])
    assert list(await past.rates.load(FRIDAY.day, MONDAY.day)) == []


async def test_a_store_that_is_away_says_so(lost_past: Past) -> None:
    with pytest.raises(StoreUnavailable):
        await lost_past.rates.load(FRIDAY.day, FRIDAY.day)
    with pytest.raises(StoreUnavailable):
        await lost_past.rates.save([FRIDAY])
