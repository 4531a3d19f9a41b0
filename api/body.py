"""What clients send over HTTP, read within bounds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cross_web import HTTPException
from starlette.requests import Request

from api.limit import Bound, Limits

_UTF_8 = frozenset({"utf-8", "utf8"})


class TooLarge(HTTPException):
    """More bytes than allowed; 413 or 414."""

    def __init__(self, status: int, what: str, bound: Bound, allowed: int) -> None:
        super().__init__(status, f"{what} may have at most {allowed} bytes")
        self.bound = bound
        self.allowed = allowed


class Malformed(HTTPException):
    """JSON, but no GraphQL-over-HTTP request; the status is the profile's."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, reason)


@dataclass(frozen=True, slots=True)
class Sent:
    """A well-formed GraphQL-over-HTTP request.

    `query` is a text that is not empty, or None where `document_id` or
    `extensions.persistedQuery` stands for it.
    """

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: object = None


def decode_json(data: str | bytes) -> object:
    """Return what a JSON text says.

    Raises:
        json.JSONDecodeError: not JSON, nested too deeply, or not Unicode.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
        raise json.JSONDecodeError(str(exc), "", 0) from exc


async def read_request(request: Request, limits: Limits) -> Sent:
    """Return the operation that a GET or POST asks for.

    Raises:
        Malformed: it is no GraphQL-over-HTTP request.
        HTTPException: 400, 413, 414 or 415, with what is wrong.
        ClientDisconnect: the client went away while it sent.
    """
    if request.method == "GET":
        return sent_of(_parameters(request, limits.query_string_bytes))
    if not is_json(request.headers.get("content-type", "")):
        # Also what keeps other sites' forms out: they cannot send this type.
        raise HTTPException(415, "Content-Type must be application/json, in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "a body is taken as it is, without Content-Encoding")
    return sent_of(_decoded(await _read(request, limits.body_bytes), "the body"))


def is_json(content_type: str) -> bool:
    """Whether a body of this Content-Type is JSON in UTF-8, the default charset."""
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media != "application/json":
        return False
    named = (parameter.partition("=") for parameter in parameters)
    return all(
        value.strip().strip('"') in _UTF_8
        for name, _, value in named
        if name.strip() == "charset"
    )


def sent_of(found: object) -> Sent:
    """Return the operation in a decoded body, or in parameters that are like one.

    Raises:
        Malformed: it is none.
    """
    if not isinstance(found, Mapping):
        raise Malformed("the body must be one JSON object; no batches")
    extensions, document_id = _object(found, "extensions"), found.get("documentId")
    query = found.get("query")
    is_named = document_id is not None or "persistedQuery" in (extensions or {})
    if is_named and query in (None, ""):
        query = None
    elif not isinstance(query, str) or not query:
        raise Malformed("query must be a GraphQL document")
    return Sent(
        query,
        _object(found, "variables"),
        _name(found.get("operationName")),
        extensions,
        document_id,
    )


def _parameters(request: Request, most: int) -> dict[str, object]:
    if len(request.scope["query_string"]) > most:
        raise TooLarge(414, "a query string", Bound.QUERY_STRING_BYTES, most)
    found: dict[str, object] = dict(request.query_params)
    for name in ("variables", "extensions"):
        text = found.get(name)
        if isinstance(text, str):
            found[name] = _decoded(text.encode(), name) if text else None
    # An empty parameter is the same as none.
    return {name: value for name, value in found.items() if value != ""}


async def _read(request: Request, most: int) -> bytes:
    too_large = TooLarge(413, "a body", Bound.BODY_BYTES, most)
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise too_large
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            raise too_large
    return bytes(read)


def _decoded(data: bytes, name: str) -> object:
    try:
        return decode_json(data)
    except json.JSONDecodeError as exc:
        raise HTTPException(400, f"{name} must be JSON") from exc


def _object(sent: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = sent.get(name)
    if not isinstance(value, dict | None):
        raise Malformed(f"{name} must be an object or null")
    return value


def _name(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise Malformed("operationName must be a string or null")
    return value or None
