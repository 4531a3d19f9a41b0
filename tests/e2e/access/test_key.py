"""Keys as people use them: made beside a running server, shown, revoked."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.browser.chromium import Browser

if TYPE_CHECKING:
    from tests.e2e.access.conftest import Keyed

LIMIT_S = 20.0
QUERY = json.dumps({"query": "{ health { status } }"}).encode()
LIVE = "subscription { premiums { seq } }"
RESULT = "(document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue())"


def ask(keyed: Keyed, key: str | None = None) -> tuple[int, Any]:
    """Return status and body of a query."""
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(keyed.url + "/graphql", QUERY, headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, json.load(exc)


def until(keyed: Keyed, key: str, status: int) -> None:
    """Return once a key is answered so; the server looks several times a second."""
    deadline = time.monotonic() + LIMIT_S
    while ask(keyed, key)[0] != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another process: there is nothing to await


@contextmanager
def listening(keyed: Keyed, key: str) -> Iterator[ClientConnection]:
    """Give a socket with a live subscription."""
    url = keyed.url.replace("http", "ws", 1) + "/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(url, subprotocols=protocols, max_size=None) as socket:
        init = {"type": "connection_init", "payload": {"apiKey": key}}
        socket.send(json.dumps(init))
        assert json.loads(socket.recv(LIMIT_S))["type"] == "connection_ack"
        ask = {"id": "1", "type": "subscribe", "payload": {"query": LIVE}}
        socket.send(json.dumps(ask))
        assert json.loads(socket.recv(LIMIT_S))["type"] == "next"
        yield socket


def test_a_key_is_made_used_and_revoked_beside_the_running_server(
    keyed: Keyed,
) -> None:
    assert ask(keyed)[0] == 401
    key = keyed.keys("create", "e2e")
    until(keyed, key, 200)
    with listening(keyed, key) as socket:
        assert "e2e" in keyed.keys("list")
        keyed.keys("revoke", key.split("_")[1])
        with suppress(ConnectionClosed):
            while True:
                socket.recv(LIMIT_S)
        assert socket.close_code == 4403
    until(keyed, key, 401)
    log = keyed.server.log.read_text()
    assert "key.ended" in log
    assert key.rpartition("_")[2] not in log


def test_operators_see_keys_and_never_which(keyed: Keyed) -> None:
    key = keyed.keys("create", "watched")
    until(keyed, key, 200)
    with urllib.request.urlopen(keyed.url + "/metrics", timeout=LIMIT_S) as answer:
        told = answer.read().decode()
    assert "kimp_api_keys_known 1.0" in told
    assert key.split("_")[1] not in told
    assert keyed.server.get("/health")[1]["checks"]["keys"]["status"] == "healthy"


@pytest.mark.browser
async def test_graphiql_opens_and_its_header_editor_sends_the_key(
    keyed: Keyed, browser: Browser
) -> None:
    key = await asyncio.to_thread(keyed.keys, "create", "page")
    await asyncio.to_thread(until, keyed, key, 200)
    page = await browser.open(f"{keyed.url}/graphql")
    await page.wait_for("document.querySelectorAll('.graphiql-tab').length === 3")
    editors = "[...document.querySelectorAll('.graphiql-editor-tool .CodeMirror')]"
    written = json.dumps(json.dumps({"Authorization": f"Bearer {key}"}))
    await page.evaluate(
        "[...document.querySelectorAll('.graphiql-editor-tools button')]"
        ".find(button => button.innerText === 'Headers').click()"
    )
    await page.evaluate(f"{editors}.map(e => e.CodeMirror).at(-1).setValue({written})")
    # Without the key there was no schema, and without it no names of operations.
    await page.evaluate(
        "document.querySelector('[aria-label=\"Re-fetch GraphQL schema\"]').click()"
    )
    await page.wait_for("document.querySelector('.graphiql-spinner') === null")
    editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
    run = "document.querySelector('.graphiql-execute-button').click()"
    for query, shown in (
        ("query A { health { status } }", 'status..."(HEALTHY|DEGRADED)'),
        (LIVE.replace("subscription", "subscription B"), 'seq":'),
    ):
        await page.evaluate(f"{editor}.setValue({json.dumps(query)})")
        name = query.split()[1]
        await page.wait_for(f"localStorage['graphiql:operationName'] === '{name}'")
        await page.evaluate(run)
        await page.wait_for(f"{RESULT}?.match(/{shown}/)")
    assert page.foreign_requests(keyed.url) == []
    # The page asked for the schema before there was a key; nothing else is wrong.
    assert [c for c in page.complaints if "401" not in str(c)] == []
