"""One ingest and many replicas: what is told, what is followed, who leads."""

import pytest

from domain.model.board_news import BoardNews
from domain.model.health import ServiceStatus
from domain.model.market import Quality, Reason
from domain.ports.board_bus import BusUnavailable
from domain.services.board_publisher import KEEP_INTERVAL_S
from domain.services.leader_service import ORPHANED_AFTER_S
from tests.unit.domain.services.bus.conftest import COINS, Cluster


async def test_a_change_at_the_leader_reaches_a_replica_under_its_number(
    cluster: Cluster,
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    leader.trade("KRW-BTC", 52_000_001)
    await cluster.clock.advance(0.2)
    assert replica.published == leader.published
    assert replica.board.seq == leader.board.seq
    assert replica.board.summary() == leader.board.summary()
    assert replica.folded == replica.published


async def test_a_late_replica_starts_with_the_full_board(cluster: Cluster) -> None:
    leader = await cluster.ingest()
    await cluster.clock.advance(2 * KEEP_INTERVAL_S)
    leader.trade("KRW-ETH", 52_000_007)
    await cluster.clock.advance(0.2)
    late = await cluster.replica()
    assert late.published == leader.published
    assert [len(tick.changed) for tick in late.fold.ticks] == [2]
    assert late.count.resyncs == 1


async def test_a_replica_resumes_where_it_was_when_the_bus_comes_back(
    cluster: Cluster,
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    cluster.row.fall("gone")
    leader.trade("KRW-BTC", 52_000_002)
    await cluster.clock.advance(1.0)
    assert replica.follower.why_away == "gone"
    assert leader.publisher.why_away == "gone"
    assert replica.report.statuses()[-1].detail == "gone"
    leader.trade("KRW-ETH", 52_000_003)
    await cluster.clock.advance(1.0)
    cluster.row.down = None
    await cluster.clock.advance(3.0)
    assert replica.published == leader.published
    assert replica.count.resyncs == 1
    assert replica.count.failures > 0
    assert replica.follower.why_away is leader.publisher.why_away is None


async def test_a_replica_without_news_for_the_bound_says_stale_with_a_reason(
    cluster: Cluster,
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    before = replica.published["BTC"]
    await leader.kill()
    await cluster.clock.advance(4.0)
    assert replica.published["BTC"].quality is Quality.LIVE
    await cluster.clock.advance(2.0)
    after = replica.published["BTC"]
    assert (after.quality, after.reason) == (Quality.STALE, Reason.DOMESTIC_STALE)
    assert after.percent == before.percent
    assert after.seq == before.seq + 1
    assert after.domestic is not None
    assert after.domestic.quality is Quality.STALE
    assert after.last_live_ms is not None
    now_ms = cluster.clock.now_ms()
    assert replica.board.age_ms(after.domestic, now_ms) > 6_000
    rates = replica.board.rates(now_ms, cluster.clock.monotonic())
    assert {rate.quality for rate in rates} == {Quality.STALE}
    summary = replica.board.summary()
    assert summary.live == 0
    assert summary.fx_rate is not None
    assert summary.fx_rate.quality is Quality.STALE
    statuses = {s.name: s for s in replica.report.statuses()}
    assert statuses["bus"].status is ServiceStatus.UNAVAILABLE
    assert statuses["upbit.stream"].status is ServiceStatus.UNAVAILABLE
    assert statuses["upbit.stream"].detail == "the ingest is silent"
    ticks = len(replica.fold.ticks)
    await cluster.clock.advance(10.0)
    assert len(replica.fold.ticks) == ticks, "it is told once"


async def test_of_two_ingests_one_leads_and_the_other_takes_over_when_it_dies(
    cluster: Cluster,
) -> None:
    first, second = await cluster.pair()
    replica = await cluster.replica()
    assert [n.leader.leads for n in (first, second)] == [True, False]
    first.trade("KRW-BTC", 52_000_010)
    second.trade("KRW-BTC", 52_000_010)
    await cluster.clock.advance(0.3)
    told = replica.published
    await first.kill()
    await cluster.clock.advance(1.0)
    assert second.leader.leads
    assert replica.published == told, "nothing differs: nothing is told again"
    second.trade("KRW-BTC", 52_000_011)
    await cluster.clock.advance(0.2)
    assert replica.published == second.published
    assert replica.published["BTC"].seq == told["BTC"].seq + 1
    assert replica.published["ETH"] == told["ETH"]
    assert replica.folded == second.published
    assert second.count.takeovers == 1


async def test_a_takeover_tells_what_the_new_leader_sees_otherwise(
    cluster: Cluster,
) -> None:
    first, replica = await cluster.ingest(), await cluster.replica()
    second = cluster.node()
    second.feed()
    second.service.set_coins(COINS[:1])
    second.trade("KRW-BTC", 51_000_000)
    second.start_ingest()
    await cluster.clock.advance(0.2)
    assert set(second.published) == {"BTC", "ETH"}, "it follows"
    await first.kill()
    await cluster.clock.advance(1.0)
    assert second.leader.leads
    assert replica.folded == replica.published == second.published
    assert set(replica.published) == {"BTC"}
    assert replica.fold.ticks[-1].removed == ("ETH",)


async def test_a_leader_that_hangs_is_superseded_and_refused(cluster: Cluster) -> None:
    first, replica = await cluster.ingest(), await cluster.replica()
    # Its session ends although it lives: it was idle for too long.
    cluster.seat.holder = None
    second = cluster.node()
    second.feed()
    await second.leader.look()
    assert second.leader.leads
    assert second.publisher.term > first.publisher.term
    first.trade("KRW-BTC", 1)
    second.start(second.service.run, second.publisher.run, second.follower.run)
    await cluster.clock.advance(1.0)
    assert not first.leader.leads
    assert first.count.refused == 1
    assert first.published == second.published == replica.published
    assert first.publisher.is_superseded


async def test_a_leader_without_the_database_goes_on_until_another_has_the_lock(
    cluster: Cluster,
) -> None:
    first, replica = await cluster.ingest(), await cluster.replica()
    cluster.seat.down = "no connection"
    cluster.seat.holder = None
    await cluster.clock.advance(2.0)
    first.trade("KRW-BTC", 52_000_020)
    await cluster.clock.advance(0.2)
    assert first.leader.leads
    assert not first.leader.is_locked
    assert replica.published == first.published
    cluster.seat.down = None
    other = cluster.node()
    assert await other.lock.hold()
    await cluster.clock.advance(1.0)
    assert not first.leader.leads
    # Nobody else publishes: what it told last is its last word.
    await cluster.clock.advance(6.0)
    assert first.published["BTC"].quality is Quality.STALE


async def test_without_anybody_who_can_say_an_ingest_leads_after_a_while(
    cluster: Cluster,
) -> None:
    cluster.seat.down = "no connection"
    ingest = await cluster.ingest()
    await cluster.clock.advance(ORPHANED_AFTER_S - 1.0)
    assert not ingest.leader.leads
    await cluster.clock.advance(2.0)
    assert ingest.leader.leads
    another = await cluster.ingest()
    await cluster.clock.advance(2 * ORPHANED_AFTER_S)
    assert not another.leader.leads, "a leader is heard"


async def test_without_the_bus_an_ingest_leads_by_itself_and_catches_up(
    cluster: Cluster,
) -> None:
    replica = await cluster.replica()
    cluster.row.fall("not there")
    ingest = await cluster.ingest()
    assert not ingest.leader.leads, "somebody else may reach the bus"
    await cluster.clock.advance(4.0)
    assert ingest.leader.leads
    assert ingest.report.statuses()[-1].detail == "no term on the bus yet"
    assert ingest.published["BTC"].quality is Quality.LIVE
    ingest.trade("KRW-BTC", 52_000_030)
    await cluster.clock.advance(0.5)
    cluster.row.down = None
    await cluster.clock.advance(6.0)
    assert replica.published == ingest.published
    assert ingest.publisher.has_term


async def test_a_bus_that_lost_everything_is_told_everything_again(
    cluster: Cluster,
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    await cluster.clock.advance(10.0)
    cluster.row.lose()
    leader.trade("KRW-BTC", 52_000_040)
    await cluster.clock.advance(8.0)
    assert leader.leader.leads
    assert replica.published == leader.published
    assert replica.folded == leader.published


async def test_news_whose_answer_was_lost_are_told_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    publish = leader.bus.publish

    async def taken_without_an_answer(news: BoardNews, after: int) -> int:
        monkeypatch.setattr(leader.bus, "publish", publish)
        await publish(news, after)
        raise BusUnavailable("no answer in time")

    monkeypatch.setattr(leader.bus, "publish", taken_without_an_answer)
    leader.trade("KRW-BTC", 52_000_050)
    await cluster.clock.advance(2.0)
    seqs = [p.seq for t in replica.fold.ticks for p in t.changed if p.symbol == "BTC"]
    assert seqs == sorted(set(seqs))
    assert replica.published == leader.published


async def test_who_is_superseded_while_the_bus_was_away_tells_nothing_more(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = await cluster.ingest()
    publish = leader.bus.publish

    async def unanswered(news: BoardNews, after: int) -> int:
        monkeypatch.setattr(leader.bus, "publish", publish)
        rival = cluster.node().bus
        term = await rival.take_term(leader.publisher.term)
        await rival.publish(BoardNews(term, news.seq, news.seq, 0), after)
        raise BusUnavailable("no answer in time")

    monkeypatch.setattr(leader.bus, "publish", unanswered)
    leader.trade("KRW-BTC", 52_000_001)
    end = cluster.row.end
    await cluster.clock.advance(0.3)
    assert cluster.row.end == end + 1
    assert leader.publisher.is_superseded
    assert leader.publisher.why_away is None
