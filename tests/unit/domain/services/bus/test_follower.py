"""Following: from a state, news after news, and anew where some are missing."""

import asyncio
from dataclasses import replace

import pytest

from domain.model.board_news import BoardNews, BoardState
from domain.model.premium import Legs, Premium
from domain.services.board_follower import FIRST_WORD_S, MAX_WAITING
from tests.contract.bus.board import news_of, premium_of
from tests.unit.domain.services.bus.conftest import Cluster


def legs_of(premium: Premium) -> Legs:
    """Return both sides of a version."""
    return Legs(premium.domestic, premium.global_, has_global_market=True)


async def told(cluster: Cluster, *news: BoardNews) -> None:
    """Let the bus have news of somebody who is no node of ours."""
    bus = cluster.node().bus
    for each in news:
        await bus.publish(each, cluster.row.end)


async def test_a_board_nobody_speaks_for_is_shown_as_silent_after_a_moment(
    cluster: Cluster,
) -> None:
    await told(cluster, news_of(1, 0, 1, "BTC"))
    replica = cluster.node()
    replica.start_replica()
    await cluster.clock.advance(FIRST_WORD_S - 0.1)
    assert replica.published == {}
    await cluster.clock.advance(0.2)
    assert replica.published["BTC"].seq == 2
    assert replica.service.is_silent
    # It speaks again: what it says is told at once.
    await told(cluster, news_of(1, 1, 5, "BTC"))
    await cluster.clock.advance(0.1)
    assert replica.published["BTC"].seq == 5
    assert not replica.service.is_silent


async def test_preparing_ends_with_a_board_or_with_our_patience(
    cluster: Cluster,
) -> None:
    replica = cluster.node()
    preparing = asyncio.create_task(replica.follower.prepare(1.0))
    await cluster.clock.advance(0.9)
    assert not preparing.done()
    await cluster.clock.advance(0.2)
    await preparing
    await cluster.ingest()
    again = asyncio.create_task(replica.follower.prepare(1.0))
    await cluster.clock.advance(0.6)
    await again
    assert set(replica.published) == {"BTC", "ETH"}


async def test_news_of_an_older_term_are_dropped(cluster: Cluster) -> None:
    replica = await cluster.replica()
    await told(
        cluster,
        news_of(5, 0, 1, "BTC"),
        replace(news_of(4, 1, 9, "BTC"), term=4),
        news_of(5, 1, 2, "ETH"),
    )
    await cluster.clock.advance(0.2)
    assert replica.count.outdated == 1
    assert {s: p.seq for s, p in replica.published.items()} == {"BTC": 1, "ETH": 2}
    assert replica.follower.term == 5


async def test_a_gap_in_what_was_told_makes_it_begin_anew(cluster: Cluster) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    cluster.row.forget_before(cluster.row.end + 1)
    replica.follower._seq = 0
    leader.trade("KRW-BTC", 52_000_060)
    await cluster.clock.advance(0.2)
    assert replica.count.resyncs == 1
    await cluster.clock.advance(6.0)
    assert replica.count.resyncs > 1
    # It had to say STALE meanwhile, so its counts are ahead; all else is the same.
    for symbol, told_there in leader.published.items():
        here = replica.published[symbol]
        assert here.seq > told_there.seq
        assert here.tells(told_there.coin, legs_of(told_there), told_there.bases)


async def test_many_news_that_wait_are_published_as_one_and_are_no_sign_of_life(
    cluster: Cluster,
) -> None:
    replica = await cluster.replica()
    await told(cluster, news_of(1, 0, 1, "BTC"))
    await cluster.clock.advance(0.1)
    await replica.stop()
    await cluster.clock.advance(10.0)
    count = 3 * MAX_WAITING
    await told(cluster, *(news_of(1, n, n + 1, "BTC") for n in range(1, count)))
    ticks = len(replica.fold.ticks)
    replica.start(replica.follower.run)
    await cluster.clock.advance(0.2)
    assert len(replica.fold.ticks) == ticks + 1
    assert replica.published["BTC"].seq == count + 1
    assert replica.service.is_silent
    last = premium_of("BTC", count, count)
    assert replica.published["BTC"].percent == last.percent


async def test_news_told_between_state_and_listening_are_no_sign_of_life(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(cluster, news_of(1, 0, 1, "BTC"))
    replica = cluster.node()
    read = replica.bus.read

    async def read_and_then_more() -> BoardState:
        state = await read()
        await told(cluster, news_of(1, 1, 2, "ETH"))
        return state

    monkeypatch.setattr(replica.bus, "read", read_and_then_more)
    replica.start_replica()
    await cluster.clock.advance(0.5)
    assert replica.published == {}
    await cluster.clock.advance(FIRST_WORD_S)
    assert {s: p.seq for s, p in replica.published.items()} == {"BTC": 2, "ETH": 3}
