"""Who leads, when the lock, the bus or a rival says otherwise."""

import asyncio

import pytest

from domain.model.board import Tick
from domain.model.board_news import BoardNews, BoardState
from domain.model.error import StoreUnavailable
from domain.model.market import Quality
from domain.ports.board_bus import Superseded
from tests.unit.domain.services.bus.conftest import Cluster


async def test_waiting_ends_with_each_turn(cluster: Cluster) -> None:
    node = cluster.node()
    await node.leader.wait_following()
    leading = asyncio.create_task(node.leader.wait_leading())
    await node.leader.look()
    await leading
    assert node.leader.is_locked


async def test_who_keeps_the_latest_is_told_all_at_the_begin_and_only_while_leading(
    cluster: Cluster,
) -> None:
    first, second = await cluster.pair()
    kept: list[Tick] = []
    second.service.on_led_tick(kept.append)
    first.trade("KRW-BTC", 52_000_001)
    await cluster.clock.advance(0.3)
    assert kept == []
    await first.kill()
    await cluster.clock.advance(1.0)
    assert {p.symbol for p in kept[0].changed} == {"BTC", "ETH"}


async def test_a_claim_that_others_are_faster_with_is_made_again_and_given_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cluster.node()
    tries = 0

    async def always_late(news: BoardNews, after: int) -> int:
        nonlocal tries
        tries += 1
        raise Superseded("later")

    monkeypatch.setattr(node.bus, "publish", always_late)
    await node.leader.look()
    assert not node.leader.leads
    assert tries == 3


async def test_a_bus_that_hangs_does_not_keep_an_ingest_from_leading(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cluster.node()
    node.feed()

    async def never() -> BoardState:
        raise TimeoutError

    monkeypatch.setattr(node.bus, "read", never)
    await node.leader.look()
    assert node.count.failures == 1
    assert node.leader.leads
    assert not node.publisher.has_term
    assert node.publisher.term == 0


async def test_a_row_with_a_hole_is_claimed_at_its_end(cluster: Cluster) -> None:
    leader = await cluster.ingest()
    await cluster.clock.advance(1.0)
    await leader.kill()
    term = leader.publisher.term
    cluster.row.state = BoardState()
    cluster.row.forget_before(cluster.row.end)
    nxt = await cluster.ingest()
    assert nxt.leader.leads
    assert nxt.publisher.term > term
    replica = await cluster.replica()
    await cluster.clock.advance(6.0)
    assert replica.published == nxt.published


async def test_who_is_superseded_lets_go_of_the_lock(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = await cluster.ingest()
    rival = cluster.node()
    term = await rival.bus.take_term(leader.publisher.term)
    await rival.bus.publish(BoardNews(term, 0, 0, 0), cluster.row.end)
    leader.trade("KRW-BTC", 52_000_001)
    await cluster.clock.advance(0.2)
    assert leader.publisher.is_superseded
    release = leader.lock.release

    async def lost() -> None:
        await release()
        raise StoreUnavailable("gone")

    monkeypatch.setattr(leader.lock, "release", lost)
    await leader.leader.look()
    assert not leader.leader.leads
    assert cluster.seat.holder is None


async def test_a_state_of_a_later_term_supersedes(cluster: Cluster) -> None:
    leader = await cluster.ingest()
    cluster.row.state = BoardState(term=leader.publisher.term + 1, position=1)
    await cluster.clock.advance(6.0)
    assert leader.leader.leads, "the row is what counts, and there it is the last"


async def test_a_leader_that_alone_has_lost_the_bus_is_followed_by_one_that_has_it(
    cluster: Cluster,
) -> None:
    first, second = await cluster.pair()
    replica = await cluster.replica()
    first.bus.cut = "cut off"
    await cluster.clock.advance(3.0)
    assert first.leader.leads, "it may be back any moment"
    await cluster.clock.advance(6.0)
    assert [n.leader.leads for n in (first, second)] == [False, True]
    first.trade("KRW-BTC", 1)
    second.trade("KRW-BTC", 52_000_070)
    await cluster.clock.advance(1.0)
    assert replica.published == second.published
    first.bus.cut = None
    await cluster.clock.advance(8.0)
    assert first.published.keys() == second.published.keys()
    assert not first.leader.leads


async def test_where_nobody_reaches_the_bus_the_leader_stays(cluster: Cluster) -> None:
    first, second = await cluster.pair()
    cluster.row.fall("gone")
    for _ in range(100):
        await cluster.clock.advance(1.0)
        assert [n.leader.leads for n in (first, second)] == [True, False]
    await first.kill()
    await cluster.clock.advance(4.0)
    assert second.leader.leads
    assert second.published["BTC"].quality is Quality.LIVE


async def test_a_bus_that_does_not_answer_is_not_reached(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cluster.node()

    async def silent() -> int:
        raise TimeoutError

    monkeypatch.setattr(node.bus, "term", silent)
    await node.leader.look()
    assert not node.leader.leads
    assert cluster.seat.holder is None
