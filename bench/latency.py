"""How late a price is at a subscriber, and what the server costs meanwhile.

    python -m bench.latency [--seconds 20]

Figures per rate, of one subscriber to the whole board:
  publish   from the tick to the subscriber's frame, per event at throttleMs 100
  late      how much later than 100 ms after the one before a tick came
  wait      from the frame received to its tick, per price (0 to 100 ms by design)
  trade     from the trade at the simulator to the frame, at the default throttle
All processes share one machine and its clock.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bench.process import Measured, server, simulator

RATES = (1.0, 10.5)
WARM_UP_S = 12.0  # past the server's own settling
TICK_MS = 100
_LEG = "{ exchangeTime receivedAt }"
_DOCUMENT = f"""subscription($throttleMs: Int) {{
  premiums(throttleMs: $throttleMs) {{
    at snapshot premiums {{ symbol percent domestic {_LEG} global {_LEG} }}
  }}
}}"""


@dataclass
class Figures:
    """Samples in milliseconds."""

    publish: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    wait: list[float] = field(default_factory=list)
    trade: list[float] = field(default_factory=list)
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)
    _last_tick_ms: float = 0.0

    def take(self, event: dict[str, Any], now_ms: float) -> None:
        """Sample every price of an event that is newer than the one seen before."""
        tick_ms = _ms(event["at"])
        if not event["snapshot"]:
            self.publish.append(now_ms - tick_ms)
            spacing = tick_ms - self._last_tick_ms
            # A longer pause is a quiet spell, not a late tick.
            if spacing < 2 * TICK_MS:
                self.late.append(max(0.0, spacing - TICK_MS))
        self._last_tick_ms = tick_ms
        for premium in event["premiums"]:
            for side in ("domestic", "global"):
                leg = premium[side]
                key = (premium["symbol"], side)
                if leg is None or self._seen.get(key) == leg["exchangeTime"]:
                    continue
                self._seen[key] = leg["exchangeTime"]
                if event["snapshot"]:
                    continue
                self.trade.append(now_ms - _ms(leg["exchangeTime"]))
                self.wait.append(max(0.0, tick_ms - _ms(leg["receivedAt"])))


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


async def _events(
    url: str, throttle_ms: int
) -> AsyncIterator[tuple[dict[str, Any], float]]:
    address = url.replace("http", "ws", 1) + "/graphql"
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(address, subprotocols=[protocol], max_size=None) as socket:
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        payload = {"query": _DOCUMENT, "variables": {"throttleMs": throttle_ms}}
        await socket.send(
            json.dumps({"id": "1", "type": "subscribe", "payload": payload})
        )
        async for frame in socket:
            now_ms = time.time() * 1000
            message = json.loads(frame)
            if message["type"] == "ping":
                await socket.send('{"type":"pong"}')
            elif message["type"] == "next":
                yield message["payload"]["data"]["premiums"], now_ms


async def watch(url: str, throttle_ms: int, seconds: float) -> Figures:
    """Return the figures of one subscriber over some seconds."""
    figures = Figures()
    end_s = time.monotonic() + seconds
    async for event, now_ms in _events(url, throttle_ms):
        figures.take(event, now_ms)
        if time.monotonic() > end_s:
            break
    return figures


def percentile(samples: list[float], share: float) -> float:
    """Return the sample below which that share of all lies."""
    ranked = sorted(samples)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def _messages(target: Measured) -> float:
    health = target.query("{ health { upstreams { name messagesPerSecond } } }")
    found = health["data"]["health"]["upstreams"]
    told = (u["messagesPerSecond"] for u in found if u["name"].endswith("stream"))
    return float(sum(told))


def _measure(rate: float, seconds: float) -> str:
    with simulator(rate) as (_, settings), server(settings) as target:
        target.wait_live()
        time.sleep(WARM_UP_S)  # the rate is reached by then
        cpu_s, began_s = target.cpu_s(), time.monotonic()
        fast = asyncio.run(watch(target.url, TICK_MS, seconds))
        cpu = (target.cpu_s() - cpu_s) / (time.monotonic() - began_s)
        usual = asyncio.run(watch(target.url, 500, seconds))
        per_second = _messages(target)
    return (
        f"| {per_second:,.0f} | {_both(fast.publish)} | {_both(fast.late)} "
        f"| {_both(fast.wait)} | {_both(usual.trade)} | {cpu:.0%} "
        f"| {len(fast.publish):,} |"
    )


def _both(samples: list[float]) -> str:
    return f"{statistics.median(samples):.1f} / {percentile(samples, 0.99):.1f}"


def main() -> None:
    """Measure each rate and print a table."""
    parser = argparse.ArgumentParser(prog="bench.latency")
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    figures = ("publish", "late", "wait", "trade")
    columns = " | ".join(f"{name} ms p50 / p99" for name in figures)
    print(f"| messages/s | {columns} | server CPU | events |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for rate in RATES:
        print(_measure(rate, seconds))


if __name__ == "__main__":
    main()
