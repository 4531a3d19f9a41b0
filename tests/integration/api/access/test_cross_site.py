"""Other sites' pages: who may call and read, and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus

from api.shield import SECURITY_HEADERS

if TYPE_CHECKING:
    from tests.integration.api.access.conftest import Serve

HEALTH = {"query": "{ health { status } }"}
PATH = "/graphql?query=%7B__typename%7D"
FRIEND, STRANGER = "https://app.example", "https://evil.example"


@pytest.fixture
async def friendly(world: Any, serving: Serve) -> AsyncIterator[Any]:
    """A server that one other site may call."""
    deps = replace(world.deps, allowed_origins=("https://APP.example:443/",))
    async with serving(deps) as site:
        yield site


async def test_a_friend_may_read_answers_and_their_headers(friendly: Any) -> None:
    for _ in range(3):
        status, headers, _ = await friendly.post(HEALTH, Origin=FRIEND)
        assert status == 200
        assert headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Access-Control-Allow-Credentials" not in headers
        assert "Origin" in headers["Vary"]
        exposed = headers["Access-Control-Expose-Headers"]
        assert {"ETag", "Retry-After", "X-Request-Id"} <= set(exposed.split(", "))


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        ({"query": "{"}, {"Accept": "application/graphql-response+json"}, 400),
        (HEALTH, {"Content_Type": "text/plain"}, 415),
        (HEALTH, {"X_Api_Key": "x"}, 401),
        (HEALTH, {"Accept": "image/png"}, 406),
        (b"{", {}, 400),
        (b" " * 200_000, {}, 413),
    ],
)
async def test_a_friend_may_read_what_went_wrong(
    friendly: Any, body: Any, more: dict[str, str], status: int
) -> None:
    told, headers, answer = await friendly.post(body, Origin=FRIEND, **more)
    assert told == status
    assert headers["Access-Control-Allow-Origin"] == FRIEND
    assert answer["errors"]


@pytest.mark.parametrize("path", ["/nowhere", "/graphql?query=%7Bx%7D", "/health"])
async def test_a_friend_may_read_every_address(friendly: Any, path: str) -> None:
    _, headers, _ = await friendly.get(path, Origin=FRIEND)
    assert headers["Access-Control-Allow-Origin"] == FRIEND


async def test_a_friend_may_read_that_we_failed(
    world: Any, serving: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> bytes:
        raise RuntimeError("metrics are broken")

    deps = replace(world.deps, allowed_origins=(FRIEND,), metrics=broken)
    async with serving(deps) as site:
        status, headers, body = await site.get("/metrics", Origin=FRIEND)
    assert status == 500
    assert headers["Access-Control-Allow-Origin"] == FRIEND
    (error,) = json.loads(body)["errors"]
    assert error["extensions"]["requestId"] == headers["X-Request-Id"]
    for name, value in SECURITY_HEADERS.items():
        assert headers[name] == value
    assert "api.internal_error" in caplog.messages


async def test_a_friend_may_read_a_stream(friendly: Any) -> None:
    sent = {"Origin": FRIEND, "Accept": "text/event-stream"}
    url = f"{friendly.url}/graphql?query=subscription%7Bpremiums%7Bseq%7D%7D"
    async with friendly.http.get(url, headers=sent) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == FRIEND


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://app.example", "x"])
async def test_a_stranger_may_not_call(friendly: Any, origin: str) -> None:
    status, headers, answer = await friendly.post(HEALTH, Origin=origin)
    assert status == 403
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "Access-Control-Allow-Origin" not in headers
    assert (await friendly.get(PATH, Origin=origin))[0] == 403
    with pytest.raises(InvalidStatus):
        async with friendly.dial(additional_headers={"Origin": origin}):
            pass


async def test_a_friend_may_open_a_socket(friendly: Any) -> None:
    async with friendly.talk(additional_headers={"Origin": FRIEND}) as talk:
        await talk.say(type="ping")
        assert (await talk.hear())["type"] == "pong"


async def preflight(site: Any, origin: str, *wanted: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ", ".join(wanted),
    }
    async with site.http.options(f"{site.url}/graphql", headers=headers) as response:
        return response.status, response.headers


async def test_a_friends_browser_is_told_that_it_may_send_its_headers(
    friendly: Any,
) -> None:
    wanted = ("authorization", "x-api-key", "apollographql-client-name")
    status, headers = await preflight(friendly, FRIEND, *wanted)
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == FRIEND
    allowed = headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in wanted)
    assert "Access-Control-Allow-Credentials" not in headers


async def test_a_strangers_browser_is_not(friendly: Any, site: Any) -> None:
    status, headers = await preflight(friendly, STRANGER, "content-type")
    assert status == 400
    assert "Access-Control-Allow-Origin" not in headers
    _, headers = await preflight(site, STRANGER, "content-type")
    assert "Access-Control-Allow-Origin" not in headers


async def test_every_site_may_read_where_all_are_allowed(
    world: Any, serving: Serve
) -> None:
    async with serving(replace(world.deps, allowed_origins=("*",))) as site:
        for _ in range(3):
            _, headers, _ = await site.post(HEALTH, Origin=STRANGER)
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in headers
        status, headers, _ = await site.get(PATH, Origin="null")
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"GraphQL_Require_Preflight": "1"}, 200),
        ({"Apollo_Require_Preflight": "true"}, 200),
        ({"X_Requested_With": "fetch"}, 200),
    ],
)
async def test_a_get_with_cookies_needs_a_header_that_no_foreign_page_sends(
    site: Any, more: dict[str, str], status: int
) -> None:
    told, headers, body = await site.get(PATH, Cookie="session=1", **more)
    assert told == status
    assert "Set-Cookie" not in headers
    if status == 403:
        (error,) = json.loads(body)["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "GraphQL-Require-Preflight" in error["message"]
    # The page itself is no answer to an operation.
    assert (await site.get("/graphql", Cookie="a=b", Accept="text/html"))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/graphql",
        PATH,
        "/health",
        "/ready",
        "/metrics",
        "/schema.graphql",
        "/docs",
        "/icons/BTC",
        "/icons/NOPE",
        "/nowhere",
        "/static/page/icon.svg",
        "/static/nothing",
    ],
)
async def test_every_answer_carries_the_headers(site: Any, path: str) -> None:
    _, headers, _ = await site.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert headers.getall(name) == [headers[name]]
        if name not in ("Content-Security-Policy", "Cross-Origin-Resource-Policy"):
            assert headers[name] == value
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers
    assert "Server" not in headers or "uvicorn" in headers["Server"]


async def test_a_stream_and_the_direct_path_carry_them_too(site: Any) -> None:
    for _ in range(4):
        _, headers, _ = await site.post(HEALTH)
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    url = f"{site.url}/graphql?query=subscription%7Bpremiums%7Bseq%7D%7D"
    sent = {"Accept": "text/event-stream"}
    async with site.http.get(url, headers=sent) as response:
        told = response.headers
        assert {name: told[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_only_pictures_may_be_shown_elsewhere(site: Any) -> None:
    _, headers, _ = await site.get("/icons/BTC")
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
