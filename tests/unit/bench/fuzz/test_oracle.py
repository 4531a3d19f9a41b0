"""What the fuzz bench takes for wrong."""

import json
import logging
from typing import Any

import pytest

from bench.fuzz.connection import NotHttp, answers_in
from bench.fuzz.finding import MAX_EXAMPLES, Findings, LogFindings, place_of
from bench.fuzz.frame import CLOSE, WebSocketReader, frame
from bench.fuzz.oracle import Answer, Oracle, comparable

JSON = [("content-type", "application/json; charset=utf-8")]
TIME = {"serverTime": "2026-01-01T00:00:00.000Z"}


def told(status: int, body: Any, headers: list[tuple[str, str]] = JSON) -> list[str]:
    """Return what is found in an answer."""
    oracle = Oracle(Findings())
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    oracle.answer(Answer(status, headers, data), is_graphql=True, is_head=False)
    return list(oracle.findings.counts)


def error(code: object, message: str = "no") -> dict[str, Any]:
    return {
        "errors": [{"message": message, "extensions": {"code": code}}],
        "extensions": TIME,
    }


def test_good_answers_are_good() -> None:
    assert told(200, {"data": {}, "extensions": TIME}) == []
    assert told(400, error("BAD_USER_INPUT")) == []
    assert (
        told(
            503,
            json.dumps(error("UPSTREAM_UNAVAILABLE"), separators=(",", ":")).encode(),
        )
        == []
    )
    assert told(304, b"", []) == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, error("BAD_USER_INPUT"), "status 500"),
        (503, error("RATE_LIMITED"), "status 503"),
        (200, error("INTERNAL"), "an answer has the code INTERNAL"),
        (200, error(None), "an answer has the code None"),
        (200, error("NOT_FOUND", "x" * 501), "an answer has a long message"),
        (200, b'{"data":}', "an answer is no JSON"),
        (200, b'{"data":NaN}', "an answer is no JSON"),
        (200, b'"\xff"', "an answer is no JSON"),
        (200, [1], "an answer is no object"),
        (200, {"extensions": TIME}, "an answer says nothing"),
        (200, {"data": None}, "an answer has no serverTime"),
        (200, {"data": 1, "x": 1, "extensions": TIME}, "an answer has odd members"),
        (200, {"errors": {}, "extensions": TIME}, "an answer says nothing"),
    ],
)
def test_bad_answers_are_found(status: int, body: Any, kind: str) -> None:
    assert kind in told(status, body)


def test_events_and_parts_are_looked_at() -> None:
    event = f"event: next\ndata: {json.dumps(error('INTERNAL'))}\n\n".encode()
    assert "an event has the code INTERNAL" in told(
        200, event, [("content-type", "text/event-stream")]
    )
    part = {"payload": error("INTERNAL")}
    body = f"\r\n--graphql\r\nA: b\r\n\r\n{json.dumps(part)}\r\n--graphql--".encode()
    kind = [("content-type", "multipart/mixed;boundary=graphql")]
    assert "a part has the code INTERNAL" in told(200, body, kind)


def test_messages_and_closes_are_looked_at() -> None:
    oracle = Oracle(Findings())
    oracle.message(b'{"type":"pong"}')
    oracle.close(4400, "no")
    assert not oracle.findings.counts
    oracle.message(b'{"type":"x"}')
    oracle.message(json.dumps({"type": "error", "payload": []}).encode())
    oracle.close(4999, "x" * 124)
    assert set(oracle.findings.counts) == {
        "a message of no known type",
        "an error has errors that are no list",
        "closed with 4999",
        "a long close reason",
    }


def test_nothing_may_follow_a_close_frame() -> None:
    oracle = Oracle(Findings())
    close = frame(b"\x11\x30no", CLOSE, mask=None)
    WebSocketReader(oracle).read(close)
    assert not oracle.findings.counts
    WebSocketReader(oracle).read(close + frame(b'{"type":"ping"}', mask=None) + b"\x81")
    assert set(oracle.findings.counts) == {
        "a frame after the close frame",
        "half a frame",
    }


def test_answers_are_read_from_what_came_out() -> None:
    data = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n"
    )
    found = answers_in(data, ["POST", "HEAD", "GET"])
    assert [(one.body, one.is_whole) for one in found] == [
        (b"{}", True),
        (b"", True),
        (b"abc", False),
    ]
    with pytest.raises(NotHttp):
        answers_in(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", [])
    with pytest.raises(NotHttp):
        answers_in(b"nonsense\r\n\r\n", [])


def test_two_answers_are_the_same_but_for_what_moves() -> None:
    one = Answer(200, [*JSON, ("x-request-id", "a")], b'{"available":1}')
    two = Answer(200, [("x-request-id", "b"), *JSON], b'{"available":2}')
    assert comparable(one) == comparable(two)
    assert comparable(one) != comparable(Answer(400, JSON, one.body))


def test_findings_keep_few_examples_and_count_all() -> None:
    findings = Findings()
    for session in range(5):
        findings.begin(session)
        findings.shown = b"sent"
        findings.add("bad", "why")
    assert findings.counts["bad"] == 5
    assert len(findings.found["bad"]) == MAX_EXAMPLES
    assert "session 1: why" in findings.text()
    assert "b'sent'" in findings.text()


def test_what_is_logged_as_an_error_is_a_finding() -> None:
    findings = Findings()
    log = logging.getLogger("fuzz.test")
    log.propagate = False
    log.addHandler(LogFindings(findings))
    log.warning("harmless")
    with pytest.raises(ValueError, match="x") as caught:
        raise ValueError("x")
    assert place_of(caught.value).startswith("ValueError at tests/unit/bench/fuzz")
    log.error("bad", exc_info=caught.value)
    findings.is_deaf = True
    log.error("unheard")
    (kind,) = findings.counts
    assert kind.startswith("logged fuzz.test: bad, ValueError at tests/unit")
