"""An event that fails is told as an error, and the stream goes on."""

from typing import Any

import pytest

from api.list_plan import Irregular
from tests.unit.api.live.conftest import BOARD, Desk, Socket

SECRET = "password=hunter2"
COIN = 'subscription { premium(symbol: "BTC", throttleMs: 100) { symbol percent } }'


@pytest.mark.parametrize("query", [BOARD, COIN])
async def test_an_event_that_cannot_be_written_is_masked_and_others_follow(
    desk: Desk,
    query: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket, other = Socket(), Socket()
    desk.join(socket, query)
    desk.join(other, query)

    def failing(*_: object) -> Any:
        raise Irregular

    def broken(*_: object) -> Any:
        raise RuntimeError(SECRET)

    with monkeypatch.context() as patch:
        # Neither the compiled way nor graphql-core can say it.
        patch.setattr("api.compiled.selection.CompiledEvent.write", failing)
        patch.setattr("api.live.opening.Opened._long_way", broken)
        await desk.publish(BTC=102_000)
    await desk.publish(BTC=103_000)
    assert [len(s.events) for s in (socket, other)] == [3, 3]
    assert not socket.completed
    told = socket.events[1]
    assert told["data"] is None
    assert told["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert told["errors"][0]["extensions"]["requestId"]
    assert SECRET not in str(socket.events)
    assert SECRET in caplog.text
    assert "errors" not in socket.events[2]
    assert socket.payloads[2] is other.payloads[2]
    assert desk.traffic.errors["INTERNAL"] == 1


async def test_a_field_that_fails_is_told_where_and_others_follow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = Socket()
    desk.join(socket, 'subscription { premium(symbol: "BTC") { domestic { price } } }')
    with monkeypatch.context() as patch:
        patch.setattr("api.type.premium.Quote.from_domain", lambda *_: SECRET)
        patch.setattr(
            "api.compiled.selection.CompiledEvent.write",
            lambda *_: (_ for _ in ()).throw(Irregular),
        )
        await desk.publish(BTC=102_000)
    await desk.publish(BTC=103_000)
    errors = socket.events[1]["errors"]
    assert errors[0]["path"][:2] == ["premium", "domestic"]
    assert errors[0]["extensions"]["code"] == "INTERNAL"
    assert SECRET not in str(errors)
    assert socket.events[2]["data"]["premium"]["domestic"] == {"price": "103000"}
