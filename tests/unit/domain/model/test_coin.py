"""Coins and their listings."""

from datetime import UTC, datetime

from domain.model.coin import Coin, Listing, preferred
from domain.model.market import Exchange, MarketKey, MarketWarning
from tests.unit.domain.model.conftest import Make, known

GONE = datetime(2026, 1, 2, tzinfo=UTC)


def listing(
    market: str,
    *,
    tradable: bool = True,
    curated: bool = False,
    warnings: tuple[MarketWarning, ...] = (),
    until: datetime | None = None,
) -> Listing:
    """Return a USDT listing on Binance."""
    return Listing(
        Exchange.BINANCE,
        market,
        market,
        "USDT",
        tradable=tradable,
        warnings=warnings,
        curated=curated,
        until=until,
    )


def test_a_coin_knows_its_open_krw_and_usdt_markets(make: Make) -> None:
    coin = make.coin("BTC")
    assert known(coin.domestic).key == MarketKey(Exchange.UPBIT, "KRW-BTC")
    assert known(coin.global_).key == MarketKey(Exchange.BINANCE, "BTCUSDT")


def test_a_market_of_another_quote_is_no_side_of_a_premium() -> None:
    coin = Coin("BTC", "", "", (Listing(Exchange.UPBIT, "BTC-ETH", "ETH", "BTC"),))
    assert coin.domestic is None
    assert coin.global_ is None


def test_a_closed_listing_is_no_side_of_a_premium() -> None:
    closed = listing("BTCUSDT", until=GONE)
    assert not closed.is_open
    assert Coin("BTC", "", "", (closed,)).global_ is None


def test_of_several_markets_a_tradable_one_then_a_curated_one_then_the_code_wins() -> (
    None
):
    halted = listing("A", tradable=False, curated=True)
    guessed = listing("B")
    curated = listing("D", curated=True)
    other = listing("C", curated=True)
    assert preferred([halted, guessed, curated, other]) == other
    assert preferred([halted, guessed]) == guessed
    assert preferred([halted]) == halted
    assert preferred([]) is None


def test_a_coins_warnings_are_those_of_open_listings_once_in_the_fixed_order() -> None:
    coin = Coin(
        "BTC",
        "",
        "",
        (
            listing("A", warnings=(MarketWarning.DELISTING,)),
            listing(
                "B",
                warnings=(MarketWarning.PRICE_FLUCTUATIONS, MarketWarning.DELISTING),
            ),
            listing("C", warnings=(MarketWarning.INVESTMENT_WARNING,), until=GONE),
        ),
    )
    assert coin.warnings == (
        MarketWarning.PRICE_FLUCTUATIONS,
        MarketWarning.DELISTING,
    )


def test_a_pair_is_curated_only_when_both_sides_are(make: Make) -> None:
    assert make.coin("BTC").is_curated_pair
    assert not make.coin("BTC", curated=False).is_curated_pair
    assert not make.coin("BTC", only_domestic=True).is_curated_pair
    domestic = make.coin("BTC").listings[0]
    assert not Coin("BTC", "", "", (domestic, listing("BTCUSDT"))).is_curated_pair
