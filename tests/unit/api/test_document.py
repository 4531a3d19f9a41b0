"""Documents are prepared once."""

import pytest
from graphql import OperationType, build_schema

from api import document
from api.document import operation_problem, operation_type, prepare
from api.limit import CACHED_DOCUMENTS, MAX_CACHED_TEXT

SCHEMA = build_schema("type Query { a: Int } type Subscription { b: Int }")


def test_a_known_document_is_not_prepared_again() -> None:
    text = "query Known { a }"
    assert prepare(SCHEMA, text) is prepare(SCHEMA, text)


def test_what_is_wrong_in_a_document_is_kept_too() -> None:
    for text in ("{ nope }", "{", "{ a " * 13 + "}" * 13):
        first = prepare(SCHEMA, text)
        assert first.errors
        assert prepare(SCHEMA, text) is first


def test_a_long_document_is_not_kept() -> None:
    text = "{ a }" + " " * MAX_CACHED_TEXT
    assert prepare(SCHEMA, text) is not prepare(SCHEMA, text)


def test_only_so_many_documents_are_kept() -> None:
    for number in range(CACHED_DOCUMENTS + 10):
        prepare(SCHEMA, f"query Q{number} {{ a }}")
    info = document._cached_prepare.cache_info()
    assert info.currsize == info.maxsize == CACHED_DOCUMENTS


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("{ a }", None, OperationType.QUERY),
        ("subscription { b }", None, OperationType.SUBSCRIPTION),
        ("query A { a } subscription B { b }", "B", OperationType.SUBSCRIPTION),
        ("query A { a } subscription B { b }", None, None),
        ("{", None, None),
    ],
)
def test_the_kind_of_an_operation_is_known_before_it_runs(
    text: str, name: str | None, kind: OperationType | None
) -> None:
    assert operation_type(SCHEMA, text, name) is kind


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("{ a }", None, None),
        ("{", None, None),
        ("", None, "document"),
        ("query A { a } query B { a }", "B", None),
        ("query A { a } query B { a }", None, "several"),
        ("query A { a }", "B", "name of an operation"),
        ("fragment F on Query { a }", None, "several"),
    ],
)
def test_why_no_operation_can_run_is_told(
    text: str, name: str | None, words: str | None
) -> None:
    problem = operation_problem(SCHEMA, text, name)
    assert (problem is None) is (words is None)
    assert words is None or words in (problem or "")
