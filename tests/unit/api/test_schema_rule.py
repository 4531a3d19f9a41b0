"""The schema is described, its scalars specified, its deprecations dated."""

from datetime import date

import pytest
from graphql import GraphQLSchema, build_schema

from api.reference.entry import anchors
from api.schema import schema_text
from api.schema_rule import (
    OWN_PAGE,
    deprecated_until,
    deprecation_problems,
    description_problems,
    parts,
    scalar_problems,
    stays_until,
)

REASON = "Use `Query.b`; removed no earlier than 2027-06-30."


@pytest.fixture(scope="module")
def ours() -> GraphQLSchema:
    return build_schema(schema_text())


def test_everything_of_ours_is_described_by_a_sentence(ours: GraphQLSchema) -> None:
    found = {part.where for part in parts(ours)}
    assert len(found) > 300
    for coordinate in (
        "Premium",
        "Premium.percent",
        "Premium.percent(basis:)",
        "PremiumFilter.minPercent",
        "Quality.LIVE",
        "Decimal",
        "Node.id",
    ):
        assert coordinate in found
    assert description_problems(ours) == []


def test_each_scalar_of_ours_names_a_specification(ours: GraphQLSchema) -> None:
    served = {f"{OWN_PAGE}{anchor}" for anchor in anchors(ours)}
    assert scalar_problems(ours, served.__contains__) == []


def test_each_deprecation_of_ours_names_a_replacement_and_a_day(
    ours: GraphQLSchema,
) -> None:
    assert deprecation_problems(ours) == []


SENTENCE = '"""Says what it is."""'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not described"),
        ('"""What it is"""', "does not end with a period"),
        ('"""TODO: say what."""', "holds a placeholder, 'TODO'"),
        ('"""lorem ipsum."""', "holds a placeholder, 'lorem'"),
        ('"""Thing."""', "only repeats its name"),
        ('"""..."""', "only repeats its name"),
    ],
)
@pytest.mark.parametrize(
    ("where", "template"),
    [
        ("Thing", "{} type Thing {{ {s} a: Int }}"),
        ("Query.thing", "type Query {{ {} thing: Int }}"),
        ("Query.a(thing:)", "type Query {{ {s} a({} thing: Int): Int }}"),
        ("In.thing", "{s} input In {{ {} thing: Int }}"),
        ("E.thing", "{s} enum E {{ {} thing }}"),
        ("thing", "{} scalar thing"),
        ("@thing", "{} directive @thing on FIELD"),
        ("@d(thing:)", "{s} directive @d({} thing: Int) on FIELD"),
        ("thing", "{s} type T {{ {s} a: Int }} {} union thing = T"),
    ],
)
def test_a_description_that_is_none_is_found_wherever_it_stands(
    where: str, template: str, text: str, problem: str
) -> None:
    schema = build_schema(template.format(text, s=SENTENCE))
    (found,) = [p for p in description_problems(schema) if p.startswith(f"{where}:")]
    assert problem in found


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("https://scalars.graphql.org/andimarek/date-time.html", True),
        ("/docs/reference#Money", True),
        ("/docs/reference#Other", False),
        ("http://example.com/money", False),
        ("money", False),
    ],
)
def test_a_scalar_is_specified_in_public_or_on_a_page_of_ours(
    address: str, sound: bool
) -> None:
    schema = build_schema(f'scalar Money @specifiedBy(url: "{address}")')
    found = scalar_problems(schema, lambda page: page.endswith("#Money"))
    assert (found == []) is sound


def test_a_scalar_without_a_specification_is_found() -> None:
    assert len(scalar_problems(build_schema("scalar Money scalar Weight"))) == 2


def deprecating(reason: str) -> GraphQLSchema:
    return build_schema(
        f'type Query {{ a: Int @deprecated(reason: "{reason}") b: Int '
        f'c: Int @deprecated(reason: "{REASON}") }}'
    )


@pytest.mark.parametrize(
    "reason",
    [
        REASON,
        "Use `Query.b` with care; removed no earlier than 2027-06-30.",
        "Nothing replaces it; removed no earlier than 2027-06-30.",
    ],
)
def test_a_deprecation_with_both_is_sound(reason: str) -> None:
    assert deprecation_problems(deprecating(reason)) == []
    assert deprecated_until(deprecating(reason))["Query.a"] == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("No longer supported", "must be"),
        ("Use `Query.b`.", "must be"),
        ("Removed no earlier than 2027-06-30.", "must be"),
        (REASON.replace("2027-06-30", "2027-06-31"), "must be"),
        (REASON.replace("Query.b", "Query.x"), "not there, or going too"),
        (REASON.replace("Query.b", "Query.c"), "not there, or going too"),
    ],
)
def test_a_deprecation_without_replacement_or_day_is_found(
    reason: str, problem: str
) -> None:
    (found,) = deprecation_problems(deprecating(reason))
    assert found.startswith("Query.a: ")
    assert problem in found


def test_a_reason_without_a_day_promises_none() -> None:
    assert stays_until("Use `Query.b`.") is None
