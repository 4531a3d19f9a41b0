"""HTTP statuses of answers, in both profiles, over a real socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from api.status import StatusProfile

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
NEEDS = "query($s: String!) { coin(symbol: $s) { symbol } }"


@pytest.fixture
async def draft(world: Any, serving: Any) -> AsyncIterator[Any]:
    """A server that follows the draft."""
    deps = replace(world.deps, status_profile=StatusProfile.DRAFT_2026)
    async with serving(deps) as site:
        yield site


@pytest.mark.parametrize(
    ("body", "audits", "draft_status"),
    [
        (b"nonsense", 400, 400),
        (b'{"qeury": "{ __typename }"}', 400, 422),
        (b'{"query": "{ a }", "variables": [7]}', 400, 422),
        (b"[]", 400, 422),
        ({"query": "{"}, 400, 400),
        ({"query": "{ nope }"}, 400, 422),
        ({"query": "query A { __typename } query B { __typename }"}, 400, 422),
        ({"query": NEEDS}, 400, 422),
        ({"query": NEEDS, "variables": {"s": None}}, 400, 422),
        ({"query": "{ __typename }"}, 200, 200),
        ({"query": "{ premiums(first: 0) { totalCount } }"}, 200, 294),
        (b'{"query": "' + b"#" * 200_000 + b'"}', 413, 413),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_each_condition_has_its_status(
    site: Any, draft: Any, body: Any, audits: int, draft_status: int
) -> None:
    for server, expected in ((site, audits), (draft, draft_status)):
        status, headers, answer = await server.post(body, Accept=GRAPHQL_JSON)
        assert status == expected
        assert headers["Content-Type"] == f"{GRAPHQL_JSON}; charset=utf-8"
        assert ("data" in answer) is (200 <= status < 300)


@pytest.mark.parametrize("query", ["{", "{ nope }", NEEDS])
async def test_who_takes_json_only_is_told_of_failures_in_the_drafts_type(
    site: Any, draft: Any, query: str
) -> None:
    status, headers, answer = await site.post({"query": query}, Accept=JSON)
    assert (status, "data" in answer) == (200, False)
    assert headers["Content-Type"].startswith(JSON)
    status, headers, answer = await draft.post({"query": query}, Accept=JSON)
    assert status == (400 if query == "{" else 422)
    assert headers["Content-Type"].startswith(GRAPHQL_JSON)
    assert "data" not in answer


async def test_partial_success_is_plain_success_to_who_takes_json_only(
    draft: Any,
) -> None:
    query = {"query": "{ premiums(first: 0) { totalCount } }"}
    status, headers, answer = await draft.post(query, Accept=JSON)
    assert (status, answer["data"]) == (200, None)
    assert headers["Content-Type"].startswith(JSON)


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
async def test_a_document_that_nobody_knows_is_asked_for(
    site: Any, accept: str
) -> None:
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    status, _, answer = await site.post({"extensions": hashed}, Accept=accept)
    assert status == (200 if accept == JSON else 400)
    assert answer["errors"][0]["message"] == "PersistedQueryNotFound"
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_document_that_nobody_knows_is_told_in_a_stream_too(site: Any) -> None:
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    url, headers = f"{site.url}/graphql", {"Accept": "text/event-stream"}
    async with site.http.post(
        url, json={"extensions": hashed}, headers=headers
    ) as response:
        assert response.status == 200
        text = await response.text()
    assert '"PersistedQueryNotFound"' in text
    assert text.endswith("event: complete\ndata: \nid: end\n\n")


async def test_json_of_another_charset_is_not_taken(site: Any) -> None:
    body = b'{"query": "{ __typename }"}'
    sent = "application/json; charset=latin-1"
    status, _, answer = await site.post(body, Content_Type=sent)
    assert status == 415
    assert "UTF-8" in answer["errors"][0]["message"]


async def test_a_failure_that_is_no_operations_is_in_a_form_that_is_accepted(
    site: Any,
) -> None:
    for accept, form in ((GRAPHQL_JSON, GRAPHQL_JSON), ("image/png", JSON)):
        status, headers, _ = await site.post({"query": "{ a }"}, Accept=accept)
        assert status == (400 if accept == GRAPHQL_JSON else 406)
        assert headers["Content-Type"] == f"{form}; charset=utf-8"
