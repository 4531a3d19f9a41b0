"""Every attack over WebSockets is tried; docs/ATTACKS.md tells what became of it."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.integration.attack.page import stopped_by, table_is_renewed
from tests.integration.attack.socket_case import SOCKET_ATTACKS, SocketAttack


async def heard(talk: ClientConnection) -> str:
    """Say how a socket is closed, or which error is the first."""
    try:
        async for text in talk:
            message = json.loads(text)
            if message["type"] == "error":
                return "error " + stopped_by(message["payload"])
    except ConnectionClosed:
        pass
    return f"close {talk.close_code}"


async def row(site: Any, attack: SocketAttack) -> str:
    """Try an attack and return its line of the table."""
    async with site.dial(
        subprotocols=list(attack.subprotocols),
        compression=attack.compression,
        max_size=None,
    ) as talk:
        try:
            for message in attack.says:
                raw = isinstance(message, str | bytes)
                await talk.send(message if raw else json.dumps(message))
        except ConnectionClosed:
            pass
        became = await heard(talk)
    return f"| {attack.name} | {attack.asks} | {became} |"


@pytest.mark.parametrize("attack", SOCKET_ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_on_a_socket_is_refused(
    site: Any, world: Any, attack: SocketAttack
) -> None:
    async with site.talk() as other:
        await row(site, attack)
        # Others are served, and nothing of ours has failed.
        await other.subscribe("1", "{ __typename }")
        told = await other.hear()
        assert told["payload"]["data"] == {"__typename": "Query"}
    assert world.deps.traffic.errors["INTERNAL"] == 0


async def test_the_page_lists_every_attack_on_sockets_and_no_other(
    site: Any, world: Any
) -> None:
    rows = []
    for attack in SOCKET_ATTACKS:
        rows.append(await row(site, attack))
        # What one attack has used up is no other's.
        await world.clock.advance(60)
    head = "| attack | what it asks | what becomes of it |\n|---|---|---|"
    is_renewed = table_is_renewed("over WebSockets", head, rows)
    assert is_renewed, "run: KIMP_TEST_WRITE=1 pytest tests/integration/attack"
