"""Each kind of breaking change is found, and let through by a line that names it."""

import pytest
from graphql import GraphQLScalarType, GraphQLSchema, build_schema
from graphql.utilities import BreakingChangeType

from api.schema_change import (
    BREAKING_TOO,
    PATTERNS,
    Loss,
    changelog_entries,
    losses,
)

OLD = """
directive @shout(loud: Boolean, far: Int = 1) repeatable on FIELD | QUERY
directive @gone on FIELD
interface Node { id: ID! }
type Coin implements Node { id: ID! name(short: Boolean, in: Language = KO): String }
type Old { id: ID! }
type Note { id: ID! }
union Found = Coin | Note
enum Language { KO EN }
input Filter { search: String, first: Int = 10 }
type Query {
  coin(symbol: String): Coin
  coins(filter: Filter): [Coin!]!
  found: Found
  note: Note
  old: Old
}
"""
# What is written in OLD, what stands there instead, and what has to be named.
CASES = {
    "TYPE_REMOVED": ("type Old { id: ID! }", "scalar New", ("Old",)),
    "TYPE_CHANGED_KIND": ("type Old { id: ID! }", "scalar Old", ("Old",)),
    "TYPE_REMOVED_FROM_UNION": ("= Coin | Note", "= Coin", ("Note", "Found")),
    "VALUE_REMOVED_FROM_ENUM": ("{ KO EN }", "{ KO }", ("Language.EN",)),
    "REQUIRED_INPUT_FIELD_ADDED": (
        "{ search: String,",
        "{ search: String, wanted: Int!,",
        ("Filter.wanted",),
    ),
    "IMPLEMENTED_INTERFACE_REMOVED": (
        "Coin implements Node",
        "Coin",
        ("Coin", "Node"),
    ),
    "FIELD_REMOVED": ("  note: Note\n", "", ("Query.note",)),
    "FIELD_CHANGED_KIND": ("[Coin!]!", "[Coin!]", ("Query.coins",)),
    "REQUIRED_ARG_ADDED": (
        "coin(symbol: String)",
        "coin(symbol: String, at: Int!)",
        ("Query.coin(at:)",),
    ),
    "ARG_REMOVED": ("(short: Boolean, ", "(", ("Coin.name(short:)",)),
    "ARG_CHANGED_KIND": (
        "(symbol: String)",
        "(symbol: String!)",
        ("Query.coin(symbol:)",),
    ),
    "DIRECTIVE_REMOVED": ("directive @gone on FIELD", "", ("@gone",)),
    "DIRECTIVE_ARG_REMOVED": ("(loud: Boolean, ", "(", ("@shout(loud:)",)),
    "REQUIRED_DIRECTIVE_ARG_ADDED": (
        "(loud: Boolean, ",
        "(loud: Boolean, at: Int!, ",
        ("@shout(at:)",),
    ),
    "DIRECTIVE_REPEATABLE_REMOVED": (" repeatable on", " on", ("@shout",)),
    "DIRECTIVE_LOCATION_REMOVED": ("on FIELD | QUERY", "on FIELD", ("@shout",)),
    "ARG_DEFAULT_VALUE_CHANGE": ("= KO", "= EN", ("Coin.name(in:)",)),
    "INPUT_FIELD_DEFAULT_VALUE_CHANGE": ("= 10", "= 20", ("Filter.first",)),
}
BOTH_WAYS = {"TYPE_REMOVED": "  old: Old\n"}


def changed(kind: str) -> GraphQLSchema:
    """Return the schema after a change of this kind."""
    written, instead, _ = CASES[kind]
    assert OLD.count(written) == 1
    return build_schema(
        OLD.replace(written, instead).replace(BOTH_WAYS.get(kind, "\0"), "")
    )


def loss_of(kind: str) -> Loss:
    """Return what is found after a change of this kind."""
    found = {loss.kind: loss for loss in losses(build_schema(OLD), changed(kind))}
    assert kind in found, found
    return found[kind]


def test_every_kind_that_breaks_has_a_case_and_a_pattern() -> None:
    kinds = {kind.name for kind in (*BreakingChangeType, *BREAKING_TOO)}
    assert set(CASES) == kinds
    assert {kind.name for kind in PATTERNS} == kinds


@pytest.mark.parametrize("kind", CASES)
def test_a_change_is_found_with_its_coordinates(kind: str) -> None:
    assert loss_of(kind).coordinates == CASES[kind][2]


@pytest.mark.parametrize("kind", CASES)
def test_a_changelog_line_that_names_it_lets_it_through(kind: str) -> None:
    loss = loss_of(kind)
    names = " and ".join(f"`{name}`" for name in CASES[kind][2])
    assert loss.is_named(["- Something else.", f"- **breaking** {names}: gone."])
    assert not loss.is_named([])
    assert not loss.is_named([f"- {names}: gone."])
    assert not loss.is_named(["- **breaking** `Another.thing` is gone."])
    assert not loss.is_named([f"- **breaking** {names}: gone.".replace("`", "")])


def test_what_only_grows_breaks_nobody() -> None:
    grown = OLD.replace("{ KO EN }", "{ KO EN JA }").replace(
        "note: Note", "note: Note!  more(first: Int = 3): String @deprecated"
    )
    assert losses(build_schema(OLD), build_schema(grown)) == []


def test_a_sentence_in_unknown_words_must_be_told_word_for_word() -> None:
    old, new = build_schema(OLD), build_schema(OLD)
    name = "Ein Typ"
    old.type_map[name] = GraphQLScalarType("X")
    (loss,) = losses(old, new)
    assert loss.coordinates == ("Ein Typ was removed.",)


CHANGELOG = """\
# Changelog

## Unreleased

### Changed
- **breaking** `Coin.name` is gone,
  with `Coin.short`.

- Other.

## 0.2.0 - 2026-01-01

### Changed
- **breaking** `Query.note` is gone.

## 0.1.0
- First.
"""


def test_entries_are_read_whole_and_down_to_a_release() -> None:
    first = "- **breaking** `Coin.name` is gone, with `Coin.short`."
    older = ["- **breaking** `Query.note` is gone."]
    assert changelog_entries(CHANGELOG, "0.2.0") == [first, "- Other."]
    assert changelog_entries(CHANGELOG, "0.1.0") == [first, "- Other.", *older]
    assert changelog_entries(CHANGELOG)[-1] == "- First."
