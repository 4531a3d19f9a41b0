"""What a key may do, held against what is asked."""

import pytest
from graphql import parse

from api.access_scope import scope_refusal, scopes_needed, scopes_of
from api.caller import Caller
from domain.model.access import ALL_SCOPES, Scope

READ, LIVE, HISTORY = Scope.READ, Scope.LIVE, Scope.HISTORY
SPAN = 'from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"'


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("{ health { status } }", {READ}),
        ("{ __schema { types { name } } }", {READ}),
        ("subscription { premiums { seq } }", {LIVE}),
        ('{ premium(symbol: "BTC", asOf: null) { percent } }', {READ, HISTORY}),
        ('{ coin(symbol: "X") { premiumHistory(' + SPAN + ") { edges { cursor } } } }",
         {READ, HISTORY}),
        ('{ dailySnapshots(date: "2026-01-01") { edges { cursor } } }',
         {READ, HISTORY}),
        ("{ ...a } fragment a on Query { ...b } "
         "fragment b on Query { premium(symbol: \"X\") { stats { min } } }",
         {READ, HISTORY}),
        ("{ ... on Query @skip(if: true) { "
         "premium(symbol: \"X\") { stats { min } } } }",
         {READ, HISTORY}),
        # An alias is not a name, and a fragment in itself ends.
        ("{ stats: health { status } }", {READ}),
        ("{ ...a } fragment a on Query { health { status } ...a }", {READ}),
        ("{ ...missing }", {READ}),
        ("subscription { premiums { changed { stats { min } } } }", {LIVE, HISTORY}),
        # Only what would run counts.
        ("query a { health { status } } subscription b { premiums { seq } }", set()),
    ],
)  # fmt: skip
def test_a_document_tells_what_it_needs(text: str, needed: set[Scope]) -> None:
    assert scopes_needed(parse(text), None) == needed


def test_only_the_operation_that_is_named_counts() -> None:
    text = "query a { health { status } } subscription b { premiums { seq } }"
    assert scopes_needed(parse(text), "a") == {READ}
    assert scopes_needed(parse(text), "b") == {LIVE}
    assert scopes_needed(parse(text), "c") == set()


def test_a_key_without_the_scope_is_told_which_it_lacks() -> None:
    document = parse('{ premium(symbol: "X") { stats { min } } }')
    caller = Caller("", "k", frozenset({"live"}))
    refusal = scope_refusal(caller, document, None)
    assert refusal is not None
    assert refusal.message.endswith("it lacks the scope history, read")
    assert refusal.extensions == {"code": "FORBIDDEN"}
    assert scope_refusal(Caller("", "k", frozenset({"read"})), document, None)


@pytest.mark.parametrize(
    "caller",
    [
        Caller("192.0.2.1"),
        Caller("", "k", frozenset(map(str, ALL_SCOPES))),
        Caller("", "k", frozenset({"read", "history"})),
    ],
)
def test_who_may_is_not_kept_from_it(caller: Caller) -> None:
    document = parse('{ premium(symbol: "X") { stats { min } } }')
    assert scope_refusal(caller, document, None) is None
    assert scope_refusal(caller, None, None) is None


def test_a_key_that_may_do_everything_is_told_what_everybody_is() -> None:
    everything = frozenset(map(str, ALL_SCOPES))
    assert scopes_of(Caller()) == scopes_of(Caller("", "k", everything)) == everything
    assert scopes_of(Caller("", "k", frozenset({"live"}))) == {"live"}
