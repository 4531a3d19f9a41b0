"""What every answer must be: well-formed, with codes of the closed list, not ours."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.access import AccessRefused
from api.error import ErrorCode
from api.limit import MAX_ERROR_TEXT, MAX_ERRORS
from api.request_id import is_sane
from bench.fuzz.finding import Findings

CODES: Final = frozenset(code.value for code in ErrorCode) - {"INTERNAL"}
CLOSES: Final = frozenset(
    {1000, 1001, 1002, 1003, 1007, 1009, 1011, 1012, 1013}
    | {4400, 4401, 4403, 4406, 4408, 4409, 4429, AccessRefused.close_code}
)
_MESSAGES: Final = frozenset(
    {"connection_ack", "ping", "pong", "next", "error", "complete"}
)
_JSON_TYPES: Final = ("application/json", "application/graphql-response+json")
# Of a document's mistakes, and of its variables', which graphql-core counts itself; the
# last one says that there are more.
_MORE_ERRORS: Final = max(MAX_ERRORS, 50) + 1


@dataclass(slots=True)
class Answer:
    """One answer of HTTP; header names in lower case."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    is_whole: bool = True

    def header(self, name: str) -> str:
        """Return a header's first value, empty without one."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(slots=True)
class Oracle:
    """Looks at what comes out, and counts it."""

    findings: Findings
    outcomes: Counter[str] = field(default_factory=Counter)

    def answer(self, answer: Answer, *, is_graphql: bool, is_head: bool) -> None:
        """Look at an answer of HTTP."""
        status = answer.status
        self.outcomes[f"http {status}"] += 1
        if status >= 500 and not _is_unavailable(answer):
            self.findings.add(f"status {status}", repr(answer.body[:500]))
        called = answer.header("x-request-id")
        if called and not is_sane(called):
            self.findings.add("an odd x-request-id", called)
        if is_graphql and not is_head:
            self._graphql(answer)

    def _graphql(self, answer: Answer) -> None:
        media = answer.header("content-type").partition(";")[0]
        if media in _JSON_TYPES:
            if answer.is_whole:
                self.result(answer.body, "an answer")
        elif media == "text/event-stream":
            self._event_stream(answer.body)
        elif media == "multipart/mixed":
            self._multipart(answer.body)
        elif answer.status not in (204, 304, 400, 431) and media != "text/html":
            self.findings.add(f"an answer {answer.status} as {media or 'nothing'}")

    def _event_stream(self, body: bytes) -> None:
        for line in body.split(b"\n"):
            if line.startswith(b"data: ") and line != b"data: ":
                self.outcomes["event"] += 1
                self.result(line[6:], "an event")

    def _multipart(self, body: bytes) -> None:
        for part in body.split(b"\r\n--graphql")[1:]:
            _, _, text = part.partition(b"\r\n\r\n")
            if not text or text == b"{}":
                continue
            told = self._json(text, "a part")
            if isinstance(told, dict):
                self.outcomes["part"] += 1
                self._errors(told.get("errors"), "a part")
                if told.get("payload"):
                    self._members(told["payload"], "a part")

    def result(self, text: bytes, what: str) -> None:
        """Look at an execution result."""
        told = self._json(text, what)
        if isinstance(told, dict):
            self._members(told, what)
        elif told is not None:
            self.findings.add(f"{what} is no object", repr(text[:300]))

    def _members(self, told: Mapping[str, Any], what: str) -> None:
        if not told.keys() <= {"data", "errors", "extensions"}:
            self.findings.add(f"{what} has odd members", repr(list(told)))
        if "data" not in told and not told.get("errors"):
            self.findings.add(f"{what} says nothing", repr(told)[:300])
        if "serverTime" not in (told.get("extensions") or {}):
            self.findings.add(f"{what} has no serverTime", repr(told)[:300])
        self.outcomes["rejected" if told.get("errors") else "accepted"] += 1
        self._errors(told.get("errors"), what)

    def _errors(self, errors: object, what: str) -> None:
        if errors is None:
            return
        if not isinstance(errors, list) or not errors:
            self.findings.add(f"{what} has errors that are no list", repr(errors)[:300])
            return
        if len(errors) > _MORE_ERRORS and "path" not in errors[0]:
            self.findings.add(f"{what} has {len(errors)} errors")
        for error in errors:
            code = (error.get("extensions") or {}).get("code")
            self.outcomes[f"code {code}"] += 1
            if code not in CODES:
                self.findings.add(f"{what} has the code {code}", repr(error)[:1000])
            if len(error["message"]) > MAX_ERROR_TEXT:
                self.findings.add(f"{what} has a long message", error["message"])

    def message(self, text: bytes) -> None:
        """Look at a message of graphql-transport-ws."""
        told = self._json(text, "a message")
        if not isinstance(told, dict) or told.get("type") not in _MESSAGES:
            self.findings.add("a message of no known type", repr(text[:300]))
            return
        self.outcomes[f"message {told['type']}"] += 1
        if told["type"] == "next":
            self._members(told["payload"], "a next")
        elif told["type"] == "error":
            self.outcomes["rejected"] += 1
            self._errors(told["payload"], "an error")

    def close(self, code: int, reason: str) -> None:
        """Look at how a socket was closed."""
        self.outcomes[f"close {code}"] += 1
        if code not in CLOSES:
            self.findings.add(f"closed with {code}", reason)
        if len(reason.encode()) > 123:
            self.findings.add("a long close reason", reason)

    def _json(self, text: bytes, what: str) -> object:
        try:
            return json.loads(text.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError) as exc:
            self.findings.add(f"{what} is no JSON", f"{exc}: {text[:300]!r}")
            return None


def _refuse(name: str) -> object:
    raise ValueError(name)


def _is_unavailable(answer: Answer) -> bool:
    return answer.status == 503 and b'"code":"UPSTREAM_UNAVAILABLE"' in answer.body


# Budgets go down, and of a venue's two channels now one is asked and now the other.
_MOVING: Final = re.compile(
    rb'"available":\d+|"requestId":"[^"]*"|"channel":"(?:REST|WEBSOCKET)"'
)


def comparable(answer: Answer) -> tuple[object, ...]:
    """Return what must be the same of two answers to the same request."""
    own = ("x-request-id", "content-length", "date")
    headers = sorted((k, v) for k, v in answer.headers if k not in own)
    return answer.status, tuple(headers), _MOVING.sub(b"", answer.body)
