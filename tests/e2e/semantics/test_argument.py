"""Bad input is named, with its range and a code of the closed list."""

import json
from typing import Any

import pytest

from tests.e2e.semantics.server import WAIT_LIMIT_S, Server
from tests.e2e.semantics.test_quote import instant

CODES = {
    "BAD_USER_INPUT",
    "NOT_FOUND",
    "UPSTREAM_UNAVAILABLE",
    "QUERY_TOO_COMPLEX",
    "RATE_LIMITED",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "INTERNAL",
}


def is_bad_input(error: dict[str, Any], *words: str) -> None:
    """Check the code, and that the message names these."""
    assert error["extensions"]["code"] == "BAD_USER_INPUT", error
    for word in words:
        assert word in error["message"], error


@pytest.mark.parametrize("first", [0, -1, 1001, 100_000, 2_147_483_647])
@pytest.mark.parametrize("field", ["premiums", "coins"])
def test_first_is_1_to_1000(server: Server, field: str, first: int) -> None:
    literal = server.error(f"{{ {field}(first: {first}) {{ totalCount }} }}")
    is_bad_input(literal, "first", "1", "1000")
    document = f"query($n: Int) {{ {field}(first: $n) {{ totalCount }} }}"
    is_bad_input(server.error(document, n=first), "first", "1", "1000")


@pytest.mark.parametrize("first", [1, 1000])
def test_the_ends_of_first_are_allowed(server: Server, first: int) -> None:
    found = server.ask(f"{{ premiums(first: {first}) {{ edges {{ cursor }} }} }}")
    assert 1 <= len(found["premiums"]["edges"]) <= first


@pytest.mark.parametrize(
    "first", ["2147483648", "99999999999999999999", "1.5", '"3"', "true", "[1]"]
)
def test_first_that_is_no_int_is_bad_input(server: Server, first: str) -> None:
    is_bad_input(server.error(f"{{ premiums(first: {first}) {{ totalCount }} }}"))


@pytest.mark.parametrize(
    "value",
    [
        '"1e999999999"',
        '"1e31"',
        '"NaN"',
        '"Infinity"',
        '"1_000"',
        '"１"',
        '" 1"',
        '"+1"',
        '"1."',
        '".5"',
        '"0x10"',
        '""',
        f'"{"1" * 61}"',
        "true",
        "[1]",
        "{}",
    ],
)
@pytest.mark.parametrize("field", ["minPercent", "maxPercent", "minQuoteVolume24h"])
def test_a_decimal_argument_that_is_none_is_bad_input(
    server: Server, field: str, value: str
) -> None:
    document = f"{{ premiums(filter: {{{field}: {value}}}) {{ totalCount }} }}"
    is_bad_input(server.error(document), field)
    document = "query($f: PremiumFilter) { premiums(filter: $f) { totalCount } }"
    if value != "{}":
        is_bad_input(server.error(document, f={field: json.loads(value)}), field)


@pytest.mark.parametrize(
    "value", ['"1e30"', '"-1.50"', '"1E+3"', '"-0"', f'"{"9" * 60}"', "5", '"0E-8"']
)
def test_decimal_arguments_within_the_limits_are_taken(
    server: Server, value: str
) -> None:
    document = f"{{ premiums(filter: {{minPercent: {value}}}) {{ totalCount }} }}"
    assert "totalCount" in server.ask(document)["premiums"]


