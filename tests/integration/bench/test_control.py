import aiohttp
import pytest

from adapters.simulator.server import Simulator, SimulatorOptions
from bench.control import Control, ControlRefused, wait_until_up


async def test_faults_traffic_and_truth_are_reached_over_the_control_port() -> None:
    options = SimulatorOptions(coins=3, rate=0)
    async with Simulator(options) as simulator, Control(simulator.base_url) as control:
        await wait_until_up(control, 5.0)
        await control.inflict("server-error", "upbit", params={"status": 502})
        async with aiohttp.ClientSession() as http:
            url = f"{simulator.base_url}/upbit/v1/market/all"
            async with http.get(url) as answer:
                assert answer.status == 502
            await control.relieve("server-error")
            async with http.get(url) as answer:
                assert answer.status == 200
        requests, handshakes = await control.traffic("upbit")
        assert (requests, handshakes) == (2, 0)
        await control.clear_traffic()
        assert await control.traffic("upbit") == (0, 0)
        assert "KRW-BTC" in (await control.prices())["upbit"]
        assert await control.violations() == []
        await control.clear_violations()
        await control.inflict("cut", "binance", for_s=0.5)
        await control.relieve()


async def test_what_the_simulator_does_not_know_is_told_in_its_words() -> None:
    options = SimulatorOptions(coins=3, rate=0)
    async with Simulator(options) as simulator, Control(simulator.base_url) as control:
        with pytest.raises(ControlRefused, match="earthquake"):
            await control.inflict("earthquake")


async def test_outside_its_context_it_asks_nobody() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Control("http://127.0.0.1:1").violations()


async def test_waiting_for_a_simulator_that_is_not_there_ends() -> None:
    async with Control("http://127.0.0.1:1") as control:
        with pytest.raises(TimeoutError):
            await wait_until_up(control, 0.1)
