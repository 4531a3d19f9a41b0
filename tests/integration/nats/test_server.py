"""The bus on a real server that restarts, forgets, falls silent, or holds rubbish."""

import asyncio
import os
import signal
from contextlib import aclosing
from typing import Any

import nats as client
import pytest
from nats.js import errors

from adapters.nats import board_bus, reader
from adapters.nats.link import translated
from adapters.nats.row import VERSION
from domain.model.board_news import BoardState, NewsMissing
from domain.ports.board_bus import BusUnavailable, Superseded
from tests.contract.bus.board import NOW_MS, news_of, premium_of

LIMIT_S = 20.0


async def eventually(action: Any) -> Any:
    """Return what an action gives once the server is back."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                return await action()
            except BusUnavailable:
                await asyncio.sleep(0)  # tried again at once


async def test_a_restart_loses_nothing_and_the_row_goes_on(
    nats: Any, connect: Any
) -> None:
    leader, follower = connect(), connect()
    term = await leader.take_term(0)
    position = await leader.publish(news_of(term, 0, 1, "BTC"), 0)
    row = follower.follow(0)
    assert (await anext(row)).position == 1
    await asyncio.to_thread(nats.stop, kill=True)
    with pytest.raises(BusUnavailable):
        async with asyncio.timeout(LIMIT_S):
            await anext(row)
    with pytest.raises(BusUnavailable):
        await leader.publish(news_of(term, 1, 2, "BTC"), position)
    await asyncio.to_thread(nats.start)
    end = await eventually(leader.last)
    assert (end.position, end.term, end.seq) == (1, term, 1)
    await leader.publish(news_of(term, 1, 2, "ETH"), position)
    async with asyncio.timeout(LIMIT_S), aclosing(follower.follow(1)) as rest:
        heard = await anext(rest)
    assert (heard.position, heard.news.seq) == (2, 2)
    assert await follower.term() == term


async def test_a_server_that_forgot_everything_is_furnished_anew(
    nats: Any, connect: Any
) -> None:
    leader, follower = connect(), connect()
    for seq in range(1, 4):
        await leader.publish(news_of(1, seq - 1, seq, "BTC"), seq - 1)
    assert (await follower.read()).seq == 3
    await asyncio.to_thread(nats.stop)
    nats.forget()
    await asyncio.to_thread(nats.start)
    assert (await eventually(leader.last)).position == 0
    with pytest.raises(Superseded):
        await leader.publish(news_of(1, 3, 4, "BTC"), 3)
    await leader.publish(news_of(2, 0, 4, "BTC"), 0)
    with pytest.raises(NewsMissing):
        async with aclosing(follower.follow(3)) as row:
            await anext(row)
    assert (await follower.read()).seq == 4


async def test_a_stream_that_was_deleted_is_made_again(nats: Any, connect: Any) -> None:
    leader = connect()
    await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    admin = await client.connect(nats.url)
    await admin.jetstream().delete_stream("kimp_changes")
    with pytest.raises(BusUnavailable):
        await leader.publish(news_of(1, 1, 2, "BTC"), 1)
    assert await leader.publish(news_of(2, 0, 2, "BTC"), 0) == 1
    await admin.close()


async def test_a_deposed_leaders_news_are_refused_by_the_server(
    connect: Any,
) -> None:
    old, new = connect(), connect()
    term = await old.take_term(0)
    position = await old.publish(news_of(term, 0, 1, "BTC"), 0)
    await new.publish(news_of(await new.take_term(term), 1, 1), position)
    with pytest.raises(Superseded):
        await old.publish(news_of(term, 1, 2, "ETH"), position)
    assert {p.symbol for p in (await new.read()).premiums} == {"BTC"}


async def test_news_larger_than_a_message_go_in_parts(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = connect(), connect()
    await leader.last()
    symbols = [f"COIN{n}" for n in range(40)]
    largest = (await leader._link.client()).max_payload
    monkeypatch.setattr(board_bus, "HEADROOM_BYTES", largest - 2_000)
    told = news_of(1, 0, 1, *symbols)
    position = await leader.publish(told, 0)
    assert position > 5
    await leader.keep(BoardState(1, 1, NOW_MS, position, told.changed))
    end = await leader.last()
    assert (end.position, end.seq) == (position, 1)
    async with aclosing(follower.follow(0)) as row:
        heard = await anext(row)
    assert (heard.news, heard.position) == (told, position)
    state = await follower.read()
    assert state.premiums == told.changed
    assert state.position == position


async def test_a_writer_that_died_between_parts_leaves_nothing_half(
    nats: Any, connect: Any
) -> None:
    leader, follower = connect(), connect()
    await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    await half(nats, seq=2, part=1)
    end = await leader.last()
    assert (end.position, end.term, end.seq) == (2, 1, 1)
    await leader.publish(news_of(1, 1, 3, "BTC"), 2)
    state = await follower.read()
    assert (state.seq, state.position) == (3, 3)


async def test_a_row_that_begins_with_half_news_has_no_whole_ones(
    nats: Any, connect: Any
) -> None:
    leader = connect()
    await leader.last()
    await half(nats, seq=5, part=1)
    end = await leader.last()
    assert (end.position, end.term, end.seq) == (1, 1, 0)


async def half(nats: Any, *, seq: int, part: int) -> None:
    """Publish one part of three, as a process does that is killed after it."""
    admin = await client.connect(nats.url)
    headers = {
        "Kimp-Term": "1",
        "Kimp-Seq": str(seq),
        "Kimp-Part": str(part),
        "Kimp-Parts": "3",
        "Kimp-Version": VERSION,
    }
    await admin.jetstream().publish("kimp.changes", b"half", headers=headers)
    await admin.close()


async def test_what_cannot_be_read_is_counted_and_left_out(
    nats: Any, connect: Any
) -> None:
    leader, follower = connect(), connect()
    position = await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    admin = await client.connect(nats.url)
    await admin.jetstream().publish("kimp.changes", b"hello")
    await leader.publish(news_of(1, 1, 2, "BTC"), position + 1)
    async with aclosing(follower.follow(0)) as row:
        heard = [await anext(row), await anext(row)]
    assert [each.position for each in heard] == [1, 3]
    assert follower.count.unreadable == 1
    await admin.jetstream().publish("kimp.changes", b"hello")
    with pytest.raises(BusUnavailable, match="cannot be read"):
        await follower.read()
    await admin.close()


async def test_a_kept_state_that_cannot_be_read_is_no_empty_board(
    nats: Any, connect: Any
) -> None:
    leader, follower = connect(), connect()
    await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    await leader.keep(BoardState(1, 1, NOW_MS, 1, (premium_of("BTC", 1, 1),)))
    admin = await client.connect(nats.url)
    bucket = await admin.jetstream().key_value("kimp_board")
    for spoilt in (b"short", b"%016x%016x" % (1, 1) + b"no state"):
        await bucket.put(f"part-{VERSION}.1.0", spoilt)
        with pytest.raises(BusUnavailable):
            await follower.read()
    await bucket.delete(f"part-{VERSION}.1.0")
    with pytest.raises(BusUnavailable):
        await follower.read()
    await bucket.put(f"board-{VERSION}", b"rubbish")
    with pytest.raises(BusUnavailable):
        await follower.read()
    await admin.close()


async def test_a_row_behind_the_kept_state_is_missing(nats: Any, connect: Any) -> None:
    leader = connect()
    await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    await leader.keep(BoardState(1, 9, NOW_MS, 9, (premium_of("BTC", 1, 1),)))
    with pytest.raises(NewsMissing):
        await leader.read()


async def test_a_server_that_hangs_is_noticed(
    nats: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SILENCE_S", 0.3)
    follower = connect()
    await follower.last()
    row = follower.follow(0)
    os.kill(nats.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BusUnavailable):
            async with asyncio.timeout(LIMIT_S):
                await anext(row)
    finally:
        os.kill(nats.process.pid, signal.SIGCONT)


async def test_news_that_the_connection_lost_are_noticed(
    nats: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_WAITING", 2)
    monkeypatch.setattr(reader, "HEARTBEAT_S", 0.2)
    leader, follower = connect(), connect()
    await leader.last()
    row = follower.follow(0)
    position = await leader.publish(news_of(1, 0, 1, "BTC"), 0)
    assert (await anext(row)).position == 1
    for seq in range(2, 9):
        position = await leader.publish(news_of(1, seq - 1, seq, "BTC"), position)
    heard = [1]

    async def read_on() -> None:
        async for each in row:
            heard.append(each.position)

    with pytest.raises(BusUnavailable, match="were"):
        await asyncio.wait_for(read_on(), LIMIT_S)
    async with asyncio.timeout(LIMIT_S), aclosing(follower.follow(heard[-1])) as rest:
        assert (await anext(rest)).position == heard[-1] + 1


async def test_nobody_there_is_one_line_and_closed_is_closed(connect: Any) -> None:
    nobody = connect("nats://127.0.0.1:9")
    with pytest.raises(BusUnavailable) as caught:
        await nobody.read()
    assert "\n" not in str(caught.value)
    await nobody.close()
    with pytest.raises(BusUnavailable, match="closed"):
        await nobody.term()


@pytest.mark.parametrize(
    "condition",
    [
        errors.APIError(code=500, err_code=10_000, description="trouble"),
        errors.NoStreamResponseError(),
        TimeoutError(),
    ],
)
def test_conditions_of_the_server_are_the_bus_away(condition: Exception) -> None:
    with pytest.raises(BusUnavailable), translated():
        raise condition
