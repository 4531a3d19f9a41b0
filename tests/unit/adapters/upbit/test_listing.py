import pytest

from adapters.upbit.answer import MARKETS
from adapters.upbit.listing import krw_markets
from domain.model.market import Exchange, MarketWarning, VenueMarket

PLAIN = '{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"}'


def listed(*rows: str) -> list[VenueMarket]:
    read = MARKETS.read(f"[{','.join(rows)}]".encode())
    assert read.bad == []
    return krw_markets(read.good)


def with_fields(fields: str) -> str:
    return f'{{"market":"KRW-BTC",{fields}}}'


def test_a_market_comes_with_both_names() -> None:
    assert listed(PLAIN) == [
        VenueMarket(
            exchange=Exchange.UPBIT,
            market="KRW-BTC",
            base_symbol="BTC",
            quote="KRW",
            tradable=True,
            korean_name="비트코인",
            english_name="Bitcoin",
        )
    ]


def test_only_won_markets_matter() -> None:
    rows = [f'{{"market":"{code}"}}' for code in ("BTC-ETH", "USDT-BTC", "KRW-ETH")]
    assert [market.market for market in listed(*rows)] == ["KRW-ETH"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('"market_event":{"warning":false,"caution":{}}', ()),
        ('"market_event":{"warning":true}', (MarketWarning.INVESTMENT_WARNING,)),
        (
            '"market_event":{"warning":true,"caution":{"GLOBAL_PRICE_DIFFERENCES":true,'
            '"PRICE_FLUCTUATIONS":true,"TRADING_VOLUME_SOARING":false}}',
            (
                MarketWarning.INVESTMENT_WARNING,
                MarketWarning.PRICE_FLUCTUATIONS,
                MarketWarning.GLOBAL_PRICE_DIFFERENCES,
            ),
        ),
        ('"market_event":{"warning":null,"caution":{"NEW_FLAG":true}}', ()),
        ('"market_event":{"caution":[]}', ()),
        ('"market_event":"none"', ()),
        ('"market_event":null', ()),
        ('"market_warning":"NONE"', ()),
        ('"market_warning":"CAUTION"', (MarketWarning.INVESTMENT_WARNING,)),
        ('"delisting_date":null', ()),
        ('"delisting_date":"2026-12-01"', (MarketWarning.DELISTING,)),
        (
            '"delisting_date":{"year":2026,"month":12,"day":1}',
            (MarketWarning.DELISTING,),
        ),
    ],
)
def test_warnings_follow_the_venues_flags_and_odd_ones_are_passed_over(
    fields: str, expected: tuple[MarketWarning, ...]
) -> None:
    (market,) = listed(with_fields(fields))
    assert market.warnings == expected


def test_a_name_that_is_none_is_empty() -> None:
    (market,) = listed(with_fields('"korean_name":null,"english_name":7'))
    assert (market.korean_name, market.english_name) == ("", "")
