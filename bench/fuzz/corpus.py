"""The project's own documents: what people really send, sent again and spoiled."""

from functools import cache
from pathlib import Path

from graphql import get_introspection_query

from bench.fuzz.document import Asked, drawn
from bench.fuzz.draw import Draw

_PAGE = Path(__file__).parents[2] / "api" / "page"
KEPT = 400
"""Drawn documents that are asked again and again."""

KEPT_QUICK = 3_000
"""Those that can be answered directly; the first ones more often."""

INTROSPECTION = get_introspection_query()
_COIN = "query Coin($symbol: String!) { premium(symbol: $symbol) { symbol percent } }"
_BOARD = "{ premiums(first: 100) { edges { node { symbol percent quality } } } }"
_COINS = "query C($n: Int, $a: String) { coins(first: $n, after: $a) { totalCount } }"


@cache
def examples() -> tuple[str, ...]:
    """Return the documents of the pages and a few that clients repeat."""
    files = sorted(_PAGE.rglob("*.graphql"))
    assert files
    own = (_COIN, _BOARD, _COINS, "{ __typename }")
    return (*(file.read_text() for file in files), *own)


@cache
def _kept(place: int) -> Asked:
    return drawn(Draw(f"corpus:{place}"))


@cache
def _kept_quick(place: int) -> Asked:
    return drawn(Draw(f"quick:{place}"), quick=True)


def warm() -> None:
    """Draw whatever is asked often, so that it takes no memory later."""
    for place in range(KEPT_QUICK + 1):
        _kept_quick(place)
    for place in range(KEPT):
        _kept(place)


def quick(draw: Draw) -> Asked:
    """Return a document that is asked often, and can be answered directly."""
    found = _kept_quick(draw.upto(KEPT_QUICK))
    return Asked(found.text, dict(found.variables), found.operation)


def known(draw: Draw) -> Asked:
    """Return a document that is asked often."""
    if draw.hit(0.5):
        found = _kept(int(draw.random() * KEPT))
        return Asked(found.text, dict(found.variables), found.operation)
    # The largest of all, and seldom asked.
    text = INTROSPECTION if draw.hit(0.01) else draw.one(examples())
    variables: dict[str, object] = {}
    if "$symbol:" in text:
        variables = {"symbol": draw.one(("BTC", "ETH", "btc", "NOPE"))}
    elif "$n:" in text:
        variables = {"n": 1 + draw.upto(5)}
    return Asked(text, variables)
