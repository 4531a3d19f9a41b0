import json
from typing import Any

import pytest

from bench.subscriber import ProtocolBroken, Subscriber


def event(
    seq: int, *coins: tuple[str, int], snapshot: bool = False, **rest: Any
) -> Any:
    premiums = [{"symbol": symbol, "seq": number} for symbol, number in coins]
    told = {"seq": seq, "snapshot": snapshot, "premiums": premiums, "removed": []}
    data = {"premiums": {**told, **rest}}
    return {"type": "next", "id": "1", "payload": {"data": data}}


@pytest.fixture
def subscriber() -> Subscriber:
    found = Subscriber("http://127.0.0.1:1")
    found._take(event(5, ("A", 1), ("B", 4), snapshot=True))
    return found


def test_events_fold_into_the_board(subscriber: Subscriber) -> None:
    heard: list[int] = []
    stop = subscriber.listen(lambda coins, _: heard.append(len(coins)))
    subscriber._take(event(6, ("A", 2), ("C", 1)))
    subscriber._take(event(9, removed=["B"]))
    stop()
    subscriber._take(event(10, ("D", 1)))
    assert {s: c["seq"] for s, c in subscriber.coins.items()} == {
        "A": 2,
        "C": 1,
        "D": 1,
    }
    assert heard == [3, 2]
    assert subscriber.events == 4


def test_a_snapshot_begins_anew(subscriber: Subscriber) -> None:
    subscriber._take(event(2, ("Z", 1), snapshot=True))
    assert list(subscriber.coins) == ["Z"]


@pytest.mark.parametrize(
    "message",
    [
        event(5, ("A", 2)),
        event(6, ("A", 1)),
        event(6, removed=["Z"]),
        {"type": "error", "payload": [{"message": "no"}]},
        {"type": "next", "payload": {"data": None, "errors": [{"message": "no"}]}},
        {"type": "complete", "id": "1"},
    ],
)
def test_what_may_not_be_said_is_refused(subscriber: Subscriber, message: Any) -> None:
    with pytest.raises(ProtocolBroken):
        subscriber._take(message)


def test_pings_are_answered(subscriber: Subscriber) -> None:
    assert json.loads(subscriber._take({"type": "ping"}) or "") == {"type": "pong"}


async def test_waiting_ends_when_it_holds_or_at_the_limit(
    subscriber: Subscriber,
) -> None:
    assert await subscriber.until(lambda coins: "A" in coins, 1.0) is not None
    assert await subscriber.until(lambda coins: "Q" in coins, 0.01) is None
