"""What fuzzing has found, one input each: it must not come back."""

import json
import logging
from typing import Any

import pytest

from bench.fuzz.draw import Draw
from bench.fuzz.frame import CLOSE, PING, frame, handshake

HELLO = frame(b'{"type":"connection_init"}')
SKIPPED = b'{"query":"{ premium(symbol: \\"BTC\\") @skip(if: true) { percent } }"}'
STREAM = b'{"query":"subscription { premiums { seq } }"}'
COIN = b'{"query":"{ premium(symbol: \\"BTC\\") { symbol } }"}'
EVENTS = ("Accept", "text/event-stream")


def opening() -> bytes:
    """Return a handshake that is right."""
    for seed in range(100):
        found = handshake(Draw(seed))
        if b"Extensions" not in found and b"X-" not in found and b"Origin" not in found:
            return found
    raise AssertionError


async def test_an_answer_without_fields_is_an_object_each_time(
    place: Any, posted: Any
) -> None:
    line = (await place()).dial()
    answers = await line.say(*[posted(SKIPPED)] * 3)
    assert [json.loads(answer.body)["data"] for answer in answers] == [{}, {}, {}]


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59-14:00"])
async def test_an_instant_that_no_calendar_of_utc_holds_is_refused(
    place: Any, posted: Any, odd: str
) -> None:
    line = (await place()).dial()
    asked = f'{{ premium(symbol: "BTC", asOf: "{odd}") {{ at }} }}'
    (answer,) = await line.say(posted(json.dumps({"query": asked}).encode()))
    (error,) = json.loads(answer.body)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "years 1 to 9999" in error["message"]


async def test_the_direct_way_tells_caches_what_the_ordinary_one_does(
    place: Any, posted: Any
) -> None:
    line = (await place("strict")).dial()
    answers = await line.say(*[posted(COIN)] * 3)
    assert {answer.header("vary") for answer in answers} == {"Accept, Origin"}


async def test_a_stream_ends_with_its_connection_whatever_waits_behind_it(
    place: Any, posted: Any
) -> None:
    here = await place()
    line = here.dial()
    await line.say(posted(STREAM, EVENTS) + posted(COIN))
    assert line.tasks == 1
    line.transport.lose(None)
    await line.settle()
    assert line.tasks == 0
    assert not any(here.world.deps.traffic.subscriptions.values())


@pytest.mark.parametrize(
    "rude", [b"nonsense", b'{"type":"x"}', b'{"type":"subscribe"}']
)
async def test_whoever_breaks_the_protocol_and_leaves_at_once_breaks_nothing(
    place: Any, rude: bytes
) -> None:
    line = (await place()).dial()
    await line.say(opening())
    await line.say(HELLO + frame(rude) + frame(b"\x03\xe8", CLOSE))
    assert line.transport.closing


async def test_nothing_follows_the_close_frame(place: Any) -> None:
    line = (await place()).dial()
    await line.say(opening())
    subscribe = {"id": "1", "type": "subscribe", "payload": {"documentId": "x"}}
    said = frame(b"?", PING) + frame(json.dumps(subscribe).encode())
    await line.say(HELLO + said + frame(b"\x03\xe8", CLOSE))
    out = bytes(line.transport.out)
    assert out[out.index(b"\x88") :] == frame(b"\x03\xe8", CLOSE, mask=None)


@pytest.mark.parametrize(
    "document",
    ["{ }", "{ ... { } }", "{ ...F } fragment F on Query { }", "subscription { }"],
)
async def test_a_selection_of_nothing_is_the_clients_mistake(
    place: Any, posted: Any, document: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = (await place()).dial()
    with caplog.at_level(logging.ERROR):
        (answer,) = await line.say(posted(json.dumps({"query": document}).encode()))
    assert answer.status < 500
    assert not caplog.records


async def test_a_flood_on_one_socket_leaves_turns_for_others(place: Any) -> None:
    line = (await place()).dial()
    await line.say(opening())
    await line.say(HELLO)
    line.transport.out.clear()
    pings = 20_000
    line.transport.feed(frame(b"", PING) * pings)
    answered = len(line.transport.out) // 2
    assert 0 < answered < pings / 10
    assert line.transport.paused
    while line.transport.paused:
        await line.settle()
    assert len(line.transport.out) // 2 == pings


@pytest.mark.parametrize("extensions", ["[]", '""', "0", "false"])
async def test_extensions_that_are_none_are_refused_each_time(
    place: Any, posted: Any, extensions: str
) -> None:
    line = (await place()).dial()
    body = COIN[:-1] + f',"extensions":{extensions}}}'.encode()
    answers = await line.say(posted(COIN), *[posted(body)] * 3)
    assert [answer.status for answer in answers] == [200, 400, 400, 400]


async def test_a_body_above_the_limit_is_refused_each_time(
    place: Any, posted: Any
) -> None:
    line = (await place("strict")).dial()
    answers = await line.say(posted(COIN), *[posted(COIN.ljust(5_000))] * 3)
    assert [answer.status for answer in answers] == [200, 413, 413, 413]


async def test_a_socket_of_the_application_may_break_off_with_bytes_that_are_no_text(
    place: Any,
) -> None:
    line = (await place()).dial()
    odd = b"Sec-WebSocket-Extensions: permessage-deflate; x=1, ;;\r\n\r\n"
    await line.say(opening().removesuffix(b"\r\n") + odd)
    await line.say(HELLO + frame(b"\xff") + frame(b"\x03\xe8", CLOSE))
    assert line.transport.closing


async def test_a_head_that_is_too_long_spoils_no_answer_before_it(
    place: Any, posted: Any
) -> None:
    line = (await place()).dial()
    (before,) = await line.say(posted(STREAM, EVENTS))
    long = posted(COIN, *[("X-Many", "y")] * 200)
    (after,) = await line.say(long)
    assert after.body.startswith(before.body)
    assert b"431" not in bytes(line.transport.out)
    assert line.transport.closing
