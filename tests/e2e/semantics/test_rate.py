"""The chain of dollar rates: order, bounds, ages; and clocks that differ.

Sources are asked once a minute at most, so each case is a server of its own; all look
at the same venues and start together.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import PostgresServer
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server, serving, until
from tests.e2e.semantics.test_quote import instant, unix_ms
from tests.e2e.semantics.venue import Raw, stamp_ms
from tests.e2e.semantics.world import Body, World, dunamu, frankfurter

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RATES = "{ fxRates { base quote rate source asOf ageMs quality } }"
# How far the venues' clocks are behind ours; at most a minute of it is corrected.
UPBIT_BEHIND_S = 20
BINANCE_BEHIND_S = 300
LIVE_FOR_S = 10.0
KNOWN_FOR_S = 24.0


@dataclass(frozen=True)
class Desk:
    """What one server's rate sources answer."""

    sources: str
    dunamu: Body | None = None
    frankfurter: Body | None = None
    open_er_api: Body | None = None
    max_age_s: int | None = None


def ago(ms: int) -> int:
    """Return the instant so many ms before now."""
    return stamp_ms() - ms


def day_before(days: int) -> str:
    """Return the ISO day so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def dying() -> Body:
    """Return a rate that is LIVE for ten seconds after it was first asked for."""
    first: list[int] = []

    def body() -> object:
        if not first:
            first.append(stamp_ms() - 120 * HOUR_MS + int(LIVE_FOR_S * 1000))
        return dunamu("1300", first[0])()

    return body


def open_er_api(rate: str, at_s: int) -> Body:
    """Return the answer of open.er-api.com."""
    rates = {"USD": 1, "KRW": Raw(rate)}
    return lambda: {
        "result": "success",
        "time_last_update_unix": at_s,
        "base_code": "USD",
        "rates": rates,
    }


DESKS: dict[str, Desk] = {
    # The first source is too old to be LIVE, the second is LIVE.
    "second": Desk(
        "dunamu,frankfurter",
        dunamu("1300", ago(121 * HOUR_MS)),
        frankfurter("1310.25", day_before(1)),
    ),
    # None is LIVE: the first STALE one.
    "stale": Desk(
        "dunamu,frankfurter",
        dunamu("1300", ago(121 * HOUR_MS)),
        frankfurter("1310.25", day_before(7)),
    ),
    # Refused by the bounds, both ends.
    "refused": Desk(
        "dunamu,frankfurter",
        dunamu("3000.01"),
        frankfurter("499.99", day_before(1)),
    ),
    # The bounds themselves are allowed; configured the other way round.
    "bounds": Desk(
        "frankfurter,dunamu", dunamu("3000"), frankfurter("500", day_before(1))
    ),
    # Older than KIMP_FX__MAX_AGE_S, by default ten days.
    "old": Desk("dunamu", dunamu("1300", ago(10 * DAY_MS + 60_000))),
    # No stamp but a date and a time in Seoul; and the third source, when asked for.
    "kst": Desk(
        "dunamu,open_er_api",
        dunamu(
            "1348.50",
            date=day_before(1),
            time="15:30:00",
            timestamp=...,
        ),
        open_er_api=open_er_api("1349.75", ago(DAY_MS) // 1000),
    ),
    # A rate from the future, far beyond every calendar.
    "future": Desk("dunamu", dunamu("1300", 4_503_599_627_370_495)),
    # No numbers at all.
    "garbage": Desk(
        "dunamu,frankfurter", dunamu("NaN"), frankfurter('"1_300"', day_before(1))
    ),
    # One from tomorrow.
    "tomorrow": Desk("dunamu", dunamu("1300", ago(-DAY_MS))),
}


@dataclass(frozen=True)
class Desks:
    """The servers by case, and the venues that all look at."""

    servers: dict[str, Server]
    world: World
    began_s: dict[str, float]


def list_coins(world: World) -> None:
    """List a few coins; the venues' clocks are behind ours."""
    world.upbit.clock_offset_s = -UPBIT_BEHIND_S
    world.binance.clock_offset_s = -BINANCE_BEHIND_S
    late = {"trade_timestamp": stamp_ms() - UPBIT_BEHIND_S * 1000}
    world.coin("DOGE", "201.5", "0.1501", **late)
    world.coin("BTC", "52000000", "39000", **late)
    world.coin("QTUM", "3000", None, **late)
    world.upbit.add("ZIL", "20", **late)
    world.binance.add("ZIL", "0.015", status="BREAK")
    world.upbit.add("USDT", "1320", **late)
    world.upbit.add("USDC", "1290", **late)
    for row in world.binance.rows.values():
        row["closeTime"] -= BINANCE_BEHIND_S * 1000


