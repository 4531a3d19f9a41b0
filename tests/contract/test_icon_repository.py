"""What every `IconRepository` does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.model.error import StoreUnavailable
from domain.ports.store import Icon

if TYPE_CHECKING:
    from tests.contract.conftest import Stores

BTC = Icon("BTC", b"\x89PNG\r\n\x00\xff", "image/png", "https://example.org/btc.png")


async def test_nothing_is_kept_at_first(stores: Stores) -> None:
    assert await stores.icons().load("BTC") is None


async def test_an_icon_comes_back_byte_by_byte(stores: Stores) -> None:
    large = replace(BTC, symbol="ETH", content=bytes(range(256)) * 2_048)
    await stores.icons().save(BTC)
    await stores.icons().save(large)
    assert await stores.icons().load("BTC") == BTC
    assert await stores.icons().load("ETH") == large


async def test_a_later_icon_takes_the_place_of_an_earlier_one(stores: Stores) -> None:
    later = Icon("BTC", b"<svg/>", "image/svg+xml", "https://example.org/btc.svg")
    await stores.icons().save(BTC)
    await stores.icons().save(later)
    assert await stores.icons().load("BTC") == later


async def test_an_empty_picture_is_kept_as_well(stores: Stores) -> None:
    await stores.icons().save(replace(BTC, content=b""))
    assert await stores.icons().load("BTC") == replace(BTC, content=b"")


async def test_all_come_back_by_symbol_and_no_more_than_asked_for(
    stores: Stores,
) -> None:
    assert await stores.icons().load_all(10) == []
    kept = [replace(BTC, symbol=symbol) for symbol in ("XRP", "BTC", "eth", "币安人生")]
    for icon in kept:
        await stores.icons().save(icon)
    found = await stores.icons().load_all(10)
    assert [icon.symbol for icon in found] == ["BTC", "XRP", "eth", "币安人生"]
    assert found[0] == BTC
    assert [icon.symbol for icon in await stores.icons().load_all(2)] == ["BTC", "XRP"]


async def test_a_lost_store_says_so_to_every_question(lost_stores: Stores) -> None:
    with pytest.raises(StoreUnavailable):
        await lost_stores.icons().load("BTC")
    with pytest.raises(StoreUnavailable):
        await lost_stores.icons().save(BTC)
    with pytest.raises(StoreUnavailable):
        await lost_stores.icons().load_all(1)
