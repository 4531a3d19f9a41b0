"""Who is told what, and when: groups, cohorts, full sockets and their ends."""

from dataclasses import dataclass
from typing import Any

import pytest

from api.context import ApiContext
from api.live.payload import Payload
from tests.unit.api.live.conftest import BOARD, Desk, Socket

COIN = (
    'subscription ($s: String! = "BTC") '
    "{ premium(symbol: $s, throttleMs: 100) { symbol percent } }"
)


async def test_members_who_ask_alike_are_one_group_and_get_the_same_bytes(
    desk: Desk,
) -> None:
    sockets = [Socket(), Socket(), Socket()]
    for number, socket in enumerate(sockets):
        assert desk.join(socket, name=f"op-{number}") is not None
    await desk.publish(BTC=102_000)
    assert len(desk.engine.groups) == 1
    told = [socket.payloads[1] for socket in sockets]
    assert told[0] is told[1] is told[2]
    assert [s.heads[1][:13] for s in sockets] == [
        b'{"id":"op-0",',
        b'{"id":"op-1",',
        b'{"id":"op-2",',
    ]
    assert sockets[0].updates[0]["snapshot"] is True
    assert sockets[0].updates[1] == {
        "seq": 2,
        "snapshot": False,
        "removed": [],
        "premiums": [{"symbol": "BTC", "percent": "2"}],
    }
    assert sockets[0].events[1]["extensions"]["serverTime"].endswith("Z")
    # Three snapshots, which are of no tick, and three changes.
    assert desk.traffic.events["premiums", "websocket"] == 6
    assert desk.traffic.lag_s["premiums"].count == 3


@pytest.mark.parametrize(
    "other",
    [
        BOARD + " ",
        BOARD.replace("100", "200"),
    ],
)
async def test_another_document_is_another_group(desk: Desk, other: str) -> None:
    desk.join(Socket())
    desk.join(Socket(), other)
    assert len(desk.engine.groups) == 2


async def test_variables_are_compared_by_value(desk: Desk) -> None:
    query = "subscription ($f: PremiumFilter) { premiums(filter: $f) { seq } }"
    symbols = {"symbols": ["BTC"], "minPercent": "0"}
    desk.join(Socket(), query, {"f": symbols})
    desk.join(Socket(), query, {"f": dict(reversed(symbols.items()))})
    assert len(desk.engine.groups) == 1
    desk.join(Socket(), query, {"f": {"symbols": ["ETH"], "minPercent": "0"}})
    assert len(desk.engine.groups) == 2


@dataclass(frozen=True, slots=True)
class Scoped(ApiContext):
    """A caller who may see what others may not."""

    scope: str = ""

    def share_key(self) -> object:
        return self.scope


async def test_callers_who_may_see_different_data_are_never_one_group(
    desk: Desk,
) -> None:
    deps: Any = desk.deps
    for scope in ("a", "b", "a"):
        desk.join(Socket(), context=Scoped(deps, scope=scope))
    assert sorted(len(g.members) for g in desk.engine.groups.values()) == [1, 2]


async def test_nothing_is_told_of_what_nobody_asked_for(desk: Desk) -> None:
    socket = Socket()
    query = 'subscription { premiums(filter: { symbols: ["ETH"] }) { seq } }'
    desk.join(socket, query)
    await desk.publish(BTC=102_000)
    assert len(socket.events) == 1
    await desk.publish(1.0, ETH=102_000)
    assert len(socket.events) == 2


async def test_a_throttled_member_is_told_at_its_end_with_all_that_changed(
    desk: Desk,
) -> None:
    socket = Socket()
    desk.join(socket, BOARD.replace("100", "500"))
    await desk.publish(BTC=102_000)
    await desk.publish(ETH=103_000)
    assert len(socket.events) == 1
    await desk.clock.advance(0.4)
    assert {p["symbol"] for p in socket.updates[1]["premiums"]} == {"BTC", "ETH"}
    # Nothing has changed since: nothing more is told.
    await desk.clock.advance(5)
    assert len(socket.events) == 2
    await desk.publish(XRP=104_000)
    assert len(socket.events) == 3


async def test_members_of_different_phases_meet_when_it_is_quiet(desk: Desk) -> None:
    sockets = [Socket(), Socket()]
    desk.join(sockets[0], BOARD.replace("100", "300"))
    await desk.publish(BTC=102_000)
    desk.join(sockets[1], BOARD.replace("100", "300"))
    group = next(iter(desk.engine.groups.values()))
    assert group.cohorts == 2
    await desk.publish(2.0, BTC=103_000)
    assert group.cohorts == 1
    assert sockets[0].payloads[-1] is sockets[1].payloads[-1]