@pytest.fixture(scope="module")
def desks(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Desks]:
    with ExitStack() as stack:
        world = stack.enter_context(World())
        list_coins(world)
        jobs: list[Callable[[], tuple[str, Server, float]]] = []
        for name, desk in DESKS.items():
            url = postgres_server.clone()
            stack.callback(postgres_server.drop, url)
            folder = tmp_path_factory.mktemp(name)
            jobs.append(
                lambda n=name, d=desk, f=folder, u=url: _start(  # type: ignore[misc]  # bound now
                    stack, world, n, d, f, u
                )
            )
        with ThreadPoolExecutor(3) as pool:
            started = list(pool.map(lambda job: job(), jobs))
        servers = {name: server for name, server, _ in started}
        yield Desks(servers, world, {name: at for name, _, at in started})


@pytest.fixture
def dying_desk(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Server]:
    """A server whose rate is LIVE, then STALE, then unknown, from its start on."""
    desk = Desk("dunamu", dying(), max_age_s=int(120 * 3600 - LIVE_FOR_S + KNOWN_FOR_S))
    with ExitStack() as stack:
        world = stack.enter_context(World())
        list_coins(world)
        url = postgres_server.clone()
        stack.callback(postgres_server.drop, url)
        folder = tmp_path_factory.mktemp("dying")
        yield _start(stack, world, "dying", desk, folder, url)[1]


def _start(
    stack: ExitStack, world: World, name: str, desk: Desk, folder: Path, url: str
) -> tuple[str, Server, float]:
    bodies = {
        "v1/forex/recent": desk.dunamu,
        "v1/latest": desk.frankfurter,
        "v6/latest/USD": desk.open_er_api,
    }
    for path, body in bodies.items():
        if body is not None:
            world.rates[f"{name}/{path}"] = body
    settings = {**world.settings(name, desk.sources), "KIMP_DATABASE__URL": url}
    if desk.max_age_s is not None:
        settings["KIMP_FX__MAX_AGE_S"] = str(desk.max_age_s)
    began_s = time.monotonic()
    return name, stack.enter_context(serving(folder, settings)), began_s


def bitcoin(server: Server) -> Any:
    """Return BTC as soon as both legs are LIVE."""
    return server.premium_when(
        "BTC",
        lambda p: (
            p["global"] is not None
            and p["domestic"]["quality"] == p["global"]["quality"] == "LIVE"
            and p["bases"][1]["fx"] is not None
            and p["bases"][1]["fx"]["quality"] == "LIVE"
            and (p["bases"][0]["fx"] is not None or p["reason"] == "FX_MISSING")
        ),
        "both legs LIVE",
        30.0,
    )


def test_a_live_rate_becomes_stale_and_then_missing(dying_desk: Server) -> None:
    server = dying_desk
    stale = server.premium_when("BTC", lambda p: p["reason"] == "FX_STALE", "", 30.0)
    assert stale["quality"] == "STALE"
    assert stale["percent"] == expect.percent("52000000", "39000", 1300)
    assert stale["bases"][0]["fx"]["quality"] == "STALE"
    assert stale["bases"][1]["quality"] == "LIVE"
    gone = server.premium_when("BTC", lambda p: p["reason"] == "FX_MISSING", "", 30.0)
    assert gone["quality"] == "UNAVAILABLE"
    assert (gone["percent"], gone["absoluteKrw"]) == (None, None)
    assert gone["bases"][0]["fx"] is None
    assert gone["bases"][1]["percent"] == expect.percent("52000000", "39000", 1320)
    assert [r["source"] for r in server.ask(RATES)["fxRates"]] == ["upbit", "upbit"]
    # The counts of the board follow.
    summary = server.ask("{ premiums { summary { live fxRate { rate } } } }")
    assert summary["premiums"]["summary"] == {"live": 0, "fxRate": None}


def test_used_is_the_first_live_source_in_the_configured_order(desks: Desks) -> None:
    server = desks.servers["second"]
    premium = bitcoin(server)
    assert premium["quality"] == "LIVE"
    fx = premium["bases"][0]["fx"]
    assert (fx["source"], fx["rate"], fx["quality"]) == (
        "frankfurter",
        "1310.25",
        "LIVE",
    )
    assert premium["percent"] == expect.percent("52000000", "39000", "1310.25")
    rates = server.ask(RATES)["fxRates"]
    told = [(r["base"], r["quote"], r["source"], r["quality"]) for r in rates]
    assert told == [
        ("USD", "KRW", "frankfurter", "LIVE"),
        ("USD", "KRW", "dunamu", "STALE"),
        ("USDT", "KRW", "upbit", "LIVE"),
        ("USDC", "KRW", "upbit", "LIVE"),
    ]


def test_frankfurter_speaks_of_16_00_in_berlin(desks: Desks) -> None:
    rates = desks.servers["second"].ask(RATES)["fxRates"]
    day = datetime.fromisoformat(day_before(1))
    fixing = day.replace(hour=16, tzinfo=ZoneInfo("Europe/Berlin"))
    assert instant(rates[0]["asOf"]) == fixing


