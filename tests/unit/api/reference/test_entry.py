"""The schema as a reader wants it: grouped, linked, searchable."""

import pytest
from graphql import build_schema

from api.reference.entry import (
    Argument,
    Entry,
    Kind,
    anchors,
    entries,
    entries_of,
)
from api.reference.search import matching
from api.schema import schema_text

TEXT = """
"Text." scalar Name
"A thing." interface Node { "Its key." id: ID! }
"A coin, 비트코인." type Coin implements Node {
  "Its key." id: ID!
  "Its   name." name("Which one." in: Language! = KO): Name @deprecated(reason: "No.")
}
"A language." enum Language { "Korean." KO "English." EN @deprecated }
"Conditions." input Filter { "At most." first: Int = 5 }
"What can be asked." type Query { "Coins." coins("Which." filter: Filter): [Coin!]! }
"What can be watched." type Subscription { "A coin." coin: Coin }
"""


@pytest.fixture(scope="module")
def made() -> tuple[Entry, ...]:
    return entries_of(build_schema(TEXT))


def by_name(made: tuple[Entry, ...], name: str) -> Entry:
    return next(entry for entry in made if entry.name == name)


def test_entries_come_by_kind_and_name(made: tuple[Entry, ...]) -> None:
    assert [(entry.name, entry.kind) for entry in made] == [
        ("Query", Kind.QUERY),
        ("Subscription", Kind.SUBSCRIPTION),
        ("Coin", Kind.TYPE),
        ("Node", Kind.INTERFACE),
        ("Filter", Kind.INPUT),
        ("Language", Kind.ENUM),
        ("Name", Kind.SCALAR),
    ]


def test_a_field_has_its_type_arguments_and_deprecation(
    made: tuple[Entry, ...],
) -> None:
    coin = by_name(made, "Coin")
    assert coin.interfaces == ("Node",)
    name = coin.members[1]
    assert (name.name, name.type, name.named) == ("name", "Name", "Name")
    assert (name.description, name.deprecation) == ("Its name.", "No.")
    assert name.arguments == (
        Argument("in", "Language!", "Language", "KO", "Which one."),
    )


def test_input_fields_have_defaults_and_values_no_type(
    made: tuple[Entry, ...],
) -> None:
    assert by_name(made, "Filter").members[0].default == "5"
    korean, english = by_name(made, "Language").members
    assert (korean.name, korean.type, korean.deprecation) == ("KO", "", None)
    assert english.deprecation == "No longer supported"


def test_each_type_knows_who_uses_it(made: tuple[Entry, ...]) -> None:
    assert by_name(made, "Coin").used_by == ("Query.coins", "Subscription.coin")
    assert by_name(made, "Filter").used_by == ("Query.coins",)
    assert by_name(made, "Node").used_by == ("Coin",)
    assert by_name(made, "Query").used_by == ()


def test_everything_can_be_linked_to() -> None:
    found = anchors(build_schema(TEXT))
    assert {"Coin", "Coin.name", "Language.KO", "Filter.first", "Name"} <= found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("비트코인", {"Coin": 2}),
        ("KOREAN", {"Language": 1}),
        ("which one", {"Coin": 1}),
        ("coin.name", {"Coin": 1}),
        ("filter", {"Query": 1, "Filter": 1}),
        ("nothing of that", {}),
    ],
)
def test_a_search_finds_types_whole_and_others_by_their_members(
    made: tuple[Entry, ...], text: str, found: dict[str, int]
) -> None:
    shown = matching(made, text)
    assert {entry.name: len(entry.members) for entry in shown} == found


def test_an_empty_search_finds_everything(made: tuple[Entry, ...]) -> None:
    assert matching(made, "  ") == made


def test_our_own_schema_is_told_completely() -> None:
    schema = build_schema(schema_text())
    assert {entry.name for entry in entries()} <= set(schema.type_map)
    assert len(entries()) > 50
    assert anchors(schema) == anchors(build_schema(schema_text()))
    assert all(entry.used_by for entry in entries() if entry.kind is Kind.ENUM)
