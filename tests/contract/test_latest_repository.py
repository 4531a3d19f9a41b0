"""What every `LatestRepository` does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.error import StoreUnavailable
from domain.model.fx import FxQuote, PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, Quality
from domain.model.premium import Numbers
from domain.model.quote import Quote
from domain.ports.store import Latest

if TYPE_CHECKING:
    from tests.contract.conftest import Stores

NOW = 1_767_225_600_123
BTC = Quote(
    exchange=Exchange.UPBIT,
    market="KRW-BTC",
    price=Decimal("133000000"),
    exchange_ms=NOW,
    received_ms=NOW + 40,
    channel=Channel.CACHE,
    quality=Quality.STALE,
    bid=Decimal("132999000"),
    ask=Decimal("133000000"),
    base_volume_24h=Decimal("1234.56780000"),
    quote_volume_24h=Decimal("95078733694.3792"),
)
SHIB = Quote(
    exchange=Exchange.BINANCE,
    market="SHIBUSDT",
    price=Decimal("0.00000812"),
    exchange_ms=NOW - 1,
    received_ms=NOW,
    channel=Channel.CACHE,
    quality=Quality.STALE,
)
DUNAMU = FxQuote("dunamu", Decimal("1348.28"), NOW)
KEPT = KeptPremium(
    symbol="BTC",
    seq=7,
    at_ms=NOW,
    last_live_ms=NOW - 1_000,
    numbers={
        PremiumBasis.OFFICIAL_FX: Numbers(Decimal("-1.923077"), Decimal("-1000000")),
        PremiumBasis.KRW_USDT: Numbers(Decimal(0), Decimal("0.00000001")),
    },
)


async def stored_quote(stores: Stores) -> Quote:
    [quote] = (await stores.latest().load()).quotes
    return quote


def digits(quote: Quote) -> list[str]:
    numbers = (quote.price, quote.bid, quote.ask, quote.base_volume_24h)
    return [format(number, "f") for number in numbers if number is not None]


async def test_a_fresh_store_has_nothing_and_is_clean(stores: Stores) -> None:
    assert await stores.latest().load() == Latest()


async def test_everything_comes_back_after_a_restart(stores: Stores) -> None:
    await stores.latest().save(
        Latest([BTC, SHIB], [DUNAMU], [KEPT], tick_seq=42, clean=False)
    )
    latest = await stores.latest().load()
    assert {quote.key: quote for quote in latest.quotes} == {
        BTC.key: BTC,
        SHIB.key: SHIB,
    }
    assert list(latest.rates) == [DUNAMU]
    assert list(latest.premiums) == [KEPT]
    assert (latest.tick_seq, latest.clean) == (42, False)


async def test_a_restored_quote_is_stale_and_from_the_cache(stores: Stores) -> None:
    live = replace(
        BTC,
        channel=Channel.WEBSOCKET,
        quality=Quality.LIVE,
        change_percent_rolling_24h=Decimal("1.5"),
        change_percent_since_utc_midnight=Decimal("-0.5"),
        skew_ms=250,
    )
    await stores.latest().save(Latest([live]))
    assert await stored_quote(stores) == BTC


@pytest.mark.parametrize(
    "number",
    [
        "0.000000000000000000000000000001",
        "999999999999999999999999999999999999999999999999999999999999",
        "12345678901234567890.12345678901234567890",
        "1.50000000",
        "95078733694.379200000000000001",
    ],
)
async def test_numbers_survive_digit_by_digit(stores: Stores, number: str) -> None:
    exact = Decimal(number)
    quote = replace(
        BTC,
        price=exact,
        bid=exact,
        ask=exact,
        base_volume_24h=exact,
        quote_volume_24h=Decimal("0.00000000"),
    )
    await stores.latest().save(Latest([quote]))
    assert digits(await stored_quote(stores)) == [number] * 4
    assert (await stored_quote(stores)).quote_volume_24h == 0


async def test_a_newer_quote_replaces_an_older_one(stores: Stores) -> None:
    newer = replace(SHIB, price=Decimal("0.000009"), exchange_ms=NOW, received_ms=NOW)
    await stores.latest().save(Latest([SHIB]))
    await stores.latest().save(Latest([newer]))
    assert await stored_quote(stores) == newer


async def test_an_older_quote_never_replaces_a_newer_one(stores: Stores) -> None:
    older = replace(BTC, price=Decimal(1), exchange_ms=NOW - 1, received_ms=NOW + 9_999)
    await stores.latest().save(Latest([BTC]))
    await stores.latest().save(Latest([older]))
    assert await stored_quote(stores) == BTC


@pytest.mark.parametrize(
    "told",
    [
        {"price": Decimal(5)},
        {"bid": None},
        {"ask": Decimal(134_000_000)},
        {"base_volume_24h": Decimal(0)},
        {"quote_volume_24h": None},
    ],
)
async def test_a_quote_of_the_same_time_replaces_where_it_differs(
    stores: Stores, told: dict[str, Decimal | None]
) -> None:
    other = replace(BTC, received_ms=NOW + 50, **told)  # type: ignore[arg-type] # of any field
    await stores.latest().save(Latest([BTC]))
    await stores.latest().save(Latest([other]))
    assert await stored_quote(stores) == other


async def test_a_later_receipt_alone_is_no_difference(stores: Stores) -> None:
    await stores.latest().save(Latest([BTC]))
    await stores.latest().save(Latest([replace(BTC, received_ms=NOW + 5_000)]))
    assert await stored_quote(stores) == BTC


async def test_of_two_quotes_of_a_market_in_one_batch_the_newer_counts(
    stores: Stores,
) -> None:
    newer = replace(BTC, price=Decimal(2), exchange_ms=NOW + 1)
    await stores.latest().save(Latest([newer, BTC]))
    assert await stored_quote(stores) == newer


async def test_the_same_code_on_two_venues_is_two_markets(stores: Stores) -> None:
    twin = replace(BTC, exchange=Exchange.BINANCE)
    await stores.latest().save(Latest([BTC, twin]))
    assert len((await stores.latest().load()).quotes) == 2


async def test_a_rate_is_replaced_by_one_that_is_not_older(stores: Stores) -> None:
    corrected = replace(DUNAMU, rate=Decimal("1350"))
    newer = replace(DUNAMU, rate=Decimal("1351.5"), as_of_ms=NOW + 60_000)
    for told, expected in [
        (DUNAMU, DUNAMU),
        (replace(DUNAMU, rate=Decimal(9), as_of_ms=NOW - 1), DUNAMU),
        (corrected, corrected),
        (newer, newer),
        (DUNAMU, newer),
    ]:
        await stores.latest().save(Latest(rates=[told]))
        assert list((await stores.latest().load()).rates) == [expected]


async def test_each_source_keeps_its_own_rate(stores: Stores) -> None:
    other = FxQuote("frankfurter", Decimal("1350.1"), NOW - 86_400_000)
    await stores.latest().save(Latest(rates=[other, DUNAMU]))
    rates = (await stores.latest().load()).rates
    assert sorted(rates, key=lambda rate: rate.source) == [DUNAMU, other]


async def test_a_premium_is_replaced_only_by_a_larger_count(stores: Stores) -> None:
    same = replace(KEPT, last_live_ms=NOW)
    lower = replace(KEPT, seq=6)
    larger = replace(KEPT, seq=8, last_live_ms=None, numbers={})
    for told, expected in [(KEPT, KEPT), (same, KEPT), (lower, KEPT), (larger, larger)]:
        await stores.latest().save(Latest(premiums=[told]))
        assert list((await stores.latest().load()).premiums) == [expected]


async def test_a_premium_without_numbers_keeps_its_count(stores: Stores) -> None:
    bare = KeptPremium("USDT", 3, NOW, None, {})
    await stores.latest().save(Latest(premiums=[bare]))
    assert list((await stores.latest().load()).premiums) == [bare]


async def test_a_doubt_is_kept_and_its_end_too(stores: Stores) -> None:
    doubted = KeptPremium("X", 3, NOW, None, {}, is_doubted=True)
    for told in (doubted, replace(KEPT, symbol="X", seq=4), replace(doubted, seq=5)):
        await stores.latest().save(Latest(premiums=[told]))
        assert list((await stores.latest().load()).premiums) == [told]


async def test_the_number_of_the_tick_never_goes_down(stores: Stores) -> None:
    for told, expected in [(5, 5), (9, 9), (3, 9), (10, 10)]:
        await stores.latest().save(Latest(tick_seq=told))
        assert (await stores.latest().load()).tick_seq == expected


async def test_clean_is_taken_as_it_is(stores: Stores) -> None:
    for clean in (False, True, True, False):
        await stores.latest().save(Latest(tick_seq=1, clean=clean))
        assert (await stores.latest().load()).clean is clean


async def test_what_is_not_in_a_batch_stays(stores: Stores) -> None:
    await stores.latest().save(Latest([BTC], [DUNAMU], [KEPT], tick_seq=1))
    await stores.latest().save(Latest([SHIB], tick_seq=2))
    latest = await stores.latest().load()
    assert len(latest.quotes) == 2
    assert (list(latest.rates), list(latest.premiums)) == ([DUNAMU], [KEPT])


async def test_more_rows_than_one_statement_takes_are_all_kept(stores: Stores) -> None:
    many = [replace(SHIB, market=f"C{i:05}USDT", exchange_ms=i) for i in range(1_234)]
    await stores.latest().save(Latest(many))
    quotes = (await stores.latest().load()).quotes
    assert sorted(quotes, key=lambda quote: quote.market) == many


async def test_a_lost_store_says_so_to_every_question(lost_stores: Stores) -> None:
    with pytest.raises(StoreUnavailable):
        await lost_stores.latest().load()
    with pytest.raises(StoreUnavailable):
        await lost_stores.latest().save(Latest([BTC]))
