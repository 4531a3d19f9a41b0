"""A subscriber to the whole board that folds what it is told and times it."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

LEG = "{ price quality channel exchangeTime receivedAt }"
DOCUMENT = f"""subscription($throttleMs: Int) {{
  premiums(throttleMs: $throttleMs) {{
    seq at snapshot removed
    premiums {{
      symbol seq percent quality reason domestic {LEG} global {LEG}
      bases {{ basis percent quality reason fx {{ source rate quality asOf }} }}
    }}
  }}
}}"""
REDIAL_S = 0.5

Coins = dict[str, dict[str, Any]]
Listener = Callable[[Coins, float], None]


class ProtocolBroken(Exception):
    """The server said something that graphql-transport-ws or the contract forbid."""


class Subscriber:
    """Keeps the board of one subscription; dials again when it is cut.

    `coins` is the fold, whole while `is_told`; listeners are called after each event
    with it and our monotonic time. An `error` message, or an event that goes back,
    raises `ProtocolBroken`.
    """

    def __init__(self, url: str, throttle_ms: int = 100) -> None:
        self.coins: Coins = {}
        self.seq = -1
        self.events = 0
        self.dials = 0
        self.is_told = False
        self._url = url.replace("http", "ws", 1) + "/graphql"
        self._throttle_ms = throttle_ms
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener with every event; returns what takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> None:
        """Stay subscribed until cancelled.

        Raises:
            ProtocolBroken: see above.
        """
        while True:
            try:
                await self._converse()
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(REDIAL_S)  # dials must not storm
            finally:
                self.is_told = False

    async def until(
        self, predicate: Callable[[Coins], bool], limit_s: float
    ) -> float | None:
        """Return the monotonic time at which it held, None: not within the limit."""
        found: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def look(coins: Coins, at_s: float) -> None:
            if not found.done() and predicate(coins):
                found.set_result(at_s)

        if predicate(self.coins):
            return time.monotonic()
        stop = self.listen(look)
        try:
            return await asyncio.wait_for(found, limit_s)
        except TimeoutError:
            return None
        finally:
            stop()

    async def _converse(self) -> None:
        protocol = Subprotocol("graphql-transport-ws")
        self.dials += 1
        async with connect(
            self._url, subprotocols=[protocol], max_size=None, proxy=None
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            variables = {"throttleMs": self._throttle_ms}
            payload = {"query": DOCUMENT, "variables": variables}
            message = {"id": "1", "type": "subscribe", "payload": payload}
            await socket.send(json.dumps(message))
            async for frame in socket:
                answer = self._take(json.loads(frame))
                if answer is not None:
                    await socket.send(answer)

    def _take(self, message: dict[str, Any]) -> str | None:
        kind = message["type"]
        if kind == "ping":
            return '{"type":"pong"}'
        if kind != "next" or message["payload"].get("errors"):
            raise ProtocolBroken(json.dumps(message)[:500])
        self._fold(message["payload"]["data"]["premiums"])
        return None

    def _fold(self, event: dict[str, Any]) -> None:
        if event["snapshot"]:
            self.coins = {}
        elif event["seq"] <= self.seq:
            raise ProtocolBroken(f"tick {event['seq']} after {self.seq}")
        self.seq = event["seq"]
        for coin in event["premiums"]:
            known = self.coins.get(coin["symbol"])
            if known is not None and coin["seq"] <= known["seq"]:
                raise ProtocolBroken(
                    f"{coin['symbol']}: version {coin['seq']} after {known['seq']}"
                )
            self.coins[coin["symbol"]] = coin
        for symbol in event["removed"]:
            if self.coins.pop(symbol, None) is None:
                raise ProtocolBroken(f"{symbol} was removed and never told of")
        self.events += 1
        self.is_told = True
        at_s = time.monotonic()
        for listener in tuple(self._listeners):
            listener(self.coins, at_s)
