import asyncio
import json
from types import SimpleNamespace

import aiohttp
import pytest

from adapters.simulator.fault import VENUES, Venue
from adapters.simulator.server import (
    AddressUnavailable,
    Simulator,
    SimulatorOptions,
)

LIMIT_S = 5
PATHS: dict[Venue, str] = {
    "upbit": "/upbit/v1/ticker?markets=KRW-BTC",
    "binance": "/binance/api/v3/time",
    "fx": "/fx/v1/latest?base=USD&symbols=KRW",
}
SOCKETS: dict[Venue, str] = {"upbit": "/upbit/websocket/v1", "binance": "/binance/ws"}


async def test_a_free_port_is_taken_and_given_back() -> None:
    simulator = Simulator(SimulatorOptions(rate=0, coins=3))
    assert simulator.port == 0
    await simulator.start()
    assert simulator.port > 0
    assert simulator.base_url == f"http://127.0.0.1:{simulator.port}"
    again = Simulator(SimulatorOptions(port=simulator.port, rate=0, coins=3))
    with pytest.raises(AddressUnavailable, match=str(simulator.port)):
        await again.start()
    await simulator.stop()
    await again.start()
    await again.stop()
    await again.stop()


def test_an_address_with_colons_is_bracketed_in_urls() -> None:
    simulator = Simulator(SimulatorOptions(host="::1", rate=0, coins=3))
    assert simulator.base_url == "http://[::1]:0"


async def test_a_running_simulator_trades_by_itself(
    http: aiohttp.ClientSession,
) -> None:
    async with Simulator(SimulatorOptions(rate=50, coins=5)) as simulator:
        running = asyncio.create_task(simulator.run(), name="simulator")
        url = f"{simulator.socket_url}/upbit/websocket/v1"
        async with http.ws_connect(url) as socket:
            request = [{"ticket": "x"}, {"type": "trade", "codes": ["KRW-BTC"]}]
            await socket.send_str(json.dumps(request))
            rows = [
                json.loads(await socket.receive_bytes(timeout=LIMIT_S))
                for _ in range(20)
            ]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    numbers = [row["sequential_id"] for row in rows]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("venue", VENUES)
async def test_a_refusing_venue_answers_with_its_status(
    simulator: Simulator, http: aiohttp.ClientSession, venue: Venue
) -> None:
    url = simulator.base_url + PATHS[venue]
    simulator.refuse(venue, 503)
    async with http.get(url) as response:
        assert response.status == 503
        await response.json()
    simulator.restore(venue)
    async with http.get(url) as response:
        assert response.status == 200
    assert simulator.violations.count == 0


@pytest.mark.parametrize("venue", ["upbit", "binance"])
async def test_handshakes_are_refused_only_where_asked(
    simulator: Simulator, http: aiohttp.ClientSession, venue: Venue
) -> None:
    url = simulator.socket_url + SOCKETS[venue]
    simulator.refuse(venue, 502)
    async with http.ws_connect(url):
        pass
    simulator.refuse(venue, 502, sockets=True)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(url)
    assert caught.value.status == 502


@pytest.mark.parametrize("venue", ["upbit", "binance"])
async def test_dropped_connections_end_without_a_word(
    simulator: Simulator, http: aiohttp.ClientSession, venue: Venue
) -> None:
    async with http.ws_connect(simulator.socket_url + SOCKETS[venue]) as socket:
        await socket.send_str("PING")
        await socket.receive(timeout=LIMIT_S)
        assert simulator.connections(venue) == 1
        assert simulator.drop_connections(venue) == 1
        last = await socket.receive(timeout=LIMIT_S)
        assert last.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert simulator.drop_connections("fx") == 0
    assert simulator.connections("fx") == 0


async def test_a_silent_upbit_answers_pings_and_nothing_else(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.silence("upbit")
    async with http.ws_connect(simulator.socket_url + SOCKETS["upbit"]) as socket:
        request = [{"ticket": "x"}, {"type": "ticker", "codes": ["KRW-BTC"]}]
        await socket.send_str(json.dumps(request))
        simulator.market.trade("upbit", "KRW-BTC")
        simulator.step()
        await socket.send_str("PING")
        up = await socket.receive_bytes(timeout=LIMIT_S)
        assert json.loads(up) == {"status": "UP"}
        simulator.market.trade("upbit", "KRW-BTC")
        simulator.step()
        simulator.restore("upbit")
        simulator.market.trade("upbit", "KRW-BTC", "170000000")
        simulator.step()
        row = json.loads(await socket.receive_bytes(timeout=LIMIT_S))
    assert row["trade_price"] == 170_000_000


async def test_a_silent_binance_answers_methods_and_nothing_else(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    simulator.silence("binance")
    async with http.ws_connect(simulator.socket_url + SOCKETS["binance"]) as socket:
        streams = ["btcusdt@trade", "!miniTicker@arr"]
        request = {"method": "SUBSCRIBE", "params": streams, "id": 1}
        await socket.send_str(json.dumps(request))
        assert json.loads(await socket.receive_str(timeout=LIMIT_S))["id"] == 1
        simulator.market.trade("binance", "BTCUSDT")
        clock.ms += 1_000
        simulator.step()
        simulator.restore("binance")
        simulator.market.trade("binance", "BTCUSDT", "120000")
        simulator.step()
        row = json.loads(await socket.receive_str(timeout=LIMIT_S))
    assert row["p"] == "120000.00000000"


async def test_violations_can_be_read_and_forgotten(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    url = f"{simulator.base_url}/control/violations"
    async with http.get(url) as response:
        assert await response.json() == {"count": 0, "violations": []}
    headers = {"Origin": "https://example.org"}
    ticker = simulator.base_url + PATHS["upbit"]
    async with http.get(ticker, headers=headers) as response:
        assert response.status == 200
    async with http.get(url) as response:
        shown = await response.json()
    assert shown["violations"] == [
        {
            "venue": "upbit",
            "rule": "Origin header",
            "detail": PATHS["upbit"],
            "at_ms": clock.ms,
        }
    ]
    async with http.delete(url) as response:
        assert response.status == 200
    assert simulator.violations.count == 0


async def test_stopping_ends_open_sockets(http: aiohttp.ClientSession) -> None:
    simulator = Simulator(SimulatorOptions(rate=0, coins=3))
    await simulator.start()
    async with http.ws_connect(simulator.socket_url + SOCKETS["upbit"]) as socket:
        await socket.send_str("PING")
        await socket.receive(timeout=LIMIT_S)
        await asyncio.wait_for(simulator.stop(), LIMIT_S)
        last = await socket.receive(timeout=LIMIT_S)
        assert last.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
