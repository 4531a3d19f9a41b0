"""JSON answers of plain HTTP: failures in GraphQL's own form."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response
from strawberry.types import ExecutionResult

from api.accept import JSON
from api.error import ErrorCode
from api.scalar import instant_text

NOSNIFF: Mapping[str, str] = {"X-Content-Type-Options": "nosniff"}

_CODES = {
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    429: ErrorCode.RATE_LIMITED,
    500: ErrorCode.INTERNAL,
}


def json_answer(
    body: object, status: int = 200, media_type: str = JSON, **headers: str
) -> Response:
    """Return a JSON response; header names are given with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={**NOSNIFF, **named},
    )


def event_json(result: ExecutionResult) -> bytes:
    """Return the payload of a stream's event."""
    event: dict[str, object] = {"data": result.data}
    if result.errors:
        event["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        event["extensions"] = result.extensions
    return msgspec.json.encode(event)


def failure(
    message: str, status: int, now_ms: int, more: Mapping[str, object] | None = None
) -> Response:
    """Return a failure as GraphQL clients read it: `errors`, and no `data`."""
    code = _CODES.get(status, ErrorCode.BAD_USER_INPUT)
    error = {"message": message, "extensions": {"code": code.value, **(more or {})}}
    headers = {"Allow": "GET, POST"} if status == 405 else {}
    extensions = {"serverTime": instant_text(now_ms)}
    return json_answer({"errors": [error], "extensions": extensions}, status, **headers)
