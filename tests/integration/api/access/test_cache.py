"""ETag, 304 and Cache-Control of answers to GET."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.access import Access

if TYPE_CHECKING:
    from tests.integration.api.access.conftest import Keys, Serve

QUERY = '{ premium(symbol: "BTC") { percent } }'
PATH = "/graphql?query=" + quote(QUERY)


async def test_an_answer_that_has_not_changed_is_not_sent_again(
    site: Any, world: Any
) -> None:
    status, headers, body = await site.get(PATH)
    etag = headers["ETag"]
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert headers["Vary"] == "Accept, Origin"
    # The server's time is another one, the data is not.
    await world.clock.advance(0.5)
    status, again, nothing = await site.get(PATH, If_None_Match=f'"x", {etag}')
    assert (status, nothing) == (304, b"")
    assert again["ETag"] == etag
    assert again["Cache-Control"] == "no-cache"
    assert again["Vary"] == "Accept, Origin"
    assert again["X-Content-Type-Options"] == "nosniff"
    world.publish(BTC="53000000")
    status, headers, other = await site.get(PATH, If_None_Match=etag)
    assert (status, headers["ETag"] != etag) == (200, True)
    assert json.loads(other)["data"] != json.loads(body)["data"]


async def test_what_is_no_good_answer_is_kept_by_nobody(site: Any) -> None:
    for query in ("{ nonsense }", "{", '{ node(id: "x") { id } }', ""):
        path = "/graphql?query=" + quote(query)
        status, headers, _ = await site.get(path, If_None_Match="*")
        assert status != 304
        assert headers["Cache-Control"] == "no-store"
        assert "ETag" not in headers


async def test_a_post_is_kept_by_nobody(site: Any) -> None:
    for _ in range(3):
        status, headers, _ = await site.post({"query": QUERY}, If_None_Match="*")
        assert (status, headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in headers


async def test_what_was_asked_with_a_key_is_for_its_owner(
    open_site: Any, keyed_site: Any, keys: Keys
) -> None:
    token = await keys.make()
    for site in (open_site, keyed_site):
        _, headers, _ = await site.get(PATH, X_Api_Key=token)
        assert headers["Cache-Control"] == "private, no-cache"
    # A copy is not asked for without a key, whatever the client has.
    status, _, _ = await keyed_site.get(PATH, If_None_Match="*")
    assert status == 401


async def test_an_event_stream_is_kept_by_nobody(site: Any) -> None:
    query = quote("subscription { premiums { seq } }")
    headers = {"Accept": "text/event-stream"}
    url = f"{site.url}/graphql?query={query}"
    async with site.http.get(url, headers=headers) as response:
        assert "no-" in response.headers["Cache-Control"]
        assert "ETag" not in response.headers


async def test_keys_and_documents_do_not_change_the_tag(
    world: Any, serving: Serve, keys: Keys
) -> None:
    token = await keys.make()
    async with serving(replace(world.deps, access=Access(keys.service))) as site:
        tags = {(await site.get(PATH))[1]["ETag"]}
        tags.add((await site.get(PATH, X_Api_Key=token))[1]["ETag"])
        tags.add((await site.get(PATH, Accept="*/*"))[1]["ETag"])
    assert len(tags) == 1
