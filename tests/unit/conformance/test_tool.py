import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import tool
from conformance.case import Place

SCHEMA = "type Query { coin: String premium(symbol: String!): Int }"
SORTED_OTHERWISE = "type Query { premium(symbol: String!): Int coin: String }"
COIN = json.dumps({"premium": {"symbol": "BTC", "quality": "LIVE"}})

Script = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "published", lambda _place: SCHEMA)


@pytest.fixture
def node(place: Place) -> Script:
    """Write a program of the npm packages."""
    folder = place.node / "node_modules" / ".bin"
    folder.mkdir(parents=True)
    (place.node / "relay").mkdir()

    def write(name: str, text: str) -> None:
        program: Path = folder / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    return write


def _gql_cli(coin: str, refused: str, schema: str) -> str:
    """Return a program that answers, refuses and prints the schema like this."""
    return f"""case "$*" in
*--print-schema*) echo '{schema}';;
*--variables*) echo "$@" >> asked; echo '{coin}';;
*) {refused};;
esac"""


def test_a_command_line_asks_both_ways_and_reads_the_schema(
    place: Place, script: Script
) -> None:
    refused = "echo BAD_USER_INPUT; exit 1"
    script("gql-cli", _gql_cli(COIN, refused, SORTED_OTHERWISE))
    assert list(tool.gql_cli(place)) == [
        ("HTTP", "query", None),
        ("HTTP", "refusal", None),
        ("HTTP", "introspection", None),
        ("WebSocket", "query", None),
    ]
    asked = (place.folder / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == [
        "http://open.test/graphql",
        "ws://open.test/graphql",
    ]


def test_another_answer_no_refusal_and_another_schema_fail(
    place: Place, script: Script
) -> None:
    script("gql-cli", _gql_cli("{}", "echo {}", "type Query { coin: String }"))
    assert [reason for _, _, reason in tool.gql_cli(place)] == [
        "{}\n",
        "exit code 0, {}\n",
        "introspection differs from /schema.graphql",
        "{}\n",
    ]


def test_an_app_is_compiled_against_the_published_schema_and_run(
    place: Place, node: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    node("relay-compiler", "cp relay/schema.graphql compiled")
    node("node", """echo '["relay-runtime, HTTP", "node", null]'""")
    programs = place.node / "node_modules" / ".bin"
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    assert [tuple(told) for told in tool.relay(place)] == [
        ("relay-compiler", "compile", None),
        ("relay-runtime, HTTP", "node", None),
    ]
    assert (place.node / "compiled").read_text() == SCHEMA


def test_an_app_that_does_not_compile_is_not_run(place: Place, node: Script) -> None:
    node("relay-compiler", "echo no such field; exit 1")
    assert list(tool.relay(place)) == [
        ("relay-compiler", "compile", "exit code 1: no such field")
    ]


def test_types_are_made_from_the_address_and_their_uses_checked(
    place: Place, node: Script
) -> None:
    node("graphql-codegen", 'echo "$GRAPHQL_URL" "$@" > asked')
    node("tsc", "exit 0")
    assert [reason for _, _, reason in tool.codegen(place)] == [None, None]
    asked = (place.node / "asked").read_text()
    assert asked == "http://open.test/graphql --config codegen.yml\n"


def test_types_that_are_not_made_or_not_accepted_fail(
    place: Place, node: Script
) -> None:
    node("graphql-codegen", "echo no schema; exit 1")
    node("tsc", "echo TS2300; exit 2")
    assert [reason for _, _, reason in tool.codegen(place)] == [
        "exit code 1: no schema",
        "exit code 2: TS2300",
    ]
