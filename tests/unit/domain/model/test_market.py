"""Closed vocabularies and markets."""

from domain.model.market import Exchange, MarketKey, Quality, Reason, VenueMarket


def test_a_market_is_known_by_its_venue_and_the_venues_own_code() -> None:
    market = VenueMarket(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW", True)
    assert market.key == MarketKey(Exchange.UPBIT, "KRW-BTC")


def test_reasons_stand_in_the_order_in_which_they_are_told() -> None:
    assert [reason.value for reason in Reason] == [
        "IDENTITY_UNSURE",
        "NO_GLOBAL_MARKET",
        "DOMESTIC_MISSING",
        "GLOBAL_MISSING",
        "HALTED",
        "FX_MISSING",
        "DOMESTIC_STALE",
        "GLOBAL_STALE",
        "FX_STALE",
    ]


def test_qualities_are_three() -> None:
    assert [quality.value for quality in Quality] == ["LIVE", "STALE", "UNAVAILABLE"]
