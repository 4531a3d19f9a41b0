"""Answers of plain HTTP, bytes and headers: GraphQL's own form, failures too.

Nothing here reads a request: whoever serves one hands in what it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import msgspec
from starlette.responses import Response
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from api.accept import JSON, Form
from api.access import REALM
from api.caching import NO_STORE, VARY, etag_of, is_known
from api.error import ErrorCode
from api.scalar import instant_text
from api.status import StatusProfile, ran_status, refused_status

NOSNIFF: Final[Mapping[str, str]] = {"X-Content-Type-Options": "nosniff"}

METHODS: Final = ("GET", "POST")
"""Methods of `/graphql`; what else is asked is answered with 405."""

_CODES: Final = {
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    429: ErrorCode.RATE_LIMITED,
    500: ErrorCode.INTERNAL,
    503: ErrorCode.UPSTREAM_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, headers with their usual names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self) -> Response:
        """Return it for Starlette."""
        return Response(self.body, self.status, self.headers)


def answer_headers(form: Form) -> dict[str, str]:
    """Return the headers of every operation's answer in a form."""
    return {
        **NOSNIFF,
        "Content-Type": f"{form.value}; charset=utf-8",
        "Cache-Control": NO_STORE,
        "Vary": "Accept",
    }


def has_run(result: ExecutionResult) -> bool:
    """Whether anything was executed: else its errors are of the request itself.

    A subscription that its resolver refuses has not run either. Without errors, and
    without data, it is the dry run of what may run.
    """
    if isinstance(result, PreExecutionError):
        return False
    errors = result.errors or []
    return result.data is not None or not errors or any(e.path for e in errors)


def shaped(result: ExecutionResult) -> dict[str, object]:
    """Return the GraphQL response of a result; what never ran has no `data`."""
    errors = result.errors or []
    answer: dict[str, object] = {}
    if has_run(result):
        answer["data"] = result.data
    if errors:
        answer["errors"] = [error.formatted for error in errors]
    answer["extensions"] = result.extensions
    return answer


def top_level(data: object) -> Mapping[str, object] | None:
    """Return the members of an answer's data, which may have been written already."""
    if isinstance(data, msgspec.Raw):
        members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        return {n: None if bytes(v) == b"null" else v for n, v in members.items()}
    return data if isinstance(data, Mapping) else None


def reply(
    answer: Mapping[str, object],
    form: Form,
    profile: StatusProfile = StatusProfile.AUDITS,
    *,
    parsed: bool = True,
) -> Reply:
    """Return an operation's answer as it is sent; see `api.status` for the rules."""
    errors = _extensions_of(answer)
    if "data" in answer:
        status = ran_status(form, profile, has_errors=bool(errors))
    else:
        codes = {str(more.get("code")) for more in errors}
        status = refused_status(codes, form, profile, parsed=parsed)
        if profile is StatusProfile.DRAFT_2026 and status >= 400:
            form = Form.GRAPHQL_JSON
    headers = {**answer_headers(form), **_advice(status, errors)}
    return Reply(status, headers, msgspec.json.encode(answer))


def cacheable(
    found: Reply,
    answer: Mapping[str, object],
    if_none_match: str | None,
    cache_control: str,
) -> Reply:
    """Return an answer to GET with what caches may do with it, 304 where it is known.

    Only a good answer may be kept; see `api.caching`.
    """
    headers = {**found.headers, "Vary": VARY}
    if found.status != 200 or "errors" in answer:
        return Reply(found.status, headers, found.body)
    etag = etag_of(msgspec.json.encode(answer["data"]))
    headers |= {"Cache-Control": cache_control, "ETag": etag}
    if not is_known(if_none_match, etag):
        return Reply(found.status, headers, found.body)
    kept = {name: headers[name] for name in ("Cache-Control", "ETag", "Vary")}
    return Reply(304, kept, b"")


def _advice(status: int, errors: list[Mapping[str, object]]) -> Mapping[str, str]:
    """Return what a client is told to do about a refusal, in headers."""
    if status == 401:
        return {"WWW-Authenticate": REALM}
    if status in (429, 503):
        waits = [more.get("retryAfterMs") for more in errors]
        longest = max((wait for wait in waits if isinstance(wait, int)), default=0)
        return {"Retry-After": str(max(1, ceil(longest / 1000)))}
    return {}


def _extensions_of(answer: Mapping[str, object]) -> list[Mapping[str, object]]:
    errors = answer.get("errors")
    if not isinstance(errors, list):
        return []
    return [error.get("extensions") or {} for error in errors]


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
    message: str,
    status: int,
    now_ms: int,
    more: Mapping[str, object] | None = None,
    form: Form = Form.JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a failure as GraphQL clients read it: `errors`, and no `data`."""
    code = _CODES.get(status, ErrorCode.BAD_USER_INPUT)
    error = {"message": message, "extensions": {"code": code.value, **(more or {})}}
    extensions = {"serverTime": instant_text(now_ms)}
    found = json_answer(
        {"errors": [error], "extensions": extensions}, status, form.value
    )
    # Caches would keep some of them unasked (RFC 9110, section 15.1).
    found.headers["Cache-Control"] = NO_STORE
    if status == 405:
        found.headers["Allow"] = ", ".join(METHODS)
    found.headers.update(headers or {})
    return found
