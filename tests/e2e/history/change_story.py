"""The Asia/Seoul date change, lived through by two servers on one database.

Their clocks are set so that 15:00 UTC comes soon after the start. The second chapter is
the same database at 09:05 in Seoul, when the venues' own day has closed at quite
another price.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.e2e.history.command import Bench, metric, wait_price
from tests.e2e.history.question import snapshots, snapshots_on
from tests.e2e.history.tape import Candle, at
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import dunamu

DAY: Final = "2026-11-18"
CHANGE_S: Final = at("2026-11-18T15:00:00")
MINUTE: Final = (60, CHANGE_S - 60)
# (won, dollars) of the last trade before the change; None: no such market.
LAST: Final = {
    "DOGE": ("201.5", "0.15010"),
    "BTC": ("143500000", "107000.00"),
    "ETH": ("3456000", "2600.51"),
    "XRP": ("3456", "2.6100"),
    "AQT": ("1500", None),
    "USDT": ("1320.5", None),
}
DATED_RATE: Final = "1333.25"
# What the venue's own minutes say of XRP's last trade.
XRP_EVIDENCE: Final = "3450"
# So long before the change two servers start; where a busy machine is not ready in
# time, all of it begins anew, earlier.
LEADS_S: Final = (20, 60, 180)
LIMIT_S: Final = 60.0


class MachineTooSlow(Exception):
    """The servers were not ready before the change."""


@dataclass
class Story:
    """What was seen: right after the change, when verified, and the next morning."""

    change: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    verified: dict[str, Any] = field(default_factory=dict)
    morning: dict[str, Any] = field(default_factory=dict)
    months: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    quiet: list[dict[str, float]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)


def change_story(folder: Path, urls: Sequence[str]) -> Story:
    """Live through the change and the next morning; a fresh database per try."""
    for lead_s, url in zip(LEADS_S, urls, strict=True):
        try:
            return _told(folder / str(lead_s), url, lead_s)
        except MachineTooSlow:
            continue
    raise MachineTooSlow(f"not even {LEADS_S[-1]} s before the change")


def _told(folder: Path, url: str, lead_s: float) -> Story:
    story = Story()
    shift_s = CHANGE_S - lead_s - time.time()
    with HistoryWorld(shift_s) as world:
        _list(world)
        settings = {
            **world.settings(),
            "KIMP_DATABASE__URL": url,
            "KIMP_HISTORY__COMPARE_INTERVAL_S": "1",
            "KIMP_HISTORY__VERIFY_AFTER_S": "6",
        }
        bench = Bench(folder, settings, shift_s)
        _first_chapter(bench, world, story)
        _second_chapter(bench, world, story)
        story.audit = bench.rows("SELECT * FROM snapshot_audit ORDER BY id")
    return story


def _flat(price: str) -> Candle:
    """Return a minute in which everything traded at one price."""
    return Candle(price, price, price, price, "1", price)


def _list(world: HistoryWorld) -> None:
    """List the coins; their minute before the change ends at the last trade."""
    for symbol, (krw, usdt) in LAST.items():
        world.market(symbol, krw, 1)
        world.upbit.tape[f"KRW-{symbol}"].fixed[MINUTE] = _flat(krw)
        if usdt is not None:
            world.pair(symbol, usdt, 5)
            world.binance.tape[f"{symbol}USDT"].fixed[MINUTE] = _flat(usdt)
    xrp = world.upbit.tape["KRW-XRP"]
    del xrp.fixed[MINUTE]
    xrp.holes |= {MINUTE, (60, MINUTE[1] - 60)}
    xrp.fixed[(60, MINUTE[1] - 120)] = _flat(XRP_EVIDENCE)
    world.rates["main/v1/forex/recent"] = dunamu(DATED_RATE, (CHANGE_S - 900) * 1000)


def _push(world: HistoryWorld, symbol: str, price: str) -> None:
    """Let Upbit tell of a trade now."""
    world.do(world.upbit.push(symbol, trade_price=Raw(price)))


def _is_verified(rows: dict[str, Any]) -> bool:
    """Return whether every row was compared with the venues' record."""
    return bool(rows) and all(row["verifiedAt"] is not None for row in rows.values())


def _counters(server: Server) -> dict[str, float]:
    """Return what the comparison of current rows counted."""
    found = metric(server, "compare") | metric(server, "updated")
    return found | metric(server, "equal")


def _first_chapter(bench: Bench, world: HistoryWorld, story: Story) -> None:
    """Live through the change, with a second server on the same database."""
    other = Bench(bench.folder / "other", bench.settings, bench.shift_s)
    with bench.serve() as server, other.serve() as second:
        server.wait_live("BTC", "XRP")
        second.wait_live("BTC", "XRP")
        story.before = snapshots_on(server, DAY)
        for symbol in ("BTC", "ETH"):
            _push(world, symbol, LAST[symbol][0] or "")
        wait_price(server, "BTC", LAST["BTC"][0] or "")
        story.quiet.append(_counters(server))
        if world.now_s() >= CHANGE_S - 1:
            raise MachineTooSlow
        until(lambda: world.now_s() >= CHANGE_S + 0.05, "15:00", LEADS_S[-1])
        for symbol in ("BTC", "ETH", "DOGE"):
            _push(world, symbol, f"5{LAST[symbol][0]}")
        story.change = until(
            lambda: snapshots_on(server, DAY), "the snapshot is taken", LIMIT_S
        )
        story.other = until(lambda: snapshots_on(second, DAY), "there too", LIMIT_S)
        story.quiet.append(_counters(server))

        def verified() -> dict[str, Any] | None:
            rows = snapshots_on(server, DAY)
            return rows if _is_verified(rows) else None

        story.verified = until(verified, "the snapshot is verified", LIMIT_S)


def _second_chapter(bench: Bench, world: HistoryWorld, story: Story) -> None:
    """Look at it the next morning, after the venues' day has closed."""
    bench.set_clock(bench.shift_s + 9 * 3600)
    world.move(bench.shift_s)
    with bench.serve() as server:
        server.wait_live("BTC")
        _push(world, "BTC", "99000000")
        wait_price(server, "BTC", "99000000")
        story.morning = snapshots_on(server, DAY)
        story.months = snapshots(
            server, "BTC", 'from: "2026-11-01", to: "2026-11-30", direction: DESC'
        )
