"""Guide, reference, llms.txt and examples over HTTP."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.routing import Route

from api.app import create_app
from api.limit import Limits
from api.reference.example import CLIENTS
from api.reference.frame import CONTENT_SECURITY_POLICY
from api.reference.guide import ENDPOINTS
from api.schema import schema_text

PAGES = ("/docs", "/docs/reference")
TEXTS = ("/llms.txt", "/schema.graphql", "/docs/example/curl.sh")


async def test_every_address_is_told_and_every_address_told_is_there(
    world: Any,
) -> None:
    app = await asyncio.to_thread(create_app, world.deps)
    paths = {route.path for route in app.routes if isinstance(route, Route)}
    assert paths == set(ENDPOINTS)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_html_that_may_load_from_here_only(
    site: Any, path: str
) -> None:
    status, headers, body = await site.get(path)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "김치 프리미엄" in body.decode()


@pytest.mark.parametrize("path", TEXTS)
async def test_a_text_is_a_text(site: Any, path: str) -> None:
    status, headers, _ = await site.get(path)
    assert status == 200
    kind = "text/markdown" if path == "/llms.txt" else "text/plain"
    assert headers["Content-Type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("path", [*PAGES, *TEXTS])
async def test_what_a_client_has_is_not_sent_again(site: Any, path: str) -> None:
    _, headers, _ = await site.get(path)
    assert headers["Cache-Control"] == "no-cache"
    tag = headers["ETag"]
    status, again, body = await site.get(path, If_None_Match=f'"other", W/{tag}')
    assert (status, body, again["ETag"]) == (304, b"", tag)
    status, _, body = await site.get(path, If_None_Match='"other"')
    assert status == 200
    assert body


async def test_the_schema_is_word_for_word_that_of_the_code(site: Any) -> None:
    _, _, body = await site.get("/schema.graphql")
    assert body.decode() == schema_text()


async def test_the_reference_searches(site: Any) -> None:
    _, _, body = await site.get("/docs/reference?q=zscore")
    assert b'id="PremiumStats.zScore"' in body
    assert b'id="Query"' not in body
    _, _, longer = await site.get(f"/docs/reference?q={'zscore+' * 50}")
    assert len(longer) < len(body) + 1000


async def test_texts_speak_of_the_address_that_was_asked(site: Any) -> None:
    for path in ("/docs", "/llms.txt"):
        _, _, body = await site.get(path)
        assert f"{site.url}/graphql" in body.decode()
        _, _, body = await site.get(path, Host="kimp.example:8443")
        assert "http://kimp.example:8443/graphql" in body.decode()


@pytest.mark.parametrize("host", ['a"><script>', "kimp b", "x" * 300, "a/../b"])
async def test_a_host_that_is_none_is_not_repeated(site: Any, host: str) -> None:
    for path in ("/docs", "/llms.txt"):
        _, _, body = await site.get(path, Host=host)
        assert host not in body.decode()


async def test_the_limits_are_those_of_this_server(world: Any, serving: Any) -> None:
    deps = replace(world.deps, limits=Limits(depth=77))
    async with serving(deps) as site:
        for path in ("/docs", "/llms.txt"):
            _, _, body = await site.get(path)
            assert "77" in body.decode()


async def test_the_dry_run_is_as_the_guide_tells_it(site: Any) -> None:
    _, _, body = await site.get("/llms.txt")
    told = re.search(r"`(x-[\w-]+): (\w+)` as a header", body.decode())
    assert told is not None
    headers = {told[1].replace("-", "_"): told[2]}
    status, _, answer = await site.post({"query": "{ fxRates { rate } }"}, **headers)
    assert (status, answer.get("data")) == (200, None)
    assert answer["extensions"]["cost"]["requested"] > 0


async def test_without_graphiql_nothing_leads_there(world: Any, serving: Any) -> None:
    async with serving(replace(world.deps, graphiql=False)) as site:
        for path in PAGES:
            _, _, body = await site.get(path)
            assert b"GraphiQL</a>" not in body
        _, _, body = await site.get("/")
        assert b"/docs " in body
        assert b"/llms.txt" in body


@pytest.mark.parametrize("name", CLIENTS)
async def test_an_example_can_be_fetched(site: Any, name: str) -> None:
    status, headers, body = await site.get(f"/docs/example/{name}")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert body


@pytest.mark.parametrize("name", ["README.md", "nope.py", "..%2f..%2fMakefile"])
async def test_what_is_no_example_is_not_found(site: Any, name: str) -> None:
    status, _, body = await site.get(f"/docs/example/{name}")
    assert status == 404
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "NOT_FOUND"
