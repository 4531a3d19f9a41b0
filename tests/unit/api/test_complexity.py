"""The size of a document."""

import pytest
from graphql import parse

from api.complexity import Excess, Measure
from api.limit import (
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    MAX_INTROSPECTION_DEPTH,
    MAX_REPETITIONS,
    MAX_SELECTIONS,
    Bound,
    Limits,
)


def nested(depth: int, name: str = "a") -> str:
    """Return a selection of so many fields in each other."""
    return "{" + f"{name} {{" * (depth - 1) + name + "}" * depth


def found(text: str, limits: Limits | None = None) -> Excess | None:
    """Return what the measure says of a text."""
    return Measure(parse(text), limits or Limits()).excess()


def excess(text: str) -> str | None:
    """Return the words of it."""
    said = found(text)
    return None if said is None else said.message


def test_a_depth_at_the_bound_passes_and_one_more_does_not() -> None:
    assert excess(nested(MAX_DEPTH)) is None
    words = f"the depth is {MAX_DEPTH + 1}, above the {MAX_DEPTH} allowed"
    assert found(nested(MAX_DEPTH + 1)) == Excess(words, Bound.DEPTH, MAX_DEPTH)


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
    assert "number of fields is more than" in (excess(text) or "")
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


def test_fields_are_counted_and_those_of_a_fragment_that_nothing_spreads() -> None:
    fields = " ".join(f"a{n}" for n in range(MAX_SELECTIONS))
    assert found("{" + fields + "}") is None
    assert found("{" + fields + " b }") == Excess(
        f"the number of fields is {MAX_SELECTIONS + 1}, above the {MAX_SELECTIONS} "
        "allowed",
        Bound.SELECTIONS,
        MAX_SELECTIONS,
    )
    assert found("{ a } fragment F on Q {" + fields + " b }") is not None


@pytest.mark.parametrize(
    "text",
    [
        "{" + "a " * 70 + "}",
        "{" + "a { b } " * 50 + "}",
        "{ a { " + "... { b } " * 70 + "} }",
        "{ x } fragment F on Q {" + "a " * 70 + "}",
        "{" + "...F ...G " + "}"
        "fragment F on Q {" + "a " * 40 + "} fragment G on Q {" + "a " * 40 + "}",
        "{" + "a1: b " * 70 + "}",
    ],
)
def test_what_is_written_twice_is_counted_in_pairs(text: str) -> None:
    said = found(text, Limits(aliases=1000))
    assert said is not None
    assert said.bound is Bound.REPETITIONS
    assert str(MAX_REPETITIONS) in said.message


def test_ten_fragments_may_have_twenty_fields_in_common() -> None:
    fields = " ".join(f"a{n}" for n in range(20))
    spread = " ".join(f"...F{n}" for n in range(10))
    fragments = " ".join(f"fragment F{n} on Q {{ {fields} }}" for n in range(10))
    assert excess("{ q {" + spread + "} }" + fragments) is None


def test_bounds_are_settings() -> None:
    limits = Limits(depth=2, aliases=0, directives=0, selections=3, repetitions=0)
    for text, bound in [
        ("{ a { b { c } } }", Bound.DEPTH),
        ("{ a: b }", Bound.ALIASES),
        ("{ a @x }", Bound.DIRECTIVES),
        ("{ a b c d }", Bound.SELECTIONS),
        ("{ a a }", Bound.REPETITIONS),
    ]:
        said = found(text, limits)
        assert said is not None, text
        assert said.bound is bound
