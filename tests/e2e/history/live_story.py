"""A minute that is recorded, an outage and a kill in it, and what comes after.

The servers' clocks are set ahead while they run, so that nobody waits for a minute to
pass. In the first story the process is killed and comes back ten minutes later. In the
second the database is away, and Binance too, when the process is killed.
"""

import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.e2e.history.bar import flat
from tests.e2e.history.command import Bench, Said, metric, wait_price
from tests.e2e.history.question import bars, premium_at
from tests.e2e.history.tape import DAY_S, MINUTE_S, at, day_of, iso
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.outage.conftest import Distant
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import dunamu

# The server starts within the minute before; this one is whole.
WHOLE: Final = at("2026-11-18T05:31:00")
STARTED: Final = WHOLE - MINUTE_S
PRICES: Final = ("144000000", "141000000", "142000000")
AHEAD_S: Final = 600
HEALED: Final = WHOLE + AHEAD_S - 120
RATE: Final = "1333.25"
WHERE: Final = {"from_": iso(STARTED), "to": iso(STARTED + 3600)}
LIMIT_S: Final = 60.0
QUIET_S: Final = 3.0
RECORDED: Final = "SELECT * FROM premium_minute WHERE origin = 'LIVE' ORDER BY 1, 2"


@dataclass
class Seen:
    """What a story left behind."""

    whole: dict[str, Any] = field(default_factory=dict)
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    at_noon: Any = None
    kept: list[list[dict[str, Any]]] = field(default_factory=list)
    fill: Said | None = None
    world: HistoryWorld | None = None


def open_world(shift_s: float) -> HistoryWorld:
    """Return venues whose clock is so far ahead."""
    world = HistoryWorld(shift_s)
    world.market("DOGE", "201.5", 1)
    world.pair("DOGE", "0.15010", 5)
    world.market("BTC", "143000000", -3)
    world.pair("BTC", "107000.00", 2)
    world.market("ETH", "3456000", -3, sparse=4)
    world.pair("ETH", "2600.51", 2, sparse=4)
    world.market("USDT", "1320", 1)
    world.rates["main/v1/forex/recent"] = dunamu(RATE, (STARTED - 900) * 1000)
    # ETH last traded before the server came, at the price that it shows.
    for series in (world.upbit.tape["KRW-ETH"], world.binance.tape["ETHUSDT"]):
        series.fixed[(MINUTE_S, STARTED - MINUTE_S)] = flat(series.base)
        series.holes |= {(MINUTE_S, STARTED), (MINUTE_S, WHOLE)}
    # At half past two in Korea the ECB has not spoken yet.
    world.ecb.scripted[day_of(WHOLE)] = None
    return world


def leap(bench: Bench, world: HistoryWorld, to_s: float) -> None:
    """Set everybody's clock to an instant."""
    shift_s = to_s - time.time()
    world.move(shift_s)
    bench.set_clock(shift_s)


def settled(server: Server, *symbols: str) -> None:
    """Wait until nothing new is said of coins that do not trade."""
    said: list[list[int]] = []
    since = [time.monotonic()]

    def quiet() -> bool:
        now = [server.premium(symbol)["seq"] for symbol in symbols]
        if not said or said[-1] != now:
            said.append(now)
            since[0] = time.monotonic()
        return time.monotonic() - since[0] > QUIET_S

    until(quiet, f"{symbols} are settled", LIMIT_S)


def trade(server: Server, bench: Bench, world: HistoryWorld) -> None:
    """Let BTC trade three times within the whole minute, and nothing else."""
    server.wait_live("BTC", "ETH", "DOGE")
    # What is learned late (a day's open, another rate) is a new version, a sample.
    settled(server, "BTC", "ETH", "DOGE")
    assert world.now_s() < WHOLE, "the machine is too slow for this test"
    leap(bench, world, WHOLE + 1)
    for price in PRICES:
        world.do(world.upbit.push("BTC", trade_price=Raw(price)))
        wait_price(server, "BTC", price)


def recorded(server: Server, symbol: str) -> Any:
    """Return the whole minute's bar once it is there."""

    def look() -> Any:
        found = bars(server, symbol, from_=iso(WHOLE), to=iso(WHOLE + MINUTE_S))
        return found[0] if found else None

    return until(look, f"the minute of {symbol}", LIMIT_S)


def healed(server: Server, symbol: str) -> list[dict[str, Any]]:
    """Return a coin's minutes once none is missing."""

    def look() -> list[dict[str, Any]] | None:
        found = bars(server, symbol, from_=iso(WHOLE), to=iso(HEALED))
        return found if len(found) == (HEALED - WHOLE) // MINUTE_S else None

    return until(look, f"the gap of {symbol} is healed", LIMIT_S)


def live_story(folder: Path, url: str) -> Seen:
    """Record, be killed, come back ten minutes later."""
    shift_s = STARTED + 1 - time.time()
    with open_world(shift_s) as world:
        seen = Seen(world=world)
        settings = {**world.settings(), "KIMP_DATABASE__URL": url}
        bench = Bench(folder, settings, shift_s)
        with bench.serve() as server:
            trade(server, bench, world)
            leap(bench, world, WHOLE + MINUTE_S)
            seen.whole = {s: recorded(server, s) for s in ("BTC", "ETH", "DOGE")}
            seen.before = bars(server, "BTC", **WHERE)
            server.stop(signal.SIGKILL)
        leap(bench, world, WHOLE + AHEAD_S)
        with bench.serve() as server:
            seen.after = healed(server, "BTC")
            seen.rows = healed(server, "ETH")
            seen.at_noon = premium_at(server, "BTC", iso(WHOLE + 240))
        fill_story(bench, world, seen)
    return seen


def fill_story(bench: Bench, world: HistoryWorld, seen: Seen) -> None:
    """Fill the same day from candles, all of it, the day after."""
    seen.kept.append(bench.rows(RECORDED))
    leap(bench, world, WHOLE + DAY_S)
    day = day_of(WHOLE).isoformat()
    seen.fill = bench.run(
        *("backfill", "--from", day, "--to", day, "--interval", "1m"),
        *("--symbols", "BTC", "--redo"),
    )
    seen.kept.append(bench.rows(RECORDED))


def dark_story(folder: Path, postgres: str) -> Seen:
    """Record while the database is away and Binance too, be killed, come back."""
    seen, shift_s = Seen(), STARTED + 1 - time.time()
    with Distant(postgres) as wire, open_world(shift_s) as world:
        settings = {
            **world.settings(),
            "KIMP_DATABASE__URL": wire.url,
            "KIMP_HISTORY__HEAL_DAYS": "0",
        }
        bench = Bench(folder, settings, shift_s)
        with bench.serve() as server:
            trade(server, bench, world)
            wire.hang_up()
            world.binance.accepts, world.binance.rest_status = False, 503
            world.do(world.binance.cut())
            server.premium_when("BTC", lambda p: p["quality"] == "STALE", "STALE", 60.0)
            leap(bench, world, WHOLE + MINUTE_S)
            until(lambda: _is_on_disk(server), "the minute is on disk", LIMIT_S)
            server.stop(signal.SIGKILL)
        wire.listen()
        with bench.serve() as server:
            seen.whole = {s: recorded(server, s) for s in ("BTC", "ETH")}
            seen.before = bars(server, "BTC", **WHERE)
    return seen


def _is_on_disk(server: Server) -> bool:
    (minutes,) = metric(server, "kimp_recorder_batches_total").values()
    (unkept,) = metric(server, "kimp_recorder_batches_unkept").values()
    return minutes >= 2 and unkept == 0
