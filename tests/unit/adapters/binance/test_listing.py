import pytest

from adapters.binance.answer import SymbolRow
from adapters.binance.listing import usdt_markets
from domain.model.market import Exchange, VenueMarket


def test_usdt_markets_come_with_their_ticker_and_no_names() -> None:
    rows = [
        SymbolRow("ETHBTC", "ETH", "BTC", "TRADING"),
        SymbolRow("币安人生USDT", "币安人生", "USDT", "TRADING"),
    ]
    assert usdt_markets(rows) == [
        VenueMarket(
            exchange=Exchange.BINANCE,
            market="币安人生USDT",
            base_symbol="币安人生",
            quote="USDT",
            tradable=True,
        )
    ]


@pytest.mark.parametrize(
    ("status", "tradable"),
    [
        ("TRADING", True),
        ("BREAK", False),
        ("HALT", False),
        ("END_OF_DAY", False),
        ("CANCEL_ONLY", False),
        ("WHAT_COMES_NEXT", False),
        (None, False),
        (7, False),
    ],
)
def test_only_a_trading_market_is_tradable(status: object, tradable: bool) -> None:
    (market,) = usdt_markets([SymbolRow("ETHUSDT", "ETH", "USDT", status)])
    assert market.tradable is tradable
