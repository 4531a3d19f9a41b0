"""GraphQL over HTTP: forms of answers, bounds, origins and event streams."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from api.endpoint import GraphQLEndpoint

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN = "{ __typename }"
COIN = 'subscription { premium(symbol: "BTC", throttleMs: 100) { percent } }'
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_a_query_is_answered_by_post_and_get(site: Any) -> None:
    status, headers, posted = await site.post({"query": PLAIN})
    assert (status, posted["data"]) == (200, {"__typename": "Query"})
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    variables = quote('{"s":"btc"}')
    query = quote("query A($s: String!) { coin(symbol: $s) { koreanName } }")
    path = f"/graphql?query={query}&variables={variables}&operationName=A"
    status, _, got = await site.get(path + "&extensions={}")
    assert status == 200
    assert json.loads(got)["data"] == {"coin": {"koreanName": "비트코인"}}
    assert "비트코인".encode() in got


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"application/json;q=0.5, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, application/json;q=0.9", "application/json"),
        (f"{GRAPHQL_JSON};q=0, application/json;q=x, */*;q=0.1", "application/json"),
        (URQL, GRAPHQL_JSON),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream;q=0.9, application/json;q=0.5", "text/event-stream"),
    ],
)
async def test_the_form_that_is_ranked_first_is_sent(
    site: Any, accept: str, form: str
) -> None:
    data = json.dumps({"query": PLAIN})
    headers = {"Content-Type": "application/json", "Accept": accept}
    url = f"{site.url}/graphql"
    async with site.http.post(url, data=data, headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].partition(";")[0] == form
        await response.read()


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0"])
async def test_a_client_that_takes_no_form_of_ours_is_told(
    site: Any, accept: str
) -> None:
    status, _, answer = await site.post({"query": PLAIN}, Accept=accept)
    assert status == 406
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("accept", ["application/json", "*/*", GRAPHQL_JSON])
async def test_a_subscription_without_a_stream_is_refused(
    site: Any, accept: str
) -> None:
    status, _, answer = await site.post({"query": COIN}, Accept=accept)
    assert status == 406
    assert "text/event-stream" in answer["errors"][0]["message"]


async def test_a_request_that_never_ran_has_no_data(site: Any) -> None:
    for query in ("{ nope }", "{", "query A { a } query B { b }"):
        status, _, answer = await site.post({"query": query})
        assert (status, "data" in answer) == (200, False)
        status, _, answer = await site.post({"query": query}, Accept=GRAPHQL_JSON)
        assert (status, "data" in answer) == (400, False)
        assert "serverTime" in answer["extensions"]


async def test_a_request_that_ran_has_data_beside_its_errors(site: Any) -> None:
    query = {"query": "{ premiums(first: 0) { totalCount } }"}
    status, _, answer = await site.post(query, Accept=GRAPHQL_JSON)
    assert (status, answer["data"]) == (200, None)
    assert answer["errors"][0]["path"] == ["premiums"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nope", 400),
        (b"\xff", 400),
        (b'{"query": "{ __typename }"', 400),
        (b"[" * 100_000, 400),
        (b'"text"', 400),
        (b"[]", 400),
        (b'[{"query": "{ __typename }"}]', 400),
        (b"{}", 400),
        (b'{"query": ""}', 400),
        (b'{"query": 1}', 400),
        (b'{"query": "{ a }", "variables": []}', 400),
        (b'{"query": "{ a }", "variables": "{}"}', 400),
        (b'{"query": "{ a }", "extensions": 1}', 400),
        (b'{"query": "{ a }", "operationName": {}}', 400),
        (b'{"query": "{ a(x: \\"\\ud800\\") }"}', 400),
        (b'{"query": "' + b"#" * 200_000 + b'"}', 413),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_malformed_body_is_told(site: Any, body: bytes, status: int) -> None:
    got, headers, answer = await site.post(body)
    assert got == status
    assert headers["Content-Type"].startswith("application/json")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_large_body_without_a_length_is_cut_off(site: Any) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 8192

    headers = {"Content-Type": "application/json"}
    url = f"{site.url}/graphql"
    async with site.http.post(url, data=chunks(), headers=headers) as response:
        assert response.status == 413


async def test_a_long_query_string_is_refused(site: Any) -> None:
    status, _, _ = await site.get("/graphql?query=" + "%20" * 6000)
    assert status == 414


@pytest.mark.parametrize("path", ["", "?query=", "?query=%7B%7D&variables=x"])
async def test_a_malformed_get_is_told(site: Any, path: str) -> None:
    status, _, body = await site.get("/graphql" + path)
    assert status == 400
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonx",
        "",
    ],
)
async def test_only_json_is_taken(site: Any, content_type: str) -> None:
    body = json.dumps({"query": PLAIN}).encode()
    status, _, answer = await site.post(body, Content_Type=content_type)
    assert status == 415
    assert "application/json" in answer["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_refused_with_those_allowed(
    site: Any, method: str
) -> None:
    async with site.http.request(method, f"{site.url}/graphql") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize("accept", ["text/html", BROWSER])
async def test_a_browser_gets_the_page(site: Any, accept: str) -> None:
    for path in ("/graphql", "/", "/graphql?query=%7Bhealth%7Bstatus%7D%7D"):
        status, headers, body = await site.get(path, Accept=accept)
        assert status == 200
        assert headers["Content-Type"].startswith("text/html")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert b"<!doctype html>" in body


async def test_without_the_page_a_browser_gets_addresses_and_data(
    world: Any, serving: Any
) -> None:
    async with serving(replace(world.deps, graphiql=False)) as site:
        status, _, body = await site.get("/", Accept=BROWSER)
        assert (status, b"/schema.graphql" in body) == (200, True)
        path = "/graphql?query=%7B__typename%7D"
        status, headers, _ = await site.get(path, Accept=BROWSER)
        assert headers["Content-Type"].startswith("application/json")
        assert status == 200


async def test_an_unknown_address_is_told_as_json(site: Any) -> None:
    status, _, body = await site.get("/nope")
    assert status == 404
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("allowed", "origin", "taken", "shown"),
    [
        ((), None, True, None),
        ((), "same", True, None),
        ((), "https://evil.example", False, None),
        (("https://good.example",), "https://good.example", True, "origin"),
        (("https://good.example",), "https://evil.example", False, None),
        (("*",), "https://any.example", True, "*"),
    ],
)
async def test_pages_of_other_sites_call_by_the_list(
    world: Any, serving: Any, allowed: Any, origin: Any, taken: bool, shown: Any
) -> None:
    async with serving(replace(world.deps, allowed_origins=allowed)) as site:
        sent = site.url if origin == "same" else origin
        headers = {} if sent is None else {"Origin": sent}
        status, answered, answer = await site.post({"query": PLAIN}, **headers)
        assert status == (200 if taken else 403)
        if not taken:
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        expected = sent if shown == "origin" else shown
        assert answered.get("Access-Control-Allow-Origin") == expected
        assert "Access-Control-Allow-Credentials" not in answered


async def test_a_same_origin_page_behind_a_proxy_is_known_by_its_fetch_site(
    site: Any,
) -> None:
    headers = {"Origin": "https://kimp.example", "Sec-Fetch-Site": "same-origin"}
    data = json.dumps({"query": PLAIN})
    headers["Content-Type"] = "application/json"
    async with site.http.post(
        f"{site.url}/graphql", data=data, headers=headers
    ) as response:
        assert response.status == 200


async def test_a_preflight_is_answered_for_allowed_sites(
    world: Any, serving: Any
) -> None:
    origins = ("https://good.example",)
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with serving(replace(world.deps, allowed_origins=origins)) as site:
        for origin, status in ((origins[0], 200), ("https://evil.example", 400)):
            headers = {"Origin": origin, **asked}
            url = f"{site.url}/graphql"
            async with site.http.options(url, headers=headers) as response:
                assert response.status == status


@pytest.mark.parametrize("accept", ["text/event-stream", URQL])
async def test_a_subscription_streams_events_with_plain_line_ends(
    world: Any, site: Any, accept: str
) -> None:
    data = json.dumps({"query": COIN})
    headers = {"Content-Type": "application/json", "Accept": accept}
    url = f"{site.url}/graphql"
    async with site.http.post(url, data=data, headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        first = await event(response)
        assert first[0] == b"event: next\n"
        assert json.loads(first[1][6:])["data"] == {"premium": {"percent": "0"}}
        await world.clock.settle()
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        second = await event(response)
        assert json.loads(second[1][6:])["data"] == {"premium": {"percent": "0.192308"}}


async def test_a_subscription_streams_over_get(site: Any) -> None:
    path = "/graphql?query=" + quote(COIN)
    headers = {"Accept": "text/event-stream"}
    async with site.http.get(site.url + path, headers=headers) as response:
        assert (await event(response))[0] == b"event: next\n"


async def test_what_ends_at_once_is_one_event_and_complete(site: Any) -> None:
    for query, data in (
        (PLAIN, {"__typename": "Query"}),
        (COIN.replace("BTC", "NOPE"), None),
        ("subscription { premiums(throttleMs: 1) { seq } }", None),
    ):
        body = json.dumps({"query": query})
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        url = f"{site.url}/graphql"
        async with site.http.post(url, data=body, headers=headers) as response:
            told = await event(response)
            assert json.loads(told[1][6:]).get("data") == data
            ended = [b"event: complete\n", b"data: \n", b"id: end\n"]
            assert await event(response) == ended
            assert await response.read() == b""


async def test_an_event_stream_that_is_left_closes_its_source(
    world: Any, site: Any
) -> None:
    before = asyncio.all_tasks()
    body = json.dumps({"query": COIN})
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    url = f"{site.url}/graphql"
    async with site.http.post(url, data=body, headers=headers) as response:
        await event(response)
    left = asyncio.all_tasks() - before
    if left:
        _, pending = await asyncio.wait(left, timeout=5)
        assert not pending


async def test_an_idle_event_stream_is_kept_open_by_comments(
    world: Any, serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.listening.HEARTBEAT_S", 0.01)
    body = json.dumps({"query": COIN})
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    async with serving(world.deps) as site:
        url = f"{site.url}/graphql"
        async with site.http.post(url, data=body, headers=headers) as response:
            seen = [await event(response) for _ in range(3)]
    assert [b": ping\n"] in seen


async def test_a_client_that_leaves_while_it_sends_is_let_go(world: Any) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await GraphQLEndpoint(world.deps)(scope, receive, send)  # type: ignore[arg-type]  # a plain dict
    assert sent[0]["status"] == 400


async def event(response: Any) -> list[bytes]:
    """Return the lines of the next event."""
    lines: list[bytes] = []
    while line := await response.content.readline():
        if line == b"\n":
            return lines
        assert b"\r" not in line
        lines.append(line)
    return lines


async def test_a_packed_body_is_refused(site: Any) -> None:
    body = {"query": "{ __typename }"}
    status, _, answer = await site.post(body, Content_Encoding="gzip")
    assert status == 415
    assert "Content-Encoding" in answer["errors"][0]["message"]
    assert (await site.post(body, Content_Encoding="identity"))[0] == 200
