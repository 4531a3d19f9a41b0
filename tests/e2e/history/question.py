"""The questions of these tests about the past, asked over GraphQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from tests.e2e.history.bar import Expected
from tests.e2e.history.tape import at, iso
from tests.e2e.semantics.server import Server

BAR: Final = (
    "openedAt interval open high low close domesticClose globalClose fxRate samples"
    " quality origin"
)
PAGE: Final = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
SNAPSHOT: Final = (
    "date symbol domesticPrice globalPrice fxRate fxSource percent takenAt verifiedAt"
    " revision"
)
PAST: Final = """{
  symbol percent absoluteKrw quality reason at signConflict
  usdt: percent(basis: KRW_USDT) usdc: percent(basis: KRW_USDC)
  domestic { exchange price quality } global { exchange price quality }
  bases { basis percent absoluteKrw quality reason fx { rate source quality } }
}"""


def page(server: Server, symbol: str, **arguments: Any) -> Any:
    """Return one page of a coin's premium history; arguments are GraphQL's own."""
    told = server.ask(document(symbol, **arguments))["coin"]["premiumHistory"]
    for edge in told["edges"]:
        edge["node"]["openedAt"] = whole(edge["node"]["openedAt"])
    return told


def whole(instant: str) -> str:
    """Return an instant of whole seconds as `2026-10-14T08:30:00Z`."""
    return iso(at(instant.replace("Z", "+00:00")))


def refused(server: Server, symbol: str, **arguments: Any) -> Any:
    """Return the error of a page that is refused."""
    return server.error(document(symbol, **arguments))


def document(symbol: str, **arguments: Any) -> str:
    """Return the question for one page; enums are given bare, texts quoted."""
    given = {"interval": "M1", **arguments}
    quoted = ("from", "to", "after")
    parts = [
        f'{name}: "{value}"'
        if name.rstrip("_") in quoted and value != "null"
        else f"{name}: {value}"
        for name, value in given.items()
        if value is not None
    ]
    text = ", ".join(parts).replace("from_:", "from:")
    return (
        f'{{ coin(symbol: "{symbol}") {{ premiumHistory({text})'
        f" {{ edges {{ cursor node {{ {BAR} }} }} {PAGE} }} }} }}"
    )


def bars(server: Server, symbol: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return all bars of a range, page after page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        first = arguments.get("first", 1000)
        told = page(server, symbol, **{**arguments, "first": first, "after": after})
        found.extend(edge["node"] for edge in told["edges"])
        after = told["pageInfo"]["endCursor"]
        if not told["pageInfo"]["hasNextPage"]:
            return found
        assert told["edges"], "a page that is empty says that more come"


def plain(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return bars without what the question says anyway."""
    return [{k: v for k, v in bar.items() if k != "interval"} for bar in found]


def same(found: Sequence[dict[str, Any]], wanted: Sequence[Expected]) -> None:
    """Check bars one by one, so that a failure names the first that differs."""
    told = plain(found)
    hoped = [asdict(bar) for bar in wanted]
    for mine, theirs in zip(hoped, told, strict=False):
        assert theirs == mine, f"told {theirs}, wanted {mine}"
    extra = {b["openedAt"] for b in told} ^ {b["openedAt"] for b in hoped}
    assert len(told) == len(hoped), f"{len(told)} told, {len(hoped)} wanted: {extra}"


def snapshots(server: Server, symbol: str, arguments: str = "") -> list[dict[str, Any]]:
    """Return a coin's daily snapshots."""
    within = f"({arguments})" if arguments else ""
    told = server.ask(
        f'{{ coin(symbol: "{symbol}") {{ dailySnapshots{within}'
        f" {{ edges {{ cursor node {{ {SNAPSHOT} }} }} {PAGE} }} }} }}"
    )
    return [row(edge) for edge in told["coin"]["dailySnapshots"]["edges"]]


def row(edge: Any) -> dict[str, Any]:
    """Return a snapshot with its instant in whole seconds."""
    node: dict[str, Any] = edge["node"]
    return {**node, "takenAt": whole(node["takenAt"])}


def snapshots_on(server: Server, day: str, arguments: str = "") -> dict[str, Any]:
    """Return every coin's snapshot of a Seoul day, by symbol."""
    told = server.ask(
        f'{{ dailySnapshots(date: "{day}"{arguments})'
        f" {{ edges {{ cursor node {{ {SNAPSHOT} }} }} {PAGE} }} }}"
    )
    edges = told["dailySnapshots"]["edges"]
    return {edge["node"]["symbol"]: row(edge) for edge in edges}


def premium_at(server: Server, symbol: str, instant: str) -> Any:
    """Return a coin's premium as it was."""
    text = f'{{ premium(symbol: "{symbol}", asOf: "{instant}") {PAST} }}'
    return server.ask(text)["premium"]
