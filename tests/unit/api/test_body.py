"""What is a GraphQL-over-HTTP request, and what is none."""

from typing import Any

import pytest

from api.body import Malformed, Sent, is_json, sent_of

HASHED = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; Charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; x=y", True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-16", False),
        ("application/graphql", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_a_body_is_json_in_utf_8(content_type: str, taken: bool) -> None:
    assert is_json(content_type) is taken


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"query": "{ a }"}, Sent("{ a }")),
        ({"query": "{ a }", "variables": None, "x": 1}, Sent("{ a }")),
        ({"query": "{ a }", "operationName": ""}, Sent("{ a }")),
        ({"documentId": "a"}, Sent(None, document_id="a")),
        ({"query": "", "documentId": "a"}, Sent(None, document_id="a")),
        ({"extensions": HASHED}, Sent(None, extensions=HASHED)),
        ({"query": None, "extensions": HASHED}, Sent(None, extensions=HASHED)),
    ],
)
def test_a_well_formed_request_is_read(body: Any, sent: Sent) -> None:
    assert sent_of(body) == sent


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"query": ""},
        {"query": 1, "documentId": "a"},
        {"query": "{ a }", "variables": []},
        {"query": "{ a }", "extensions": "x"},
        {"query": "{ a }", "operationName": 1},
        {"extensions": {}},
    ],
)
def test_what_is_none_says_why(body: Any) -> None:
    with pytest.raises(Malformed) as malformed:
        sent_of(body)
    assert malformed.value.status_code == 400
    assert malformed.value.reason
