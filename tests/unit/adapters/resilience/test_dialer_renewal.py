import asyncio
from typing import Any

import pytest

from domain.model.health import ServiceStatus


async def test_a_planned_renewal_has_no_gap(make_stream: Any, clock: Any) -> None:
    stream = make_stream(renew_after_s=100.0, silence_bound_s=200.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(100)
    assert len(stream.connect.sockets) == 2
    assert stream.connect.sockets[0].closed == 0
    await stream.push(b"data 2", socket=0)
    assert stream.told() == ["up", "data 1", "data 2"]
    await stream.push(b"reject only data counts", socket=1)
    await stream.push(b"data 3", socket=1)
    assert stream.told()[-2:] == ["renewed", "data 3"]
    assert stream.connect.sockets[0].closed == 1
    assert "down" not in stream.told()
    assert stream.monitor.status().reconnects == 0
    await clock.advance(99)
    await stream.push(b"data 4")
    assert len(stream.connect.sockets) == 2
    await clock.advance(1)
    assert len(stream.connect.sockets) == 3


async def test_a_venue_that_asks_for_it_gets_a_new_connection_beside_the_old(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(5)
    await stream.push(b"bye")
    assert len(stream.connect.sockets) == 2
    await stream.push(b"data 2", socket=0)
    await stream.push(b"data 3", socket=1)
    assert stream.told() == ["up", "data 1", "data 2", "renewed", "data 3"]


async def test_an_old_connection_that_dies_during_its_renewal_is_a_cut(
    make_stream: Any, clock: Any
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(50)
    await stream.cut(socket=0)
    assert stream.told() == ["up", "data 1", "down", "up"]
    await stream.push(b"data 2")
    assert stream.told()[-1] == "data 2"
    assert len(stream.connect.sockets) == 2


async def test_an_old_connection_that_dies_before_its_heir_is_open_is_a_cut(
    make_stream: Any, clock: Any, hung: Any
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    stream.connect.outcomes = [hung]
    await clock.advance(51)
    await stream.cut(socket=0)
    assert stream.told() == ["up", "data 1", "down"]
    await clock.advance(3)
    assert stream.told() == ["up", "data 1", "down", "up"]


async def test_a_renewal_in_vain_is_tried_again_while_the_old_connection_goes_on(
    make_stream: Any, clock: Any
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    stream.connect.outcomes = [OSError("one"), OSError("two")]
    await clock.advance(50)
    await clock.advance(1.5)
    assert len(stream.connect.sockets) == 2
    await stream.cut(socket=1)  # opens, and closes without data
    await stream.push(b"data 2", socket=0)
    assert stream.monitor.status().status is ServiceStatus.HEALTHY
    await clock.advance(2)
    await stream.push(b"data 3", socket=2)
    assert stream.told() == ["up", "data 1", "data 2", "renewed", "data 3"]


async def test_both_connections_cut_in_one_turn_are_one_outage(
    make_stream: Any, clock: Any
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(50)
    stream.connect.sockets[0].cut()
    stream.connect.sockets[1].cut()
    await clock.advance(10)
    words = stream.told()
    assert words[-1] == "up"
    assert words.count("up") == words.count("down") + 1


@pytest.mark.parametrize("turns", range(10))
async def test_an_old_connection_that_ends_as_its_heir_delivers_leaves_one_session(
    make_stream: Any, clock: Any, turns: int
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(50)
    stream.connect.sockets[0].push(b"data 2")
    stream.connect.sockets[0].cut()
    for _ in range(turns):
        await asyncio.sleep(0)  # data comes at every turn
    await stream.push(b"data 3", socket=1)
    await stream.push(b"data 4", socket=1)
    assert stream.told() in (
        ["up", "data 1", "data 2", "renewed", "data 3", "data 4"],
        ["up", "data 1", "data 2", "down", "up", "data 3", "data 4"],
    )
    assert len(stream.connect.sockets) == 2
    assert stream.monitor.status().status is ServiceStatus.HEALTHY


async def test_what_an_old_connection_still_sends_is_not_heard_after_its_heir(
    make_stream: Any, clock: Any
) -> None:
    stream = make_stream(renew_after_s=50.0, silence_bound_s=60.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(50)
    stream.connect.sockets[1].push(b"data 2")
    stream.connect.sockets[0].push(b"data 9")
    await clock.settle()
    assert stream.told() == ["up", "data 1", "renewed", "data 2"]
