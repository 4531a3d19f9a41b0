"""Errors as clients see them."""

import logging

import pytest
from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
    Node,
    Source,
    ValueNode,
    parse,
)
from graphql.validation.validate import ValidationAbortedError

from api.error import MASKED_MESSAGE, ErrorCode, coded
from domain.model.error import (
    InvalidArgument,
    StoreUnavailable,
    UnknownCoin,
    UpstreamUnavailable,
)

NODE = parse("{ a(x: [1, {y: 2}, 3]) }").definitions[0]


def code_of(error: GraphQLError) -> str:
    """Return the code a client sees."""
    extensions = coded(error).extensions
    assert extensions is not None
    return str(extensions["code"])


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (InvalidArgument("first", "must be 1 to 1000"), "BAD_USER_INPUT"),
        (UnknownCoin("NOPE"), "NOT_FOUND"),
        (StoreUnavailable("secret"), "UPSTREAM_UNAVAILABLE"),
        (UpstreamUnavailable("upbit.rest", "secret"), "UPSTREAM_UNAVAILABLE"),
        (RuntimeError("secret"), "INTERNAL"),
        (ValueError("secret"), "INTERNAL"),
        (RecursionError("secret"), "INTERNAL"),
    ],
)
def test_every_condition_has_a_code(condition: Exception, code: str) -> None:
    for path in (["premium"], None):
        error = GraphQLError("secret", path=path, original_error=condition)
        told = coded(error)
        assert code_of(error) == code
        assert "secret" not in str(told)
        assert told.original_error is None
        assert told.path == path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GraphQLError("no such field"), "BAD_USER_INPUT"),
        (GraphQLSyntaxError(Source("{"), 0, "odd"), "BAD_USER_INPUT"),
        (GraphQLSyntaxError(Source("{"), 0, "Parsing aborted."), "QUERY_TOO_COMPLEX"),
        (ValidationAbortedError("too many"), "QUERY_TOO_COMPLEX"),
        (GraphQLError("x", extensions={"code": "RATE_LIMITED"}), "RATE_LIMITED"),
        (GraphQLError("x", extensions={"code": "MADE_UP"}), "BAD_USER_INPUT"),
        (GraphQLError("x", original_error=GraphQLError("x")), "BAD_USER_INPUT"),
        (GraphQLError("x", NODE, original_error=ValueError()), "BAD_USER_INPUT"),
        (GraphQLError("Argument 'x' is null", path=["a"]), "BAD_USER_INPUT"),
        (GraphQLError("Int cannot represent 2**40", path=["a"]), "INTERNAL"),
        (GraphQLError("x", path=["a"], original_error=TypeError()), "INTERNAL"),
    ],
)
def test_errors_of_the_library_are_told_apart(error: GraphQLError, code: str) -> None:
    assert code_of(error) == code


def test_codes_are_a_closed_list() -> None:
    assert {code.value for code in ErrorCode} == {
        "BAD_USER_INPUT",
        "NOT_FOUND",
        "UPSTREAM_UNAVAILABLE",
        "QUERY_TOO_COMPLEX",
        "RATE_LIMITED",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "INTERNAL",
    }


def test_a_masked_error_is_logged_with_its_request_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = GraphQLError("x", path=["a", 1], original_error=KeyError("secret"))
    told = coded(error)
    assert told.message == MASKED_MESSAGE
    assert told.extensions is not None
    record = caplog.records[0]
    assert (record.levelno, record.getMessage()) == (
        logging.ERROR,
        "api.internal_error",
    )
    assert vars(record)["request_id"] == told.extensions["requestId"]
    assert vars(record)["where"] == ["a", 1]
    other = coded(error).extensions
    assert other is not None
    assert other["requestId"] != told.extensions["requestId"]


def test_expected_errors_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    coded(GraphQLError("no such field"))
    coded(GraphQLError("x", original_error=UnknownCoin("NOPE")))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("text", "position", "name"),
    [
        ('{ a(first: "x") }', '"x"', "first"),
        ('{ a(f: {minPercent: "x"}) }', '"x"', "minPercent"),
        ('{ a(f: {s: ["y", "x"]}) }', '"x"', "s"),
        ('{ a(f: {s: [{t: 1}, "x"]}) }', '"x"', "s"),
        ('{ a(f: {s: [[{t: 1}], ["x"]]}) }', '"x"', "s"),
        ('query($n: Int = "x") { a }', '"x"', "n"),
    ],
)
def test_a_wrong_value_is_named(text: str, position: str, name: str) -> None:
    document = parse(text)
    found = next(node for node in _values(document) if _text(node) == position)
    told = coded(GraphQLError("is wrong", found))
    assert told.message == f"{name}: is wrong"
    assert told.extensions == {"code": "BAD_USER_INPUT", "argument": name}


def test_a_value_without_a_place_is_not_named() -> None:
    node = next(iter(_values(parse("{ a(x: 1) }", no_location=True))))
    assert coded(GraphQLError("is wrong", node)).message == "is wrong"


def test_a_long_message_is_cut() -> None:
    assert len(coded(GraphQLError("x" * 10_000)).message) == 500


def _values(node: object) -> list[ValueNode]:
    """Return all value nodes below a node."""
    found: list[ValueNode] = [node] if isinstance(node, ValueNode) else []
    if isinstance(node, Node):
        for key in node.keys:
            below = getattr(node, key, None)
            for item in below if isinstance(below, (list, tuple)) else [below]:
                if isinstance(item, Node) and key != "loc":
                    found += _values(item)
    return found


def _text(node: object) -> str:
    loc = node.loc  # type: ignore[attr-defined]  # nodes of a parsed text
    return str(loc.source.body[loc.start : loc.end])
