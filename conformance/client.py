"""Every client of the table, in its order."""

from collections.abc import Callable, Iterable

from conformance import fuzz, tool
from conformance.case import Client, Place, Told
from conformance.environment import PROGRAMS, npm_version, pip_version
from conformance.program import lines

ASKED = ("query", "error", "refusal")
FOLLOWED = ("board", "stream error", "others", "end")
PERSISTED = ("first", "again")


def _script(name: str) -> Callable[[Place], Iterable[Told]]:
    """Return the running of a Node program."""
    return lambda place: lines(["node", f"{name}.mjs", place.url], place.node)


def _gql(place: Place) -> Iterable[Told]:
    program = PROGRAMS / "gql_session.py"
    return lines([place.python("gql"), program, place.url], place.folder)


CLIENTS = (
    Client(
        "graphql-ws",
        npm_version("graphql-ws"),
        {"WebSocket": (*ASKED, *FOLLOWED)},
        _script("graphql-ws"),
    ),
    Client(
        "graphql-sse",
        npm_version("graphql-sse"),
        {"SSE, distinct connections": (*ASKED, *FOLLOWED)},
        _script("graphql-sse"),
    ),
    Client(
        "@apollo/client",
        npm_version("@apollo/client"),
        {
            "HttpLink, POST": ASKED,
            "HttpLink, GET": ASKED,
            "HttpLink, multipart": FOLLOWED,
            "GraphQLWsLink": (*ASKED, *FOLLOWED[:-1], "cache", "end"),
            "PersistedQueryLink": PERSISTED,
        },
        _script("apollo"),
    ),
    Client(
        "@urql/core",
        npm_version("@urql/core"),
        {
            "HTTP POST": ASKED,
            "HTTP GET": ASKED,
            "HTTP stream (SSE)": FOLLOWED,
            "WebSocket": (*ASKED, *FOLLOWED),
            "persistedExchange": PERSISTED,
        },
        _script("urql"),
    ),
    Client(
        "gql",
        pip_version("gql", "gql"),
        {
            "aiohttp, POST": (*ASKED, "introspection"),
            "websockets": (*ASKED, *FOLLOWED),
            "aiohttp WebSocket": (*ASKED, *FOLLOWED),
        },
        _gql,
    ),
    Client(
        "gql-cli",
        pip_version("gql", "gql"),
        {"HTTP": ("query", "refusal", "introspection"), "WebSocket": ("query",)},
        tool.gql_cli,
    ),
    Client(
        "Relay",
        npm_version("relay-compiler"),
        {
            "relay-compiler": ("compile",),
            "relay-runtime, HTTP": ("connection", "node"),
            "relay-runtime, WebSocket": ("store", "end"),
        },
        tool.relay,
    ),
    Client(
        "graphql-codegen",
        npm_version("@graphql-codegen/cli"),
        {"HTTP POST": ("generate", "typecheck")},
        tool.codegen,
    ),
    Client(
        "schemathesis",
        pip_version("schemathesis", "schemathesis"),
        {"HTTP POST": ("cases",)},
        fuzz.schemathesis,
    ),
    Client(
        "clairvoyance",
        pip_version("clairvoyance", "clairvoyance"),
        {"HTTP POST": ("control", "nothing")},
        fuzz.clairvoyance,
    ),
)
