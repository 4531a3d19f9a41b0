"""Documents that are named instead of sent, over every transport."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api.persisted import UNKNOWN_ID, Mode, PersistedDocuments, digest_of

if TYPE_CHECKING:
    from tests.integration.api.access.conftest import Serve

TEXT = "query P($s: String!) { premium(symbol: $s) { symbol } }"
LIVE = "subscription L { premiums { seq } }"
VARIABLES = {"s": "BTC"}
FOUND = {"premium": {"symbol": "BTC"}}
GRAPHQL_JSON = "application/graphql-response+json"


def apq(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}


def first(answer: Any) -> tuple[str, str]:
    error = answer["errors"][0]
    return error["extensions"]["code"], error["message"]


@pytest.fixture
async def trusting(world: Any, serving: Serve) -> AsyncIterator[Any]:
    """A server that answers trusted documents only."""
    documents = PersistedDocuments(Mode.ONLY, {"p1": TEXT, "l1": LIVE})
    async with serving(replace(world.deps, persisted=documents)) as site:
        yield site


@pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), (GRAPHQL_JSON, 400)]
)
async def test_a_hash_is_asked_for_then_sent_with_its_text_then_known(
    site: Any, accept: str, status: int
) -> None:
    named = {"extensions": apq(TEXT), "variables": VARIABLES}
    told, headers, answer = await site.post(named, Accept=accept)
    assert first(answer) == ("NOT_FOUND", "PersistedQueryNotFound")
    assert "data" not in answer
    assert headers["Cache-Control"] == "no-store"
    assert told == status
    _, _, answer = await site.post({**named, "query": TEXT}, Accept=accept)
    assert answer["data"] == FOUND
    told, _, answer = await site.post(named, Accept=accept)
    assert (told, answer["data"]) == (200, FOUND)


async def test_a_known_hash_is_asked_for_by_get_too(site: Any) -> None:
    await site.post({"extensions": apq(TEXT), "query": TEXT, "variables": VARIABLES})
    extensions = quote(json.dumps(apq(TEXT)))
    variables = quote(json.dumps(VARIABLES))
    path = f"/graphql?extensions={extensions}&variables={variables}"
    status, headers, body = await site.get(path)
    assert (status, json.loads(body)["data"]) == (200, FOUND)
    assert headers["ETag"].startswith('W/"')
    name = quote("sha256:" + digest_of(TEXT))
    path = f"/graphql?documentId={name}&variables={variables}"
    assert json.loads((await site.get(path))[2])["data"] == FOUND


async def test_a_wrong_hash_is_the_clients_mistake(site: Any) -> None:
    sent = {"query": "{ __typename }", "extensions": apq(TEXT)}
    status, _, answer = await site.post(sent, Accept=GRAPHQL_JSON)
    assert (status, first(answer)[0]) == (400, "BAD_USER_INPUT")


async def test_a_trusted_document_is_answered_over_post_and_get(trusting: Any) -> None:
    sent = {"documentId": "p1", "variables": VARIABLES}
    for accept in ("application/json", GRAPHQL_JSON):
        for _ in range(3):
            status, _, answer = await trusting.post(sent, Accept=accept)
            assert (status, answer["data"]) == (200, FOUND)
    variables = quote(json.dumps(VARIABLES))
    path = f"/graphql?documentId=p1&operationName=P&variables={variables}"
    status, _, body = await trusting.get(path)
    assert (status, json.loads(body)["data"]) == (200, FOUND)


async def test_what_is_not_trusted_is_not_answered(trusting: Any) -> None:
    introspection = "{ __schema { queryType { name } } }"
    for query in (introspection, TEXT, "{ __typename }"):
        # Often enough for the direct path, which takes what it has seen before.
        for _ in range(4):
            status, _, answer = await trusting.post(
                {"query": query, "variables": VARIABLES}, Accept=GRAPHQL_JSON
            )
            assert (status, first(answer)[0]) == (403, "FORBIDDEN")
    status, _, body = await trusting.get("/graphql?query=%7B__typename%7D")
    assert (status, first(json.loads(body))[0]) == (403, "FORBIDDEN")
    _, _, answer = await trusting.post({"documentId": "p2"})
    assert first(answer) == ("NOT_FOUND", UNKNOWN_ID)
    _, _, answer = await trusting.post({"extensions": apq(TEXT + " ")})
    assert first(answer) == ("NOT_FOUND", "PersistedQueryNotFound")


async def test_a_stream_is_opened_by_name(trusting: Any) -> None:
    headers = {"Accept": "text/event-stream", "Content-Type": "application/json"}
    url = f"{trusting.url}/graphql"
    body = json.dumps({"documentId": "l1"})
    async with trusting.http.post(url, data=body, headers=headers) as response:
        assert response.status == 200
        heard = b""
        while b'"data":{"premiums"' not in heard:
            heard += await response.content.readany()
    async with trusting.http.get(
        url + "?documentId=l1", headers={"Accept": "text/event-stream"}
    ) as response:
        assert response.status == 200


async def test_over_a_socket_names_do_and_texts_are_that_operations_error(
    trusting: Any,
) -> None:
    async with trusting.talk() as talk:
        live = {"documentId": "l1"}
        await talk.say(type="subscribe", id="1", payload=live)
        assert (await talk.hear())["type"] == "next"
        named = {"documentId": "p1", "variables": VARIABLES}
        await talk.say(type="subscribe", id="2", payload=named)
        heard = await talk.hear()
        assert (heard["id"], heard["payload"]["data"]) == ("2", FOUND)
        assert (await talk.hear())["type"] == "complete"
        for name, payload, code in (
            ("3", {"query": LIVE}, "FORBIDDEN"),
            ("4", {"documentId": "l2"}, "NOT_FOUND"),
            ("5", {"query": None, "extensions": apq(LIVE + " ")}, "NOT_FOUND"),
            ("6", {"documentId": "l1", "query": LIVE}, "BAD_USER_INPUT"),
        ):
            await talk.say(type="subscribe", id=name, payload=payload)
            heard = await talk.hear()
            assert (heard["id"], heard["type"]) == (name, "error")
            assert heard["payload"][0]["extensions"]["code"] == code
        await talk.say(type="ping")
        assert (await talk.hear())["type"] == "pong"


async def test_a_socket_registers_a_hash_as_a_request_does(site: Any) -> None:
    async with site.talk() as talk:
        named = {"extensions": apq(LIVE)}
        await talk.say(type="subscribe", id="1", payload=named)
        heard = await talk.hear()
        assert heard["payload"][0]["message"] == "PersistedQueryNotFound"
        whole = {**named, "query": LIVE}
        await talk.say(type="subscribe", id="2", payload=whole)
        assert (await talk.hear())["type"] == "next"
        await talk.say(type="subscribe", id="3", payload=named)
        assert (await talk.hear())["type"] == "next"