@pytest.mark.parametrize(
    "document",
    [
        "{ premiums(filter: {quality: [GOOD]}) { totalCount } }",
        "{ premiums(orderBy: {field: PRICE}) { totalCount } }",
        "{ premiums(orderBy: {direction: ASC}) { totalCount } }",
        "{ premiums(orderBy: {field: SYMBOL, direction: null}) { totalCount } }",
        "{ premiums(filter: {symbols: [null]}) { totalCount } }",
        "{ premiums(sort: 1) { totalCount } }",
        "{ premium { symbol } }",
        "{ premium(symbol: null) { symbol } }",
        "{ premium(symbol: 5) { symbol } }",
        '{ premium(symbol: "BTC") { percent(basis: null) } }',
        '{ premium(symbol: "BTC") { price } }',
        '{ node(id: "%%%") { id } }',
        "{ nonsense }",
        "{ premiums {",
        "",
        "query A { __typename } query B { __typename }",
    ],
)
def test_a_document_that_is_wrong_is_bad_input(server: Server, document: str) -> None:
    answer = server.answer(document)
    assert answer["errors"]
    for error in answer["errors"]:
        is_bad_input(error)
    instant(answer["extensions"]["serverTime"])


def test_a_document_that_is_too_large_says_so(server: Server) -> None:
    deep = '{ premium(symbol: "BTC") ' + "{ coin { premium " * 20 + "{ seq }"
    deep += " } }" * 20 + " }"
    wide = "{ " + " ".join(f"a{i}: __typename" for i in range(2_000)) + " }"
    for document in (deep, wide):
        codes = {e["extensions"]["code"] for e in server.answer(document)["errors"]}
        assert codes == {"QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b"null", b"5", b'"x"', b"{}"])
def test_a_body_that_is_no_request_is_an_error_with_a_code(
    server: Server, body: bytes
) -> None:
    status, answer = server.post(body)
    assert 400 <= status < 500
    assert {e["extensions"]["code"] for e in answer["errors"]} <= CODES
    instant(answer["extensions"]["serverTime"])


def test_every_answer_has_the_servers_time(server: Server) -> None:
    for document in ("{ __typename }", "{ nonsense }", "{ premiums(first: 0) { x } }"):
        answer = server.answer(document)
        instant(answer["extensions"]["serverTime"])
    first = instant(server.answer("{ __typename }")["extensions"]["serverTime"])
    second = instant(server.answer("{ __typename }")["extensions"]["serverTime"])
    assert second >= first


@pytest.mark.parametrize("throttle", [1, 99, 0, -1, 60_001])
@pytest.mark.parametrize("field", ["premiums", "premium"])
def test_a_throttle_outside_its_range_is_one_error(
    server: Server, field: str, throttle: int
) -> None:
    symbol = 'symbol: "BTC", ' if field == "premium" else ""
    document = f"subscription {{ {field}({symbol}throttleMs: {throttle}) {{ seq }} }}"
    with server.events() as events:
        name = events.subscribe(document)
        message = events.message(name, WAIT_LIMIT_S)
        assert message["type"] == "error"
        (error,) = message["payload"]
        is_bad_input(error, "throttleMs", "100", "60000")
        assert events.is_quiet(name, 0.5)


@pytest.mark.parametrize("throttle", ["100", "150", "60000", "null"])
def test_a_throttle_within_its_range_is_taken(server: Server, throttle: str) -> None:
    document = f"subscription {{ premiums(throttleMs: {throttle}) {{ snapshot }} }}"
    with server.events() as events:
        assert events.data(events.subscribe(document)) == {"snapshot": True}


@pytest.mark.parametrize(
    "arguments",
    [
        'filter: {minPercent: "NaN"}',
        "filter: {quality: [GOOD]}",
        "sort: 1",
        "throttleMs: 1.5",
    ],
)
def test_a_subscription_with_bad_arguments_is_one_error(
    server: Server, arguments: str
) -> None:
    with server.events() as events:
        name = events.subscribe(f"subscription {{ premiums({arguments}) {{ seq }} }}")
        message = events.message(name)
        assert message["type"] == "error"
        for error in message["payload"]:
            is_bad_input(error)


def test_get_answers_queries_too(server: Server) -> None:
    status, text, _ = server.get("/graphql?query=%7B__typename%7D")
    assert status == 200
    assert json.loads(text)["data"] == {"__typename": "Query"}
