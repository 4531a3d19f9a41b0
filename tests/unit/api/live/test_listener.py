"""Where one event waits for its client, and no more than one."""

import pytest

from api.live.listener import Listener
from api.live.payload import Payload

SOON_S = 5.0
NOW_S = 0.001


@pytest.fixture
def listener() -> Listener:
    """A listener at tick 7."""
    return Listener(lambda: 7)


async def test_an_event_is_taken_with_its_tick(listener: Listener) -> None:
    listener.deliver(b"head", Payload(b'{"data":{}}}'))
    assert listener.paused
    event = await listener.next(SOON_S)
    assert event is not None
    assert (event.body, event.cursor, event.is_refusal) == (b'{"data":{}}', 7, False)
    listener.taken()
    assert not listener.paused
    await listener.room()
    assert await listener.next(NOW_S) is None
    assert not listener.is_done


async def test_a_refusal_is_the_last_event(listener: Listener) -> None:
    listener.put(b"1")
    listener.finish(b"2")
    first, last = await listener.next(SOON_S), await listener.next(SOON_S)
    assert first is not None
    assert last is not None
    assert (first.body, last.body, last.is_refusal) == (b"1", b"2", True)
    assert listener.is_done
    assert await listener.next(SOON_S) is None


@pytest.mark.parametrize("way", ["complete", "end", "leave"])
async def test_an_end_wakes_whoever_waits(listener: Listener, way: str) -> None:
    listener.put(b"1")
    match way:
        case "complete":
            listener.complete("")
        case "end":
            listener.end(1000, "")
        case _:
            listener.leave()
    listener.say(b"no message comes this way")
    await listener.room()
    event = await listener.next(SOON_S)
    assert (event is None) is (way == "leave")
    assert listener.is_done
    assert listener.is_left is (way == "leave")
