"""Clients that are command lines: gql-cli, relay-compiler and graphql-codegen."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from graphql import build_schema, lexicographic_sort_schema, print_schema

from conformance.case import ClientFailed, Place, Told
from conformance.program import last_words, lines, output, run

DOWNLOAD_LIMIT_S = 10.0
SYMBOL = "BTC"
_COIN = "query Coin($symbol: String!) { premium(symbol: $symbol) { symbol quality } }"
_REFUSED = 'query Refused { premium(symbol: "BTC") { price } }'
_TYPECHECK = (
    *("--noEmit", "--strict", "--target", "es2022"),
    *("--module", "esnext", "--moduleResolution", "bundler"),
)


def attempt(transport: str, step: str, do: Callable[[], object]) -> Told:
    """Do a step and return how it went."""
    try:
        do()
    except ClientFailed as exc:
        return transport, step, str(exc)
    return transport, step, None


def published(place: Place) -> str:
    """Return the schema that the server publishes as a file."""
    address = place.url.removesuffix("/graphql") + "/schema.graphql"
    with urllib.request.urlopen(address, timeout=DOWNLOAD_LIMIT_S) as answer:
        text: str = answer.read().decode()
    return text


def _installed(place: Place, program: str) -> Path:
    return place.node / "node_modules" / ".bin" / program


def gql_cli(place: Place) -> Iterator[Told]:
    """Ask over both protocols, be refused, and read the schema by introspection."""
    program = place.python("gql").with_name("gql-cli")
    socket_url = place.url.replace("http", "ws", 1)

    def query(url: str) -> None:
        told = output(
            [program, url, "--variables", f"symbol:{SYMBOL}"], place.folder, stdin=_COIN
        )
        if json.loads(told) != {"premium": {"symbol": SYMBOL, "quality": "LIVE"}}:
            raise ClientFailed(told)

    def refusal() -> None:
        done = run([program, place.url], place.folder, stdin=_REFUSED)
        if done.returncode == 0 or "BAD_USER_INPUT" not in done.stdout + done.stderr:
            raise ClientFailed(f"exit code {done.returncode}, {done.stdout}")

    def introspection() -> None:
        what = ("--print-schema", "--schema-download", "specified_by_url:true")
        read = output([program, place.url, *what], place.folder)
        if _sorted(read) != _sorted(published(place)):
            raise ClientFailed("introspection differs from /schema.graphql")

    yield attempt("HTTP", "query", lambda: query(place.url))
    yield attempt("HTTP", "refusal", refusal)
    yield attempt("HTTP", "introspection", introspection)
    yield attempt("WebSocket", "query", lambda: query(socket_url))


def _sorted(text: str) -> str:
    return print_schema(lexicographic_sort_schema(build_schema(text)))


def relay(place: Place) -> Iterator[Told]:
    """Compile a small app against the published schema, then run it."""
    app = place.node / "relay"
    (app / "__generated__").mkdir(exist_ok=True)
    (app / "schema.graphql").write_text(published(place))
    program = _installed(place, "relay-compiler")
    compiled = attempt(
        "relay-compiler",
        "compile",
        lambda: output([program, "relay.config.json"], place.node),
    )
    yield compiled
    if compiled[-1] is None:
        yield from lines(["node", "relay.mjs", place.url], place.node)


def codegen(place: Place) -> Iterator[Told]:
    """Make types from introspection and documents; have their uses checked."""

    def generate() -> None:
        program = _installed(place, "graphql-codegen")
        command = (program, "--config", "codegen.yml")
        done = run(command, place.node, GRAPHQL_URL=place.url)
        if done.returncode:
            raise ClientFailed(last_words(done))

    def check() -> None:
        program = _installed(place, "tsc")
        output([program, *_TYPECHECK, "codegen/use.ts"], place.node)

    yield attempt("HTTP POST", "generate", generate)
    yield attempt("HTTP POST", "typecheck", check)
