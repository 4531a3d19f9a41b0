"""Messages of graphql-transport-ws by their shape."""

import json
from typing import Any

import pytest

from api.limit import MAX_OPERATION_ID
from api.live.message import message_of, pong_of, problem_of, reason_of

QUERY = {"query": "{ a }"}
HASHED: dict[str, object] = {"extensions": {"persistedQuery": {}}}


def subscribe(payload: Any, name: Any = "1") -> dict[str, Any]:
    return {"type": "subscribe", "id": name, "payload": payload}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "connection_init"},
        {"type": "connection_init", "payload": None},
        {"type": "ping", "payload": {}},
        {"type": "pong"},
        {"type": "complete", "id": "x" * MAX_OPERATION_ID},
        {"type": "unknown", "payload": 1},
        subscribe(QUERY),
        subscribe({"query": ""}),
        subscribe({**QUERY, "variables": None, "operationName": None}),
        subscribe({"documentId": "a"}),
        subscribe(HASHED),
        subscribe({"query": None, **HASHED}),
    ],
)
def test_a_message_of_the_protocol_has_no_problem(message: Any) -> None:
    assert problem_of(message) is None


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"type": 1},
        {"type": "ping", "payload": 1},
        {"type": "complete"},
        {"type": "complete", "id": "x" * (MAX_OPERATION_ID + 1)},
        subscribe(QUERY, ""),
        subscribe(QUERY, 1),
        subscribe(None),
        subscribe({}),
        subscribe({"query": 1}),
        subscribe({"query": 1, **HASHED}),
        subscribe({"extensions": {}}),
        subscribe({**QUERY, "variables": []}),
        subscribe({**QUERY, "extensions": []}),
        subscribe({**QUERY, "operationName": 1}),
    ],
)
def test_any_other_message_has_one(message: Any) -> None:
    assert problem_of(message)


def test_messages_are_json_of_their_own_operation() -> None:
    told = json.loads(message_of('"', "error", [{"message": "é"}]))
    assert told == {"id": '"', "type": "error", "payload": [{"message": "é"}]}
    assert json.loads(message_of("1", "complete")) == {"id": "1", "type": "complete"}
    assert json.loads(pong_of({"a": 1})) == {"type": "pong", "payload": {"a": 1}}
    assert json.loads(pong_of(None)) == {"type": "pong"}


def test_a_reason_fits_a_close_frame_and_is_text() -> None:
    assert reason_of("short") == "short"
    cut = reason_of("é" * 100)
    assert len(cut.encode()) <= 123
    assert set(cut) == {"é"}
    assert reason_of("\ud800") == "?"
