"""What happens seldom."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.clock import FakeClock
from domain.model.error import UpstreamUnavailable
from domain.model.market import Channel, Exchange, MarketKey
from domain.model.order_book import OrderBook
from domain.services.channel_race import ChannelRace, Patience, _Heat
from domain.services.market_data_service import _same

UPBIT, BTC, ETH = Exchange.UPBIT, "KRW-BTC", "KRW-ETH"


def _book(market: str) -> OrderBook:
    return OrderBook(market, 1, (), ())


async def test_a_heat_without_a_channel_left_starts_nothing() -> None:
    async def read(line: Any) -> None:
        return None

    patience = Patience()
    heat = _Heat(ChannelRace(FakeClock(), patience), [], read, 0.0, patience)
    heat.start_next()
    assert heat.running == {}


async def test_a_book_of_another_market_is_passed_over(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def books(markets: Any, depth: int) -> list[OrderBook]:
        return [_book(ETH), _book(BTC)]

    monkeypatch.setattr(world.rest, "order_books", books)
    found = await world.data.order_book(UPBIT, BTC, 5, Channel.REST)
    assert found.value.market == BTC


async def test_a_book_that_is_at_hand_is_loaded_as_it_is() -> None:
    assert await _same(_book(BTC)) == _book(BTC)


async def test_a_market_without_a_price_has_no_stored_value(world: Any) -> None:
    world.board.book.watch(MarketKey(UPBIT, BTC), Decimal(1))
    world.rest.down = world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable):
        await world.after(15.0, world.data.tickers(UPBIT, [BTC]))
