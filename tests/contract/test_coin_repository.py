"""What every `CoinRepository` does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.coin import Coin, Listing
from domain.model.error import StoreUnavailable
from domain.model.market import Exchange, MarketWarning
from domain.ports.store import CoinMark

if TYPE_CHECKING:
    from tests.contract.conftest import Stores

OPENED = datetime(2024, 6, 7, 3, 0, 0, 123456, tzinfo=UTC)
CLOSED = datetime(2025, 2, 1, tzinfo=UTC)
REOPENED = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)


def upbit(base: str, **values: object) -> Listing:
    listing = Listing(Exchange.UPBIT, f"KRW-{base}", base, "KRW", curated=True)
    return replace(listing, **values)  # type: ignore[arg-type] # any of its fields


def binance(base: str, **values: object) -> Listing:
    listing = Listing(Exchange.BINANCE, f"{base}USDT", base, "USDT", curated=True)
    return replace(listing, **values)  # type: ignore[arg-type] # any of its fields


BTC = Coin("BTC", "비트코인", "Bitcoin", (upbit("BTC"), binance("BTC")))
SATS = Coin(
    "SATS",
    "사츠",
    "SATS (Ordinals)",
    (
        upbit(
            "SATS",
            tradable=False,
            warnings=(MarketWarning.INVESTMENT_WARNING, MarketWarning.DELISTING),
            since=OPENED,
            until=CLOSED,
        ),
        binance("1000SATS", multiplier=Decimal(1000), curated=False, since=OPENED),
    ),
    icon_url="https://example.org/sats.png?x=1",
)


async def test_a_fresh_store_has_no_coins(stores: Stores) -> None:
    assert list(await stores.coins().load()) == []


async def test_coins_come_back_as_they_were_saved_by_symbol(stores: Stores) -> None:
    await stores.coins().save([SATS, BTC])
    assert list(await stores.coins().load()) == [BTC, SATS]


async def test_saving_nothing_is_allowed(stores: Stores) -> None:
    await stores.coins().save([])
    await stores.coins().save([Coin("NEW", "새", "New")])
    assert list(await stores.coins().load()) == [Coin("NEW", "새", "New")]


async def test_saving_twice_is_saving_once(stores: Stores) -> None:
    for _ in range(2):
        await stores.coins().save([BTC, SATS])
    assert list(await stores.coins().load()) == [BTC, SATS]


async def test_what_changed_is_stored(stores: Stores) -> None:
    changed = replace(
        SATS,
        korean_name="사토시",
        english_name="Satoshis",
        listings=(
            replace(SATS.listings[0], tradable=True, warnings=(), until=None),
            replace(SATS.listings[1], multiplier=Decimal(1), curated=True),
        ),
    )
    await stores.coins().save([SATS])
    await stores.coins().save([changed])
    assert list(await stores.coins().load()) == [changed]


async def test_a_market_delisted_and_listed_again_keeps_both_spells(
    stores: Stores,
) -> None:
    first = upbit("LUNA", until=CLOSED, tradable=False)
    second = upbit("LUNA", since=REOPENED)
    await stores.coins().save([Coin("LUNA", "루나", "Luna", (first,))])
    await stores.coins().save([Coin("LUNA", "루나", "Luna", (first, second))])
    [coin] = await stores.coins().load()
    assert coin.listings == (first, second)
    assert coin.domestic == second


async def test_a_market_that_another_coin_takes_keeps_its_past(stores: Stores) -> None:
    old = Coin("TOKAMAK", "토카막", "Tokamak", (upbit("TON", until=CLOSED),))
    new = Coin("TON", "톤코인", "Toncoin", (upbit("TON"),))
    await stores.coins().save([old, new])
    assert list(await stores.coins().load()) == [old, new]


async def test_listings_that_are_not_named_stay(stores: Stores) -> None:
    await stores.coins().save([BTC])
    await stores.coins().save([replace(BTC, listings=BTC.listings[1:])])
    assert list(await stores.coins().load()) == [BTC]


async def test_listings_keep_the_order_in_which_they_came(stores: Stores) -> None:
    backwards = replace(BTC, listings=BTC.listings[::-1])
    await stores.coins().save([backwards])
    await stores.coins().save([BTC])
    assert list(await stores.coins().load()) == [backwards]


async def test_coins_that_are_not_named_stay(stores: Stores) -> None:
    await stores.coins().save([BTC])
    await stores.coins().save([SATS])
    assert list(await stores.coins().load()) == [BTC, SATS]


async def test_an_icon_address_is_filled_in_only_where_there_is_none(
    stores: Stores,
) -> None:
    await stores.coins().save([BTC])
    for address in ("https://a.example/1.png", "https://b.example/2.png", None):
        await stores.coins().save([replace(BTC, icon_url=address)])
    [coin] = await stores.coins().load()
    assert coin.icon_url == "https://a.example/1.png"


async def test_an_icon_address_set_by_hand_replaces_and_stays(stores: Stores) -> None:
    await stores.coins().save([SATS])
    assert await stores.coins().set_icon_url("SATS", "https://c.example/s.svg") is True
    await stores.coins().save([SATS])
    [coin] = await stores.coins().load()
    assert coin.icon_url == "https://c.example/s.svg"


async def test_the_icon_of_no_coin_cannot_be_set(stores: Stores) -> None:
    assert await stores.coins().set_icon_url("NONE", "https://x.example/") is False


async def test_a_naive_instant_is_refused_and_nothing_is_stored(
    stores: Stores,
) -> None:
    naive = OPENED.replace(tzinfo=None)
    for spell in (upbit("BTC", since=naive), upbit("BTC", until=naive)):
        with pytest.raises(ValueError, match="no offset"):
            await stores.coins().save([SATS, replace(BTC, listings=(spell,))])
    assert list(await stores.coins().load()) == []


async def test_instants_of_any_offset_are_the_same_instant(stores: Stores) -> None:
    seoul = REOPENED.astimezone(timezone(timedelta(hours=9), "KST"))
    await stores.coins().save([replace(BTC, listings=(upbit("BTC", since=seoul),))])
    [coin] = await stores.coins().load()
    assert coin.listings[0].since == REOPENED


async def test_many_coins_are_saved_at_once(stores: Stores) -> None:
    many = [
        Coin(f"C{i:04}", f"코인{i}", f"Coin {i}", (upbit(f"C{i:04}"), binance(f"C{i}")))
        for i in range(1_200)
    ]
    await stores.coins().save(many[::-1])
    assert list(await stores.coins().load()) == many


async def test_the_mark_of_an_empty_store_is_that_of_nothing(stores: Stores) -> None:
    assert await stores.coins().mark() == CoinMark()


async def test_whatever_is_stored_anew_makes_another_mark(stores: Stores) -> None:
    coins = stores.coins()
    moved = replace(BTC, korean_name="비트")
    relisted = replace(moved, listings=(*BTC.listings, upbit("BTC", since=REOPENED)))
    marks = [await coins.mark()]
    for change in ([BTC], [SATS], [moved], [relisted]):
        await coins.save(change)
        marks.append(await coins.mark())
    assert await coins.set_icon_url("BTC", "https://x.example/")
    marks.append(await coins.mark())
    assert len(set(marks)) == len(marks)
    assert (marks[-1].coins, marks[-1].listings) == (2, 5)


async def test_the_same_again_leaves_the_mark(stores: Stores) -> None:
    await stores.coins().save([BTC, SATS])
    mark = await stores.coins().mark()
    await stores.coins().save([SATS, BTC])
    assert await stores.coins().mark() == mark


async def test_a_lost_store_says_so_to_every_question(lost_stores: Stores) -> None:
    coins = lost_stores.coins()
    with pytest.raises(StoreUnavailable):
        await coins.load()
    with pytest.raises(StoreUnavailable):
        await coins.save([BTC])
    with pytest.raises(StoreUnavailable):
        await coins.set_icon_url("BTC", "https://x.example/")
    with pytest.raises(StoreUnavailable):
        await coins.mark()
