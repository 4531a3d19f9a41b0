"""The size of a document."""

import pytest
from graphql import parse

from api.complexity import Measure
from api.limit import MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_INTROSPECTION_DEPTH


def nested(depth: int, name: str = "a") -> str:
    """Return a selection of so many fields in each other."""
    return "{" + f"{name} {{" * (depth - 1) + name + "}" * depth


def excess(text: str) -> str | None:
    """Return what the measure says of a text."""
    return Measure(parse(text)).excess()


def test_a_depth_at_the_bound_passes_and_one_more_does_not() -> None:
    assert excess(nested(MAX_DEPTH)) is None
    assert (
        excess(nested(MAX_DEPTH + 1)) == f"the depth is above the {MAX_DEPTH} allowed"
    )


def test_introspection_has_a_bound_of_its_own() -> None:
    inner = nested(MAX_INTROSPECTION_DEPTH - 1)
    assert excess("{ __schema " + inner + "}") is None
    deeper = nested(MAX_INTROSPECTION_DEPTH)
    assert "introspection" in (excess("{ __schema " + deeper + "}") or "")
    # Data below a field of ours is not freed by a neighbour's introspection.
    assert "depth" in (excess("{ __typename a " + nested(MAX_DEPTH) + "}") or "")


@pytest.mark.parametrize(
    ("count", "passes"), [(MAX_ALIASES, True), (MAX_ALIASES + 1, False)]
)
def test_aliases_are_counted(count: int, passes: bool) -> None:
    text = "{" + " ".join(f"a{n}: b" for n in range(count)) + "}"
    assert (excess(text) is None) is passes


@pytest.mark.parametrize(
    "text",
    [
        "{ a " + "@skip(if: true) " * (MAX_DIRECTIVES + 1) + "}",
        "query " + "@x " * (MAX_DIRECTIVES + 1) + "{ a }",
        "{ ... " + "@x " * (MAX_DIRECTIVES + 1) + "{ a } }",
        "{ ...F " + "@x " * (MAX_DIRECTIVES + 1) + "} fragment F on Q { a }",
    ],
)
def test_directives_are_counted_wherever_they_stand(text: str) -> None:
    assert "directives" in (excess(text) or "")


def test_fragments_count_wherever_they_are_spread() -> None:
    fragments = "".join(
        f"fragment F{n} on Q {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60)
    )
    text = "{ ...F0 }" + fragments + "fragment F60 on Q { x: a }"
    assert "aliases" in (excess(text) or "")
    deep = "{ a { ...F } } fragment F on Q " + nested(MAX_DEPTH)
    assert "depth" in (excess(deep) or "")
    inline = "{ ... on Q " + nested(MAX_DEPTH + 1) + "}"
    assert "depth" in (excess(inline) or "")


def test_fragments_in_themselves_and_missing_ones_are_left_to_validation() -> None:
    assert excess("{ ...F } fragment F on Q { a ...F }") is None
    assert excess("{ ...F } fragment F on Q { ...G } fragment G on Q { ...F }") is None
    assert excess("{ ...Nope }") is None


def test_every_operation_of_a_document_is_measured() -> None:
    assert excess("query A { a } query B " + nested(MAX_DEPTH + 1)) is not None
    assert excess("type X { a: Int }") is None
