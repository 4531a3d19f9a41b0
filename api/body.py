"""What clients send over HTTP, read within bounds."""

import json
from collections.abc import Mapping

import msgspec
from cross_web import HTTPException
from starlette.requests import Request
from strawberry.http import GraphQLRequestData

from api.limit import MAX_BODY_BYTES, MAX_QUERY_STRING

_TOO_LARGE = f"a body may have at most {MAX_BODY_BYTES} bytes"


def decode_json(data: str | bytes) -> object:
    """Return what a JSON text says.

    Raises:
        json.JSONDecodeError: not JSON, nested too deeply, or not Unicode.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
        raise json.JSONDecodeError(str(exc), "", 0) from exc


async def read_request(request: Request) -> GraphQLRequestData:
    """Return the operation that a GET or POST asks for.

    Raises:
        HTTPException: 400, 413, 414 or 415, with what is wrong.
        ClientDisconnect: the client went away while it sent.
    """
    if request.method == "GET":
        return _operation(_parameters(request))
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        # Also what keeps other sites' forms out: they cannot send this type.
        raise HTTPException(415, "Content-Type must be application/json")
    return _operation(_decoded(await _read(request), "the body"))


def _parameters(request: Request) -> dict[str, object]:
    if len(request.scope["query_string"]) > MAX_QUERY_STRING:
        limit = f"a query string may have at most {MAX_QUERY_STRING} bytes"
        raise HTTPException(414, limit)
    found: dict[str, object] = dict(request.query_params)
    for name in ("variables", "extensions"):
        text = found.get(name)
        if isinstance(text, str):
            found[name] = _decoded(text.encode(), name) if text else None
    return found


async def _read(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > MAX_BODY_BYTES:
        raise HTTPException(413, _TOO_LARGE)
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
    return bytes(read)


def _decoded(data: bytes, name: str) -> object:
    try:
        return decode_json(data)
    except json.JSONDecodeError as exc:
        raise HTTPException(400, f"{name} must be JSON") from exc


def _operation(sent: object) -> GraphQLRequestData:
    if not isinstance(sent, Mapping):
        raise HTTPException(400, "the body must be one JSON object; no batches")
    query = sent.get("query")
    if not isinstance(query, str) or not query:
        raise HTTPException(400, "query must be a GraphQL document")
    return GraphQLRequestData(
        query=query,
        variables=_object(sent, "variables"),
        operation_name=_name(sent.get("operationName")),
        extensions=_object(sent, "extensions"),
    )


def _object(sent: Mapping[str, object], name: str) -> dict[str, object] | None:
    value = sent.get(name)
    if not isinstance(value, dict | None):
        raise HTTPException(400, f"{name} must be an object or null")
    return value


def _name(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise HTTPException(400, "operationName must be a string or null")
    return value or None
