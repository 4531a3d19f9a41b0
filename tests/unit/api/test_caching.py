"""What caches may do with the answers to GET."""

from typing import Any

import pytest
from graphql import parse

from api.caching import (
    SETTLED_DAYS,
    cache_control,
    etag_of,
    is_known,
    is_settled,
)

# 2026-06-15 00:00 UTC; what ended by the 7th has settled.
NOW_MS = 1_781_481_600_000
TAG = etag_of(b'{"a":1}')
OLD, YOUNG = "2026-06-01T00:00:00Z", "2026-06-10T00:00:00Z"


def test_a_tag_is_weak_and_of_the_data() -> None:
    assert TAG.startswith('W/"')
    assert etag_of(b'{"a":1}') == TAG
    assert etag_of(b'{"a":2}') != TAG


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ("", False),
        ("*", True),
        (" * ", True),
        (TAG, True),
        (TAG.removeprefix("W/"), True),
        (f'"x", {TAG}', True),
        (f'W/"x",{TAG},"y"', True),
        ('W/"x"', False),
        (TAG[:-2] + '"', False),
        (TAG.strip('W/"'), False),
        ("garbage \x00", False),
    ],
)
def test_a_client_names_what_it_has(header: str | None, known: bool) -> None:
    assert is_known(header, TAG) is known


@pytest.mark.parametrize(
    ("settled", "private", "told"),
    [
        (False, False, "no-cache"),
        (False, True, "private, no-cache"),
        (True, False, "public, max-age=3600"),
        (True, True, "private, max-age=3600"),
    ],
)
def test_the_rule_of_a_good_answer(settled: bool, private: bool, told: str) -> None:
    assert cache_control(settled=settled, private=private) == told


def history(to: str, more: str = "") -> str:
    span = f'from: "2026-05-01T00:00:00Z", to: {to}'
    return (
        f'{{ coin(symbol: "BTC") {{ symbol {more} '
        f"premiumHistory({span}) {{ edges {{ node {{ close }} }} }} }} }}"
    )


def settled(text: str, variables: dict[str, Any] | None = None) -> bool:
    return is_settled(parse(text), None, variables, {"coin": {}}, NOW_MS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (history(f'"{OLD}"'), True),
        (history(f'"{YOUNG}"'), False),
        (history(f'"{OLD}"', "__typename id koreanName englishName"), True),
        (history(f'"{OLD}"', "premium { percent }"), False),
        (history(f'"{OLD}"', "listings { market }"), False),
        (history('"nonsense"'), False),
        (history("5"), False),
        (history("null"), False),
        ('{ dailySnapshots(date: "2026-06-06") { edges { cursor } } }', True),
        ('{ dailySnapshots(date: "2026-06-07") { edges { cursor } } }', False),
        ('{ coin(symbol: "X") { dailySnapshots(to: "2026-06-01") '
         "{ edges { cursor } } } }", True),
        # Without an end it goes on.
        ('{ coin(symbol: "X") { dailySnapshots { edges { cursor } } } }', False),
        ('{ coin(symbol: "X") }', False),
        ("{ __typename }", False),
        ("{ health { status } }", False),
        ("{ premiums { edges { cursor } } }", False),
        ("{ ...a } fragment a on Query { ...b ...b } fragment b on Query { "
         'dailySnapshots(date: "2026-06-01") { edges { cursor } } }', True),
        ('{ ... { dailySnapshots(date: "2026-06-01") { edges { cursor } } } '
         "...a } fragment a on Query { health { status } }", False),
        ("{ ...missing }", False),
    ],
)  # fmt: skip
def test_only_pages_of_history_that_ended_long_ago_have_settled(
    text: str, answer: bool
) -> None:
    assert settled(text) is answer


@pytest.mark.parametrize(
    ("variables", "default", "answer"),
    [
        ({"to": OLD}, None, True),
        ({"to": YOUNG}, OLD, False),
        ({}, OLD, True),
        (None, YOUNG, False),
        ({}, None, False),
        ({"to": None}, OLD, False),
        ({"to": 5}, None, False),
    ],
)
def test_the_end_may_be_a_variable(
    variables: dict[str, Any] | None, default: str | None, answer: bool
) -> None:
    given = "" if default is None else f' = "{default}"'
    text = f"query ($to: DateTime!{given}) {history('$to')}"
    assert settled(text, variables) is answer


@pytest.mark.parametrize("data", [None, {}, {"coin": None}, {"a": {}, "coin": None}])
def test_what_was_not_found_may_be_there_tomorrow(data: dict[str, Any] | None) -> None:
    document = parse(history(f'"{OLD}"'))
    assert not is_settled(document, None, {}, data, NOW_MS)


def test_an_operation_that_is_not_there_has_not_settled() -> None:
    document = parse(history(f'"{OLD}"'))
    assert not is_settled(None, None, {}, {"coin": {}}, NOW_MS)
    assert not is_settled(document, "other", {}, {"coin": {}}, NOW_MS)


def test_it_settles_when_nothing_heals_it_any_more() -> None:
    assert SETTLED_DAYS > 7
