import asyncio

import pytest

from adapters.simulator.waiting_room import WaitingRoom


async def test_everyone_goes_at_his_time_or_when_it_is_emptied() -> None:
    room = WaitingRoom()
    soon = asyncio.create_task(room.wait(1_000))
    late = asyncio.create_task(room.wait(2_000))
    never = asyncio.create_task(room.wait())
    gone = asyncio.create_task(room.wait(1_000))
    await asyncio.sleep(0)  # all enter
    assert len(room) == 4
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    room.release(999)
    room.release(1_000)
    room.release(1_000)
    await asyncio.wait_for(soon, 1)
    assert not late.done()
    room.release(10_000_000)
    await asyncio.wait_for(late, 1)
    assert not never.done()
    room.empty()
    await asyncio.wait_for(never, 1)
    assert len(room) == 0
