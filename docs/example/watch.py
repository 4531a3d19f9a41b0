"""gql: one question over HTTP, then every change over WebSocket.

python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
.venv/bin/python watch.py
"""

import asyncio
import os
from decimal import Decimal

from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("KIMP_URL", "http://127.0.0.1:8000/graphql")

BOARD = gql("""
    query Board {
      premiums(first: 5, orderBy: { field: PERCENT }) {
        summary { medianPercent live stale unavailable }
        edges { node { symbol coin { koreanName } percent quality reason } }
      }
    }
""")
COIN = gql("""
    subscription Coin($symbol: String!) {
      premium(symbol: $symbol, throttleMs: 1000) {
        symbol coin { koreanName } percent quality reason
      }
    }
""")


def show(premium: dict) -> None:
    # Decimals are strings, so that nothing is lost; None is unknown, never 0.
    text = premium["percent"]
    percent = "unknown" if text is None else f"{Decimal(text):+.2f} %"
    name = premium["coin"]["koreanName"]
    print(premium["symbol"], name, percent, premium["quality"], premium["reason"] or "")


async def main() -> None:
    async with Client(transport=HTTPXAsyncTransport(url=URL)) as session:
        answer = await session.execute(BOARD)
    print(answer["premiums"]["summary"])
    for edge in answer["premiums"]["edges"]:
        show(edge["node"])

    socket = WebsocketsTransport(url=URL.replace("http", "ws", 1))
    async with Client(transport=socket) as session:
        COIN.variable_values = {"symbol": "BTC"}
        async for event in session.subscribe(COIN):
            show(event["premium"])


if __name__ == "__main__":
    asyncio.run(main())