async def test_full_sockets_get_one_merged_event_each_when_they_have_room(
    desk: Desk,
) -> None:
    quick, first, second = Socket(), Socket(), Socket()
    members = [desk.join(socket) for socket in (quick, first, second)]
    first.paused = second.paused = True
    for step in range(3):
        await desk.publish(BTC=102_000 + step * 1000, ETH=110_000)
    assert (len(quick.events), len(first.events), len(second.events)) == (4, 1, 1)
    assert members[1] is not None
    assert members[2] is not None
    await desk.resume(first, members[1])
    assert first.updates[1]["premiums"] == [
        {"symbol": "BTC", "percent": "4"},
        {"symbol": "ETH", "percent": "10"},
    ]
    assert desk.engine.lagging == 1
    assert desk.traffic.merged["premiums"] == 2
    # What one of them was told since is not told to the other in its place.
    await desk.resume(second, members[2])
    assert second.updates[1] == first.updates[1]
    await desk.publish(XRP=102_000)
    assert len({id(s.payloads[-1]) for s in (quick, first, second)}) == 1


async def test_a_socket_that_is_full_at_first_gets_its_snapshot_later(
    desk: Desk,
) -> None:
    socket = Socket(paused=True)
    member = desk.join(socket)
    await desk.publish(BTC=102_000)
    assert not socket.events
    assert member is not None
    await desk.resume(socket, member)
    assert socket.updates[0]["snapshot"] is True
    assert len(socket.updates[0]["premiums"]) == 3


async def test_a_socket_that_fills_again_at_once_stays_behind(desk: Desk) -> None:
    socket = Socket()
    member = desk.join(socket)
    socket.paused = True
    await desk.publish(BTC=102_000)
    assert member is not None
    desk.engine.resume([member])
    await desk.clock.settle()
    assert len(socket.events) == 1


async def test_a_group_goes_with_its_last_member_and_its_timer_too(desk: Desk) -> None:
    socket = Socket()
    member = desk.join(socket, BOARD.replace("100", "60000"))
    await desk.publish(BTC=102_000)
    assert desk.clock.sleeping == 1
    assert member is not None
    desk.engine.leave(member)
    await desk.clock.settle()
    assert not desk.engine.groups
    assert desk.clock.sleeping == 0
    await desk.publish(BTC=103_000)
    assert len(socket.events) == 1


async def test_a_coin_that_leaves_the_board_ends_its_stream(desk: Desk) -> None:
    socket, other = Socket(), Socket()
    desk.join(socket, COIN, name="x")
    desk.join(other)
    desk.list("ETH", "XRP")
    await desk.publish()
    assert socket.completed == ["x"]
    assert len(desk.engine.groups) == 1
    assert other.updates[-1]["removed"] == ["BTC"]
    assert not desk.engine.failed


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ coins { totalCount } }", "not_live"),
        ("subscription { health { status } }", "not_live"),
        ("subscription { premiums(throttleMs: 1) { seq } }", "wrong"),
        ("subscription { nope }", "wrong"),
        ('subscription { premium(symbol: "NOPE") { seq } }', "wrong"),
        ("subscription ($f: PremiumFilter!) { premiums(filter: $f) { seq } }", "wrong"),
        (
            'subscription { premium(symbol: "BTC") { stats(window: H24) { mean } } }',
            "uncompilable",
        ),
    ],
)
async def test_what_it_cannot_run_goes_the_ordinary_way(
    desk: Desk, query: str, why: str
) -> None:
    socket = Socket()
    assert desk.join(socket, query) is None
    assert dict(desk.engine.ordinary) == {why: 1}
    assert not desk.engine.groups
    assert not socket.events


async def test_a_group_that_fails_ends_and_others_live_on(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = Socket(), Socket()
    member = desk.join(broken, COIN)
    desk.join(good)
    assert member is not None

    def failing(_event: object) -> Payload:
        raise ValueError("cannot be written")

    monkeypatch.setattr(member.group, "_write", failing)
    await desk.publish(BTC=102_000)
    assert broken.completed == ["1"]
    assert len(good.events) == 2
    assert desk.engine.failed == 1
    assert "live.group_failed" in caplog.text


async def test_a_socket_that_fails_leaves_and_its_group_lives_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    sockets = [Socket(), Socket(), Socket()]
    for socket in sockets:
        desk.join(socket)
    sockets[1].fails = True
    await desk.publish(BTC=102_000)
    await desk.publish(BTC=103_000)
    assert [len(socket.events) for socket in sockets] == [3, 1, 3]
    assert sockets[1].completed == ["1"]
    assert "live.member_failed" in caplog.text
    assert [len(g.members) for g in desk.engine.groups.values()] == [2]


async def test_a_snapshot_that_cannot_be_written_joins_nothing(desk: Desk) -> None:
    assert desk.join(Socket(fails=True)) is None
    assert not desk.engine.groups
    assert desk.engine.failed == 1


async def test_a_large_group_lets_others_have_turns(desk: Desk) -> None:
    sockets = [Socket() for _ in range(600)]
    for socket in sockets:
        desk.join(socket)
    await desk.clock.advance(0.1)
    desk.trade_and_tick(BTC=102_000)
    waiting = [s for s in sockets if len(s.events) == 1]
    assert len(waiting) == 600
    await desk.clock.settle()
    assert all(len(socket.events) == 2 for socket in sockets)
