"""What every answer carries, and what is answered where a route fails."""

import json
from typing import Any

import pytest
from starlette.responses import Response

from adapters.memory.clock import FakeClock
from api.shield import POLICY, SECURITY_HEADERS, Masking, Shield


async def ask(app: Any, kind: str = "http") -> list[Any]:
    """Return what an application sends."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "GET", "path": "/here", "headers": []}
    await app(scope, None, send)
    return sent


async def fail(_scope: Any, _receive: Any, _send: Any) -> None:
    raise RuntimeError("secret detail")


async def test_an_answer_gets_every_header_and_keeps_its_own() -> None:
    own = {"Content-Security-Policy": "default-src 'self'", "X-Other": "1"}
    sent = await ask(Shield(Response("x", headers=own)))
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    for name, value in SECURITY_HEADERS.items():
        expected = own.get(name, value)
        assert headers[name.lower()] == expected
    assert headers["x-other"] == "1"
    names = [name for name, _ in sent[0]["headers"]]
    assert len(names) == len(set(names))


def test_what_is_no_page_may_load_nothing_and_be_framed_nowhere() -> None:
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    # TLS ends before us: what it promises is the proxy's to say.
    assert "Strict-Transport-Security" not in SECURITY_HEADERS


async def test_a_failure_is_masked_logged_and_carries_the_headers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = await ask(Shield(Masking(fail, FakeClock())))
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    assert sent[0]["status"] == 500
    assert headers["x-frame-options"] == "DENY"
    (error,) = json.loads(sent[1]["body"])["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"]
    assert "secret" not in error["message"]
    assert "api.internal_error" in caplog.messages


async def test_a_failure_in_the_middle_of_an_answer_breaks_the_connection() -> None:
    async def half(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask(Masking(half, FakeClock()))


@pytest.mark.parametrize("layer", [Shield, lambda app: Masking(app, FakeClock())])
async def test_sockets_pass_untouched(layer: Any) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept", "headers": []})

    sent = await ask(layer(app), "websocket")
    assert sent == [{"type": "websocket.accept", "headers": []}]
    with pytest.raises(RuntimeError):
        await ask(layer(fail), "websocket")
