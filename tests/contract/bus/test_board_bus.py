"""What every bus promises: one row, one writer, nothing lost, nothing twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from domain.model.board_news import BoardNews, BoardState, HeardNews, NewsMissing
from domain.ports.board_bus import BoardBus, Superseded
from tests.contract.bus.board import NOW_MS, news_of, premium_of, signs

LIMIT_S = 10.0


async def told(bus: BoardBus, *news: BoardNews, after: int = 0) -> int:
    """Publish news one after the other; return the last position."""
    for each in news:
        after = await bus.publish(each, after)
    return after


async def first(row: AsyncGenerator[HeardNews, None], count: int) -> list[HeardNews]:
    """Return the next so many news."""
    async with asyncio.timeout(LIMIT_S):
        return [await anext(row) for _ in range(count)]


async def test_nothing_was_told_on_a_fresh_bus(buses: Any) -> None:
    bus = buses.connect()
    assert await bus.read() == BoardState()
    assert await bus.term() == 0
    end = await bus.last()
    assert (end.position, end.term, end.seq) == (0, 0, 0)


async def test_news_come_as_they_were_told_in_order_and_once(buses: Any) -> None:
    leader, follower = buses.connect(), buses.connect()
    whole = [
        replace(news_of(1, 0, 1, "BTC", "ETH"), signs=signs()),
        news_of(1, 1, 2, "BTC"),
        news_of(1, 2, 5, "ETH", removed=("XRP",)),
        news_of(1, 5, 5),
    ]
    await told(leader, *whole)
    async with aclosing(follower.follow(0)) as row:
        heard = await first(row, 4)
    assert [each.news for each in heard] == whole
    assert [each.position for each in heard] == [1, 2, 3, 4]
    # Decimals keep their very digits, not only their value.
    price = heard[0].news.changed[0].domestic.price  # type: ignore[union-attr]  # both legs are told
    assert str(price) == "52000000.10"


async def test_news_told_before_we_listened_are_marked_as_replayed(
    buses: Any,
) -> None:
    leader, follower = buses.connect(), buses.connect()
    position = await told(leader, news_of(1, 0, 1, "BTC"))
    async with aclosing(follower.follow(0)) as row:
        old = await first(row, 1)
        await told(leader, news_of(1, 1, 2, "BTC"), after=position)
        new = await first(row, 1)
    assert [each.replayed for each in (*old, *new)] == [True, False]


async def test_a_follower_resumes_at_its_position(buses: Any) -> None:
    leader, follower = buses.connect(), buses.connect()
    await told(leader, *(news_of(1, n, n + 1, "BTC") for n in range(6)))
    async with aclosing(follower.follow(0)) as row:
        before = await first(row, 2)
    async with aclosing(follower.follow(before[-1].position)) as row:
        after = await first(row, 4)
    assert [each.news.seq for each in (*before, *after)] == [1, 2, 3, 4, 5, 6]
    assert after[-1].waiting == 0


async def test_news_that_are_not_the_next_are_refused(buses: Any) -> None:
    old, new = buses.connect(), buses.connect()
    position = await told(old, news_of(1, 0, 1, "BTC"))
    await told(new, news_of(2, 1, 1), after=position)
    with pytest.raises(Superseded):
        await old.publish(news_of(1, 1, 2, "BTC"), position)
    end = await old.last()
    assert (end.position, end.term, end.seq) == (2, 2, 1)


async def test_terms_only_grow_whoever_takes_them(buses: Any) -> None:
    left, right = buses.connect(), buses.connect()
    assert await left.take_term(0) == 1
    assert await right.take_term(0) == 2
    assert await left.take_term(7) == 8
    assert await right.term() == 8


async def test_of_two_who_take_a_term_at_once_nobody_shares_one(buses: Any) -> None:
    takers = [buses.connect() for _ in range(4)]
    async with asyncio.timeout(LIMIT_S):
        results = await asyncio.gather(
            *(bus.take_term(0) for bus in takers), return_exceptions=True
        )
    taken = [each for each in results if isinstance(each, int)]
    assert taken
    assert len(set(taken)) == len(taken)
    others = [each for each in results if not isinstance(each, int)]
    assert all(isinstance(each, Superseded) for each in others)


async def test_a_late_comer_reads_the_kept_state_and_what_came_after(
    buses: Any,
) -> None:
    leader, late = buses.connect(), buses.connect()
    position = await told(leader, news_of(1, 0, 1, "BTC", "ETH", "XRP"))
    premiums = tuple(premium_of(s, 1, 1) for s in ("BTC", "ETH", "XRP"))
    await leader.keep(BoardState(1, 1, NOW_MS, position, premiums, signs()))
    position = await told(
        leader, news_of(1, 1, 2, "ETH"), news_of(1, 2, 3, removed=("XRP",)), after=1
    )
    state = await late.read()
    assert (state.term, state.seq, state.position) == (1, 3, position)
    assert {p.symbol: p.seq for p in state.premiums} == {"BTC": 1, "ETH": 2}
    assert state.signs == signs()
    assert state.premiums[0].coin == premiums[0].coin


async def test_a_state_alone_is_read_as_it_was_kept(buses: Any) -> None:
    leader, late = buses.connect(), buses.connect()
    position = await told(leader, news_of(4, 0, 9, "BTC"))
    state = BoardState(4, 9, NOW_MS, position, (premium_of("BTC", 9, 9),), signs())
    await leader.keep(state)
    assert await late.read() == state


async def test_a_state_of_an_older_term_does_not_replace_a_later_one(
    buses: Any,
) -> None:
    old, new = buses.connect(), buses.connect()
    await told(new, news_of(2, 0, 1, "BTC"))
    later = BoardState(2, 1, NOW_MS, 1, (premium_of("BTC", 1, 1),))
    await old.keep(BoardState(1, 0, NOW_MS, 0))
    await new.keep(later)
    with pytest.raises(Superseded):
        await old.keep(BoardState(1, 1, NOW_MS, 1))
    assert await old.read() == later


async def test_states_kept_again_and_again_are_read_as_the_newest(
    buses: Any,
) -> None:
    leader, late = buses.connect(), buses.connect()
    position = 0
    for seq in range(1, 6):
        position = await told(leader, news_of(1, seq - 1, seq, "BTC"), after=position)
        premiums = (premium_of("BTC", seq, seq),)
        await leader.keep(BoardState(1, seq, NOW_MS, position, premiums))
        assert (await late.read()).seq == seq


async def test_a_position_the_row_never_had_is_missing(buses: Any) -> None:
    leader, follower = buses.connect(), buses.connect()
    await told(leader, news_of(1, 0, 1, "BTC"))
    with pytest.raises(NewsMissing):
        async with aclosing(follower.follow(9)) as row:
            await first(row, 1)
