"""One calm server for most rules; what must misbehave has servers of its own."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.conftest import PostgresServer
from tests.e2e.semantics.server import PREMIUM, Server, serving
from tests.e2e.semantics.venue import Raw, stamp_ms
from tests.e2e.semantics.world import World, dunamu, frankfurter

# Fillers with a premium of a few points each: (symbol, won, dollars).
FILLERS: Final = (
    ("SOL", "203000.00000000", "151.23000000"),
    ("DOGE", "201.50000000", "0.15010000"),
    ("TRX", "377.00000000", "0.28500000"),
    ("LINK", "18250.00000000", "13.88000000"),
    ("AVAX", "27350.00000000", "20.75000000"),
    ("DOT", "5120.00000000", "3.87100000"),
)
# Every state of Binance in which orders do not match, beside BREAK.
STOPPED: Final = {"GAS": "HALT", "FLOW": "CANCEL_ONLY", "JST": "END_OF_DAY"}
AGES: Final = 1_000_000_000_000  # 2001-09-09, more than 2**31 ms ago
EVENING: Final = "2026-11-20"


def list_coins(world: World) -> None:
    """List ordinary coins."""
    up, bi = world.upbit, world.binance
    world.coin(
        "BTC",
        "52000000.00000000",
        "40000.00000000",
        korean="비트코인",
        english="Bitcoin",
        prev_closing_price=Raw("51000000.00000000"),
        acc_trade_price_24h=Raw("95078733694.3792000000000000"),
        acc_trade_volume_24h=Raw("1828.43718651000000000000"),
    )
    bi.rows["BTCUSDT"]["openPrice"] = "39000.00000000"
    world.coin("ETH", "3456789.12000000", "2500.51000000", korean="이더리움")
    world.coin("XRP", "3456.00000000", "2.61000000", korean="엑스알피(리플)")
    for symbol, krw, usdt in FILLERS:
        world.coin(symbol, krw, usdt)
    # Scratch coins, each of one test.
    for symbol in ("ADA", "ATOM", "XLM", "ALGO", "NEAR", "APT", "SUI", "SAND", "MANA"):
        world.coin(symbol, "13000.00000000", "9.90000000")
    up.add("USDT", "1320.00000000", korean="테더", english="Tether")
    up.add("USDC", "1290.00000000", korean="유에스디코인", english="USD Coin")
    bi.add("USDC", "1.00010000")


def list_aliases(world: World) -> None:
    """List other tickers, other units, and different coins under one ticker."""
    up, bi = world.upbit, world.binance
    up.add("BTT", "0.00048200", korean="비트토렌트", english="BitTorrent")
    bi.add("BTTC", "0.00000036")
    bi.add("BTT", "0.99900000")
    up.add("SATS", "0.00033100")
    bi.add(
        "1000SATS",
        "0.00025000",
        volume="123456789012345678.90000000",
        quoteVolume="30864197253086.41972500",
        openPrice="0.00020000",
    )
    up.add("BABYDOGE", "0.00000170")
    bi.add("1MBABYDOGE", "0.00130000")
    for symbol in ("TOKAMAK", "META", "SONIC", "AQT"):
        up.add(symbol, "1500.00000000")
    for base in ("TON", "META", "S", "GRAM"):
        bi.add(base, "3.00000000")


def list_oddities(world: World) -> None:
    """List what is missing, stands still, is old, warned of or nobody checked."""
    up, bi = world.upbit, world.binance
    up.add("ZIL", "20.00000000")
    bi.add("ZIL", "0.01500000", status="BREAK")
    up.add("STORJ", "400.00000000")
    bi.add("STORJ", "0.00000000", status="BREAK")
    world.coin("QTUM", "3000.00000000", None)
    world.coin("ONT", None, "0.25000000")
    world.coin("IOST", None, None)
    up.add("AHT", None)
    world.coin("ARK", "600.00000000", "0.45000000", trade_timestamp=AGES)
    world.coin("KNC", "700.00000000", "0.53000000", trade_timestamp=stamp_ms() + 30_000)
    up.add(
        "WAVES",
        "1800.00000000",
        warning=True,
        cautions=("GLOBAL_PRICE_DIFFERENCES", "TRADING_VOLUME_SOARING"),
    )
    for symbol, status in STOPPED.items():
        up.add(symbol, "500.00000000")
        bi.add(symbol, "0.37000000", status=status)
    # What is none of our business: other quotes, and a name that is not ASCII.
    up.listed["BTC-ETH"] = {**up.listed["KRW-ETH"], "market": "BTC-ETH"}
    up.listed["USDT-HIVE"] = {**up.listed["KRW-ETH"], "market": "USDT-HIVE"}
    bi.add("币安人生", "0.20000000")
    bi.listed["ETHBTC"] = {**bi.listed["ETHUSDT"], "symbol": "ETHBTC"}
    bi.listed["ETHBTC"]["quoteAsset"] = "BTC"
    # Tickers that nobody checked: one far away, one within the bound.
    world.coin("ZZFAR", "1820.00000000", "1.00000000")
    world.coin("ZZNEAR", "1534.00000000", "1.00000000")


def calm_world(world: World) -> None:
    """List the coins of the calm server, and its rates."""
    list_coins(world)
    list_aliases(world)
    list_oddities(world)
    # One instant for ever: a new one would be a change of every coin at each poll.
    world.rates["main/v1/forex/recent"] = dunamu("1300.00", stamp_ms())
    world.rates["main/v1/latest"] = frankfurter("1310.25", EVENING)


@dataclass
class Diary:
    """What a subscriber to one coin was told, and when (monotonic seconds)."""

    events: list[tuple[float, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Calm:
    """The calm server, its venues, and the diary of the doubtful coin."""

    server: Server
    world: World
    diary: Diary


def keep_diary(
    server: Server, symbol: str, diary: Diary, over: threading.Event
) -> None:
    """Write down every version of a coin until it is over."""
    with server.events() as events:
        name = events.subscribe(
            f'subscription {{ premium(symbol: "{symbol}") {PREMIUM} }}'
        )
        while not over.is_set():
            try:
                told = events.data(name, 0.5)
            except TimeoutError:
                continue
            diary.events.append((time.monotonic(), told))


@pytest.fixture(scope="session")
def calm(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Calm]:
    """A server whose venues serve nothing but what the premium needs."""
    folder = tmp_path_factory.mktemp("calm")
    url = postgres_server.clone()
    with World() as world:
        calm_world(world)
        settings = world.settings(sources="dunamu,frankfurter")
        with serving(folder, {**settings, "KIMP_DATABASE__URL": url}) as server:
            server.wait_live("BTC", "ETH", "ZZFAR", "MANA")
            # The seeds are in; the stream's snapshots come a second later, because
            # this venue refuses the first subscription over its book.
            server.premium_when(
                "ZZNEAR", lambda p: p["domestic"]["channel"] == "WEBSOCKET"
            )
            diary, over = Diary(), threading.Event()
            writer = threading.Thread(
                target=keep_diary, args=(server, "ZZFAR", diary, over)
            )
            writer.start()
            try:
                yield Calm(server, world, diary)
            finally:
                over.set()
                writer.join(10.0)
    postgres_server.drop(url)


@pytest.fixture
def server(calm: Calm) -> Server:
    """The calm server."""
    return calm.server


@pytest.fixture
def world(calm: Calm) -> World:
    """The calm server's venues."""
    return calm.world
