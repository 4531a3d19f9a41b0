"""Lists of trusted documents, as clients' tools write them."""

import json
from typing import Any

import pytest

from api.manifest import MAX_BYTES, MalformedManifest, read_manifest

TEXT = "query A { __typename }"


def test_apollos_form() -> None:
    told = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {"id": "1f", "name": "A", "type": "query", "body": TEXT},
            {"id": "2f", "name": "B", "type": "query", "body": "query B { a }"},
        ],
    }
    found = read_manifest(json.dumps(told).encode())
    assert found == {"1f": TEXT, "2f": "query B { a }"}


def test_relays_and_codegens_form() -> None:
    told = {"0a1b": TEXT, "sha256:2f": "query B { a }"}
    assert read_manifest(json.dumps(told).encode()) == told


def test_a_document_may_be_called_operations() -> None:
    assert read_manifest(json.dumps({"operations": TEXT}).encode())


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        ([], "must be a JSON object"),
        ({}, "has no documents"),
        ({"operations": []}, "has no documents"),
        ({"a": 5}, "the document 'a' is no text"),
        ({"a": " "}, "the document 'a' is no text"),
        ({"": TEXT}, "an ID must have 1 to"),
        ({"a" * 300: TEXT}, "an ID must have 1 to"),
        ({"operations": [5]}, "must be an object with id and body"),
        ({"operations": [{"body": TEXT}]}, "an ID must have"),
        ({"operations": [{"id": "a"}]}, "the document 'a' is no text"),
        ({"format": "other", "operations": [{}]}, "must have the format"),
        ({"version": 2, "operations": [{}]}, "must have the format"),
        (
            {
                "operations": [
                    {"id": "a", "body": "{ a }"},
                    {"id": "a", "body": "{ b }"},
                ]
            },
            "is there twice",
        ),
    ],
)
def test_what_is_no_manifest_says_why(told: Any, why: str) -> None:
    data = told if isinstance(told, bytes) else json.dumps(told).encode()
    with pytest.raises(MalformedManifest, match=why):
        read_manifest(data)


def test_the_same_document_twice_is_no_harm() -> None:
    one = {"id": "a", "body": TEXT}
    assert read_manifest(json.dumps({"operations": [one, one]}).encode()) == {"a": TEXT}


def test_a_file_of_any_size_is_refused_by_its_size() -> None:
    with pytest.raises(MalformedManifest, match="at most"):
        read_manifest(b" " * (MAX_BYTES + 1))
