"""The settings of limits reach the process that answers."""

import asyncio
import http.client
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SETTINGS = {
    "KIMP_LIMIT__DEPTH": "4",
    "KIMP_LIMIT__COST": "1000",
    "KIMP_LIMIT__RATE": "1",
    "KIMP_LIMIT__BURST": "15000",
    "KIMP_LIMIT__MESSAGE_BYTES": "8192",
    "KIMP_HTTP__INTROSPECTION": "false",
    "KIMP_HTTP__TRUSTED_PROXIES": '["127.0.0.0/8"]',
}
PAGE = "{ premiums(first: 100) { edges { cursor } } }"


def ask(server: Any, document: str, **headers: str) -> tuple[int, Any]:
    """Return status and answer, as one address behind a proxy gets them."""
    connection = http.client.HTTPConnection(server.address, timeout=10)
    sent = {"Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"query": document})
    connection.request("POST", "/graphql", body, sent)
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def test_limits_are_those_of_the_environment(
    running: Any, kimp: str, cut_off: dict[str, str], tmp_path: Path
) -> None:
    with running([kimp, "serve"], tmp_path, **cut_off, **SETTINGS) as server:
        server.wait(lambda found: found.get("/health")[0] == 200)
        _, answer = ask(server, "{ premiums { edges { node { coin { symbol } } } } }")
        assert answer["errors"][0]["message"] == "the depth is 5, above the 4 allowed"
        _, answer = ask(server, "{ __schema { types { name } } }")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        _, answer = ask(server, "{ premiums(first: 400) { edges { cursor } } }")
        assert answer["errors"][0]["extensions"]["limit"] == "cost"
        statuses = [
            ask(server, PAGE, X_Forwarded_For="192.0.2.1")[0] for _ in range(80)
        ]
        assert statuses[0] == 200
        assert statuses[-1] == 429
        # Another client of the same proxy is another caller.
        assert ask(server, PAGE, X_Forwarded_For="192.0.2.2")[0] == 200
        asyncio.run(too_large(server.address))
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as told:
            page = told.read().decode()
        assert 'kimp_refused_total{limit="depth"} 1.0' in page
        assert 'kimp_refused_total{limit="message_bytes"} 1.0' in page


async def too_large(address: str) -> None:
    """Send a message that is larger than allowed."""
    protocols: Any = ["graphql-transport-ws"]
    url = f"ws://{address}/graphql"
    async with asyncio.timeout(10), connect(url, subprotocols=protocols) as talk:
        await talk.send("a" * 10_000)
        with pytest.raises(ConnectionClosed) as closed:
            await talk.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
