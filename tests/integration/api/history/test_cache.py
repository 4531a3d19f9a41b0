"""What caches may do with pages of the past."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from api.access import Access

DOCUMENT = (
    'query($to: DateTime!) { coin(symbol: "%s") { symbol premiumHistory('
    'from: "2025-12-01T00:00:00Z", to: $to) { edges { node { close } } } } }'
)
SETTLED, YOUNG = "2025-12-02T00:00:00Z", "2026-01-01T00:00:00Z"


def path(to: str, symbol: str = "BTC") -> str:
    variables = quote(json.dumps({"to": to}))
    return f"/graphql?query={quote(DOCUMENT % symbol)}&variables={variables}"


@pytest.mark.parametrize(
    ("to", "symbol", "rule"),
    [
        (SETTLED, "BTC", "public, max-age=3600"),
        (YOUNG, "BTC", "no-cache"),
        # A coin that is not there may be listed tomorrow.
        (SETTLED, "NOPE", "no-cache"),
    ],
)
async def test_a_page_that_has_settled_may_be_used_unasked(
    world: Any, past: Any, serving: Any, to: str, symbol: str, rule: str
) -> None:
    async with serving(world.deps) as site:
        answers = [await site.get(path(to, symbol)) for _ in range(3)]
        for status, headers, body in answers:
            assert (status, headers["Cache-Control"]) == (200, rule), body
        asked = {"If_None_Match": answers[-1][1]["ETag"]}
        status, headers, _ = await site.get(path(to, symbol), **asked)
        assert (status, headers["Cache-Control"]) == (304, rule)


async def test_where_keys_are_demanded_it_is_the_callers_own(
    world: Any, past: Any, serving: Any
) -> None:
    deps = replace(world.deps, access=_Everybody(required=True))
    async with serving(deps) as site:
        _, headers, _ = await site.get(path(SETTLED))
    assert headers["Cache-Control"] == "private, max-age=3600"


async def test_what_went_wrong_is_kept_by_nobody(
    world: Any, past: Any, serving: Any
) -> None:
    past.history.store.down = "gone"
    async with serving(world.deps) as site:
        _, headers, body = await site.get(path(SETTLED))
    assert json.loads(body)["errors"]
    assert headers["Cache-Control"] == "no-store"
    assert "ETag" not in headers


class _Everybody(Access):
    """Lets everybody in, where keys are demanded."""

    def caller(self, authorization: str | None, address: str) -> Any:
        return Access().caller(None, address)
