"""What clients are told when something is wrong: a closed list of codes.

Conditions that are expected keep their words; everything else is masked as INTERNAL
and logged under its request ID, in answers and in events alike.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from graphql import GraphQLError, GraphQLSyntaxError, Token, TokenKind, ValueNode
from graphql.validation.validate import ValidationAbortedError

from api.limit import MAX_ERROR_TEXT, RETRY_MS, Bound
from api.request_id import current_request_id
from domain.model.error import (
    InvalidArgument,
    StoreUnavailable,
    UnknownCoin,
    UnknownMarket,
    UpstreamUnavailable,
)
from domain.model.number import saturate_int32

_log = logging.getLogger(__name__)


TOLD: Final = ("argument", "limit", "maximum", "requestId", "retryAfterMs")
"""What `extensions` may hold beside the code: the argument that is wrong; the bound
that is passed and what it allows; the ID under which our log has it; and in how many
ms another try makes sense."""


class ErrorCode(StrEnum):
    """Every value of `extensions.code`."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class _Told:
    code: ErrorCode
    message: str
    more: Mapping[str, object] = field(default_factory=dict)


def coded(error: GraphQLError, now_ms: int | None = None) -> GraphQLError:
    """Return the error as clients may see it: with a code, nothing else leaks.

    With `now_ms` (Unix ms) it says when another try makes sense, where that is known.
    """
    told = _told(error)
    retry_after_ms = _retry_after_ms(error.original_error, now_ms)
    return GraphQLError(
        _cut(told.message),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": told.code.value, **told.more, **retry_after_ms},
    )


def masked(error: BaseException | None, where: object = None) -> dict[str, object]:
    """Log a failure of ours and return the extensions that speak of it."""
    request_id = current_request_id()
    _log.error(
        "api.internal_error",
        extra={"request_id": request_id, "where": where},
        exc_info=error,
    )
    return {"code": ErrorCode.INTERNAL.value, "requestId": request_id}


MASKED_MESSAGE = "internal error; the server's log has it under this requestId"


def _told(error: GraphQLError) -> _Told:
    code = (error.extensions or {}).get("code")
    if isinstance(code, str) and code in ErrorCode.__members__:
        return _Told(ErrorCode(code), error.message, _kept(error))
    if _is_too_complex(error):
        return _Told(ErrorCode.QUERY_TOO_COMPLEX, error.message)
    expected = _expected(error.original_error)
    if expected is not None:
        return expected
    if _is_of_request(error):
        return _misread(error)
    more = masked(error.original_error or error, where=error.path)
    return _Told(ErrorCode.INTERNAL, MASKED_MESSAGE, more)


def _expected(condition: Exception | None) -> _Told | None:
    match condition:
        case InvalidArgument():
            return _Told(ErrorCode.BAD_USER_INPUT, str(condition), _wrong(condition))
        case UnknownCoin() | UnknownMarket():
            return _Told(ErrorCode.NOT_FOUND, str(condition))
        case StoreUnavailable():
            message = "the database cannot be reached now; try again later"
            return _Told(ErrorCode.UPSTREAM_UNAVAILABLE, message)
        case UpstreamUnavailable():
            message = f"{condition.upstream} gives no usable answer; try again later"
            return _Told(ErrorCode.UPSTREAM_UNAVAILABLE, message)
    return None


def _wrong(condition: InvalidArgument) -> Mapping[str, object]:
    """Return which argument is wrong, and the bound that a longer page passes."""
    named = {"argument": condition.argument}
    if condition.argument != "first" or condition.most is None:
        return named
    return {**named, "limit": Bound.LIST_SIZE.value, "maximum": condition.most}


def _retry_after_ms(
    condition: Exception | None, now_ms: int | None
) -> Mapping[str, object]:
    if isinstance(condition, StoreUnavailable):
        return {"retryAfterMs": RETRY_MS}
    if not isinstance(condition, UpstreamUnavailable) or now_ms is None:
        return {}
    retry_at_ms = condition.retry_at_ms
    if retry_at_ms is None:
        return {"retryAfterMs": RETRY_MS}
    return {"retryAfterMs": saturate_int32(retry_at_ms - now_ms)}


def _kept(error: GraphQLError) -> Mapping[str, object]:
    """Return what our own errors tell beside their code."""
    extensions = error.extensions or {}
    return {name: extensions[name] for name in TOLD if name in extensions}


def _is_too_complex(error: GraphQLError) -> bool:
    if isinstance(error, GraphQLSyntaxError):
        # Too many tokens, or nested too deeply: the parser has no type for them.
        return "Parsing aborted" in error.message
    return isinstance(error, ValidationAbortedError)


def _is_of_request(error: GraphQLError) -> bool:
    """Whether a document or its variables are wrong, not what we made of them."""
    foreign = not isinstance(error.original_error, GraphQLError | None)
    if error.path is None:
        # What coercion runs into is wrapped, with the place in the document.
        return not foreign or bool(error.nodes)
    # Variables meet their arguments in execution only; there the library tells its
    # errors of input and of output alike, but for the first word.
    return not foreign and error.message.startswith("Argument ")


def _misread(error: GraphQLError) -> _Told:
    argument = _argument_of(error)
    if argument is None:
        return _Told(ErrorCode.BAD_USER_INPUT, error.message)
    message = f"{argument}: {error.message}"
    return _Told(ErrorCode.BAD_USER_INPUT, message, {"argument": argument})


def _argument_of(error: GraphQLError) -> str | None:
    """Return the name before the value that is wrong, as in `first: "x"`."""
    node = error.nodes[0] if error.nodes else None
    if not isinstance(node, ValueNode) or node.loc is None:
        return None
    token: Token | None = node.loc.start_token.prev
    closed = 0
    while token is not None:
        if token.kind in (TokenKind.BRACKET_R, TokenKind.BRACE_R):
            closed += 1
        elif token.kind in (TokenKind.BRACKET_L, TokenKind.BRACE_L):
            closed = max(0, closed - 1)
        elif token.kind is TokenKind.COLON and not closed:
            return token.prev.value if token.prev is not None else None
        token = token.prev
    return None


def _cut(message: str) -> str:
    if len(message) <= MAX_ERROR_TEXT:
        return message
    return message[: MAX_ERROR_TEXT - 1] + "…"
