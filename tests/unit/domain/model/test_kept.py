"""What outlives a restart of a coin, read late."""

from decimal import Decimal

from domain.model.fx import PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.premium import Numbers

OLD, NEW = Numbers(Decimal(1), Decimal(1)), Numbers(Decimal(2), Decimal(2))
STORED = KeptPremium("BTC", 40, 100, 90, {PremiumBasis.KRW_USDT: OLD})


def test_a_past_that_was_read_late_is_added_to_the_count() -> None:
    fresh = KeptPremium("BTC", 2, 500, None, {PremiumBasis.OFFICIAL_FX: NEW})
    joined = fresh.after(STORED)
    assert joined.seq == 42
    assert joined.at_ms == 500
    assert joined.last_live_ms == 90
    assert joined.numbers == {
        PremiumBasis.KRW_USDT: OLD,
        PremiumBasis.OFFICIAL_FX: NEW,
    }


def test_a_doubt_that_was_read_late_is_a_doubt() -> None:
    fresh = KeptPremium("X", 2, 500, 450, {PremiumBasis.OFFICIAL_FX: NEW})
    doubted = KeptPremium("X", 40, 100, 90, is_doubted=True)
    assert fresh.after(doubted).is_doubted
    assert not fresh.after(STORED).is_doubted


def test_the_stored_instant_stays_where_no_numbers_came_since() -> None:
    joined = KeptPremium("BTC", 2, 500, 450, {}).after(STORED)
    assert (joined.at_ms, joined.last_live_ms) == (100, 450)
    assert joined.numbers == STORED.numbers
