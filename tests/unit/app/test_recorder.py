from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.identity import identity_table
from app.recorder import chosen_markets
from domain.model.market import Exchange, VenueMarket

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def upbit(*symbols: str) -> list[VenueMarket]:
    return [
        VenueMarket(Exchange.UPBIT, f"KRW-{each}", each, "KRW", tradable=True)
        for each in symbols
    ]


def binance(*symbols: str, quote: str = "USDT") -> list[VenueMarket]:
    return [
        VenueMarket(Exchange.BINANCE, f"{each}{quote}", each, quote, tradable=True)
        for each in symbols
    ]


def chosen(
    heard: dict[Exchange, Sequence[VenueMarket]], *symbols: str
) -> dict[str, set[str]]:
    wanted = frozenset(symbols) or None
    found = chosen_markets(heard, wanted, identity_table(), NOW)
    return {exchange.lower(): set(markets) for exchange, markets in found.items()}


BOTH: dict[Exchange, Sequence[VenueMarket]] = {
    Exchange.UPBIT: upbit("BTC", "ETH", "USDT", "USDC"),
    Exchange.BINANCE: [*binance("BTC", "ETH", "BNB"), *binance("ETH", quote="BTC")],
}


def test_the_markets_of_the_board_are_taken() -> None:
    assert chosen(BOTH) == {
        "upbit": {"KRW-BTC", "KRW-ETH", "KRW-USDT", "KRW-USDC"},
        "binance": {"BTCUSDT", "ETHUSDT"},
    }


def test_some_coins_come_with_the_dollars_they_are_judged_by() -> None:
    assert chosen(BOTH, "BTC") == {
        "upbit": {"KRW-BTC", "KRW-USDT", "KRW-USDC"},
        "binance": {"BTCUSDT"},
    }


def test_the_domestic_venue_alone_has_all_its_won_markets() -> None:
    assert chosen({Exchange.UPBIT: BOTH[Exchange.UPBIT]}, "ETH") == {
        "upbit": {"KRW-ETH", "KRW-USDT", "KRW-USDC"}
    }


@pytest.mark.parametrize(
    ("symbols", "markets"),
    [((), {"BTCUSDT", "ETHUSDT", "BNBUSDT"}), (("BNB",), {"BNBUSDT"})],
)
def test_the_global_venue_alone_has_its_dollar_markets(
    symbols: tuple[str, ...], markets: set[str]
) -> None:
    heard = {Exchange.BINANCE: BOTH[Exchange.BINANCE]}
    assert chosen(heard, *symbols) == {"binance": markets}


def test_a_coin_nobody_lists_has_no_market() -> None:
    assert chosen({Exchange.UPBIT: upbit("BTC")}, "NOPE") == {"upbit": set()}