def test_without_a_live_source_the_first_stale_one_is_used(desks: Desks) -> None:
    server = desks.servers["stale"]
    premium = bitcoin(server)
    assert (premium["quality"], premium["reason"]) == ("STALE", "FX_STALE")
    assert premium["percent"] == expect.percent("52000000", "39000", 1300)
    assert premium["bases"][0]["fx"]["source"] == "dunamu"
    assert [b["quality"] for b in premium["bases"]] == ["STALE", "LIVE", "LIVE"]
    rates = server.ask(RATES)["fxRates"]
    assert [r["source"] for r in rates] == ["dunamu", "frankfurter", "upbit", "upbit"]


@pytest.mark.parametrize("case", ["refused", "old", "garbage"])
def test_a_rate_that_is_refused_is_missing(desks: Desks, case: str) -> None:
    server = desks.servers[case]
    premium = bitcoin(server)
    assert (premium["quality"], premium["reason"]) == ("UNAVAILABLE", "FX_MISSING")
    assert premium["percent"] is None
    assert premium["bases"][0]["fx"] is None
    for basis, rate in ((premium["bases"][1], 1320), (premium["bases"][2], 1290)):
        assert basis["quality"] == "LIVE"
        assert basis["percent"] == expect.percent("52000000", "39000", rate)
    assert premium["signConflict"] is False
    assert [r["source"] for r in server.ask(RATES)["fxRates"]] == ["upbit", "upbit"]
    assert server.premium("QTUM")["reason"] == "GLOBAL_MISSING", "before FX_MISSING"
    assert server.premium("ZIL")["reason"] == "HALTED", "before FX_MISSING"
    found = server.board('{minPercent: "-1000"}')
    assert found == {}, "a filter on percent speaks of OFFICIAL_FX"


def test_the_bounds_themselves_are_allowed_and_the_order_is_the_configured_one(
    desks: Desks,
) -> None:
    server = desks.servers["bounds"]
    premium = bitcoin(server)
    assert premium["percent"] == expect.percent("52000000", "39000", 500)
    rates = server.ask(RATES)["fxRates"]
    assert [(r["source"], r["rate"]) for r in rates[:2]] == [
        ("frankfurter", "500"),
        ("dunamu", "3000"),
    ]


def test_dunamu_without_a_stamp_speaks_in_seoul_time(desks: Desks) -> None:
    server = desks.servers["kst"]
    premium = bitcoin(server)
    assert premium["percent"] == expect.percent("52000000", "39000", "1348.5")
    told = instant(premium["bases"][0]["fx"]["asOf"])
    day = datetime.fromisoformat(day_before(1))
    assert told == day.replace(hour=6, minute=30, tzinfo=UTC)
    second = server.ask(RATES)["fxRates"][1]
    assert (second["source"], second["rate"]) == ("open_er_api", "1349.75")
    # The answer was made when this module was read; tests may come to it much later.
    age_ms = (datetime.now(UTC) - instant(second["asOf"])) // timedelta(milliseconds=1)
    assert DAY_MS - 1_000 <= second["ageMs"] <= age_ms


def test_a_rate_from_tomorrow_has_age_zero(desks: Desks) -> None:
    premium = bitcoin(desks.servers["tomorrow"])
    assert premium["quality"] == "LIVE"
    assert premium["bases"][0]["fx"]["ageMs"] == 0


def test_a_rate_beyond_every_calendar_breaks_no_answer(desks: Desks) -> None:
    # 2**52 ms is the year 144683: whether it is refused or counts as age 0, every
    # query must go on.
    premium = bitcoin(desks.servers["future"])
    assert premium["quality"] in ("LIVE", "UNAVAILABLE")
    desks.servers["future"].ask(RATES)


@pytest.mark.parametrize("touched", [True, False], ids=["traded since", "quiet"])
def test_ages_are_corrected_by_the_measured_skew(desks: Desks, touched: bool) -> None:
    server, world = desks.servers["stale"], desks.world
    symbol = "BTC" if touched else "DOGE"
    corrected: list[int] = []

    def right() -> bool:
        if touched:
            stamp = stamp_ms() - UPBIT_BEHIND_S * 1000
            world.do(world.upbit.push(symbol, trade_timestamp=stamp))
            stamp = stamp_ms() - BINANCE_BEHIND_S * 1000
            world.do(world.binance.push(symbol, closeTime=stamp))
        corrected[:] = corrections(server, symbol)
        return (
            abs(corrected[0] - UPBIT_BEHIND_S * 1000) < 1500
            and abs(corrected[1] - 60_000) < 1500  # not 300 s: at most 60 s
        )

    # Measured every ten seconds.
    try:
        until(right, "ages are corrected", 15.0)
    except AssertionError as exc:
        raise AssertionError(f"{exc}; corrected by {corrected} ms") from None


def corrections(server: Server, symbol: str) -> list[int]:
    """Return by how much the ages of both legs differ from now minus their time."""
    got = server.answer(
        f"""{{ premium(symbol: "{symbol}") {{
        domestic {{ ageMs exchangeTime }} global {{ ageMs exchangeTime }} }} }}"""
    )
    now = unix_ms(got["extensions"]["serverTime"])
    legs = got["data"]["premium"]
    return [
        now - unix_ms(legs[side]["exchangeTime"]) - legs[side]["ageMs"]
        for side in ("domestic", "global")
    ]
