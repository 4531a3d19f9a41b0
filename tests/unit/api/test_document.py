"""Documents are prepared once."""

import pytest
from graphql import GraphQLSchema, OperationType, build_schema

from api.document import (
    Prepared,
    kept_documents,
    operation_problem,
    operation_type,
)
from api.document import prepare as prepare_under
from api.limit import CACHED_WEIGHT, LOOK, PREPARATION, Limits

SCHEMA = build_schema("type Query { a: Int } type Subscription { b: Int }")
LIMITS = Limits()


def prepare(schema: GraphQLSchema, text: str) -> Prepared:
    """Prepare a document under the default limits."""
    return prepare_under(schema, text, LIMITS)


def test_a_known_document_is_not_prepared_again() -> None:
    text = "query Known { a }"
    assert prepare(SCHEMA, text) is prepare(SCHEMA, text)


def test_what_is_wrong_in_a_document_is_kept_too() -> None:
    for text in ("{ nope }", "{", "{ a " * 13 + "}" * 13):
        first = prepare(SCHEMA, text)
        assert first.errors
        assert prepare(SCHEMA, text) is first


def test_only_so_many_documents_are_kept() -> None:
    sound, wrong = kept_documents()
    before = len(wrong)
    for number in range(CACHED_WEIGHT // 10):
        prepare(SCHEMA, f"query Q{number} {{ a }}")
    assert sound.weight <= CACHED_WEIGHT
    assert len(sound) < CACHED_WEIGHT // 10
    assert len(wrong) == before


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
    assert operation_type(SCHEMA, text, name, LIMITS) is kind


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
    problem = operation_problem(SCHEMA, text, name, LIMITS)
    assert (problem is None) is (words is None)
    assert words is None or words in (problem or "")


def test_fragments_beyond_what_the_interpreter_nests_are_too_complex() -> None:
    count = 3_000
    text = "{ ...F0 }" + "".join(
        f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(count)
    )
    text += f"fragment F{count} on Query {{ a }}"
    prepared = prepare_under(SCHEMA, text, Limits(tokens=100_000))
    (error,) = prepared.errors
    assert error.message == "the document is nested too deeply"
    assert prepared.plan(None) is None


def test_a_document_is_paid_for_once() -> None:
    prepared = prepare(SCHEMA, "query Paid { a }")
    assert prepared.debt == LOOK + 5 * PREPARATION + len("query Paid { a }")
    prepared.debt = 0
    assert prepare(SCHEMA, "query Paid { a }").debt == 0


def test_each_operation_has_a_plan_of_its_own() -> None:
    prepared = prepare(SCHEMA, "query A { a } query B { a x: a }")
    costs = [prepared.plan(name) for name in ("A", "B", None, "C")]
    assert [plan and plan.cost({}) for plan in costs] == [1, 2, None, None]
    only = prepare(SCHEMA, "query Only { a }")
    assert only.plan(None) is only.plan("Only") is not None


def test_the_same_mistake_is_told_once_with_every_place() -> None:
    (error,) = prepare(SCHEMA, "{ a @x @x b: a @x }").errors
    assert error.message == "Unknown directive '@x'."
    assert [place.column for place in error.locations or ()] == [5, 8, 16]
