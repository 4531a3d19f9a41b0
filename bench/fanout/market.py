"""The market that every server tells of: so many boards, told in turn, one per tick.

From one board to the next every coin's two prices and its premium change; QUIET never
does, for members who only wait. Prices are of one length everywhere, so that an event
has the same bytes at every server.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from domain.model.premium import compute

COINS = 200
BOARDS = 16
RATE = Decimal(1300)
QUIET = "QUIET"
OWN_SYMBOLS = 10
SEQ_MARK = "\x01"
"""Stands in a template where the tick's number goes."""

_COIN = "symbol percent quality seq domestic { price } global { price }"
_PREMIUMS = f"{{ seq premiums {{ {_COIN} }} }}"
_ID = "6f1d8d2e-9a3c-4b57-8e21-5c0a7f3b9d64"
_EXTENSIONS = '"extensions":{"serverTime":"2026-01-01T00:00:00.000000+00:00"}'


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin's numbers on one board, as text."""

    symbol: str
    percent: str
    krw: str
    usdt: str

    def event(self, seq: object) -> dict[str, Any]:
        """Return it as an event tells it."""
        return {
            "symbol": self.symbol,
            "percent": self.percent,
            "quality": "LIVE",
            "seq": seq,
            "domestic": {"price": self.krw},
            "global": {"price": self.usdt},
        }


def symbols() -> list[str]:
    """Return the symbols of the coins that change."""
    return [f"K{place:03}" for place in range(COINS)]


@cache
def boards(seed: int = 5) -> list[list[Coin]]:
    """Return the boards, the coins of each in the order of their symbols."""
    draw = Random(seed)
    dollars = [Decimal(draw.randrange(10_000_00, 70_000_00)) / 100 for _ in symbols()]
    return [
        [
            _coin(symbol, base, draw)
            for symbol, base in zip(symbols(), dollars, strict=True)
        ]
        for _ in range(BOARDS)
    ]


def quiet() -> Coin:
    """Return the coin that does not change."""
    return _coin(QUIET, Decimal("40000.25"), Random(1))


def _coin(symbol: str, base: Decimal, draw: Random) -> Coin:
    usdt = base + Decimal(draw.randrange(1, 10_000)) / 100
    if usdt % Decimal("0.1") == 0:
        usdt += Decimal("0.01")
    premium = Decimal(draw.randrange(1_000_000, 4_000_000)) / 100_000_000
    krw = round(usdt * RATE * (1 + premium))
    while (percent := compute(Decimal(krw), usdt, RATE).percent) * 100_000 % 1 == 0:
        krw += 1  # the canonical form has no zeros at the end
    return Coin(symbol, f"{percent}", f"{krw}", f"{usdt}")


def changing(field: str) -> int:
    """Return how many coins change at a tick: all, or the one that is watched."""
    return 1 if field == "premium" else COINS


def write_boards(path: Path, field: str) -> None:
    """Write what peers tell, as JSON: the boards, and the quiet coin as `quiet`."""
    count = changing(field)
    told = [[coin.event(0) for coin in board[:count]] for board in boards()]
    path.write_text(json.dumps({"boards": told, "quiet": quiet().event(0)}))


def write_templates(path: Path, field: str) -> None:
    """Write the ready messages of a field, one line each, marks for the tick."""
    lines = []
    for board in boards():
        if field == "premium":
            data: dict[str, Any] = {"seq": SEQ_MARK, **board[0].event(SEQ_MARK)}
        else:
            coins = [coin.event(SEQ_MARK) for coin in board]
            data = {"seq": SEQ_MARK, "premiums": coins}
        text = json.dumps({field: data}, separators=(",", ":"))
        text = text.replace(json.dumps(SEQ_MARK), SEQ_MARK)
        payload = f'{{"data":{text},{_EXTENSIONS}}}'
        lines.append(f'{{"id":"{_ID}","type":"next","payload":{payload}}}\n')
    path.write_text("".join(lines))


def board_payloads() -> list[dict[str, Any]]:
    """Return the payload of a subscriber to the whole board."""
    return [{"query": f"subscription {{ premiums(throttleMs: 100) {_PREMIUMS} }}"}]


def coin_payloads(symbol: str = "") -> list[dict[str, Any]]:
    """Return the payload of a subscriber to one coin, the first one by default."""
    query = (
        "subscription Coin($symbol: String!) "
        f"{{ premium(symbol: $symbol, throttleMs: 100) {{ seq {_COIN} }} }}"
    )
    return [{"query": query, "variables": {"symbol": symbol or symbols()[0]}}]


def own_payloads(members: int, seed: int = 6) -> list[dict[str, Any]]:
    """Return the payloads of members who each name symbols of their own."""
    draw = Random(seed)
    query = (
        "subscription Own($filter: PremiumFilter) "
        f"{{ premiums(filter: $filter, throttleMs: 100) {_PREMIUMS} }}"
    )
    return [
        {"query": query, "variables": {"filter": {"symbols": chosen}}}
        for chosen in (
            sorted(draw.sample(symbols(), OWN_SYMBOLS)) for _ in range(members)
        )
    ]


def problem(event: dict[str, Any], asked: dict[str, Any]) -> str | None:
    """Say what is wrong with a captured message; None: it tells a board as it is."""
    told = event["payload"]["data"]
    variables = asked.get("variables", {})
    if "premium" in told:
        found, wanted = [told["premium"]], [variables["symbol"]]
    else:
        found = told["premiums"]["premiums"]
        wanted = variables.get("filter", {}).get("symbols", symbols())
    seen = sorted(coin["symbol"] for coin in found)
    if seen != wanted:
        return f"{len(seen)} coins, not the {len(wanted)} that were asked for"
    wrong = [coin["symbol"] for coin in found if not _is_of_a_board(coin)]
    return (
        f"{len(wrong)} coins with wrong numbers, such as {wrong[0]}" if wrong else None
    )


def _is_of_a_board(told: dict[str, Any]) -> bool:
    place = symbols().index(told["symbol"])
    shown = {key: told[key] for key in ("symbol", "percent", "quality", "seq")}
    shown |= {key: {"price": told[key]["price"]} for key in ("domestic", "global")}
    return any(board[place].event(told["seq"]) == shown for board in boards())
