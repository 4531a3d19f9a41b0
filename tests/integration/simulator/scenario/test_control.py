"""The control port: what it tells, takes and refuses."""

from typing import Any

import aiohttp
import pytest

from adapters.simulator.scenario_table import SCENARIOS


class Control:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url

    async def call(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        url = f"{self._url}/control{path}"
        async with self._http.request(method, url, **kwargs) as answer:
            return answer.status, await answer.json()

    async def inflict(self, **body: object) -> tuple[int, Any]:
        return await self.call("POST", "/faults", json=body)


@pytest.fixture
def control(world: Any, http: aiohttp.ClientSession) -> Control:
    return Control(http, world.simulator.base_url)


async def test_every_scenario_is_told_with_its_parameters(control: Control) -> None:
    status, told = await control.call("GET", "/scenarios")
    assert status == 200
    names = [row["name"] for row in told["scenarios"]]
    assert names == [each.name for each in SCENARIOS]
    slow = next(row for row in told["scenarios"] if row["name"] == "slow")
    assert slow["venues"] == ["upbit", "binance", "fx"]
    assert slow["params"]["ms"]["default"] == 3_000
    assert all(row["description"] for row in told["scenarios"])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
async def test_every_scenario_can_begin_and_end_everywhere(
    world: Any, control: Control, scenario: Any
) -> None:
    before = world.simulator.prices()
    status, told = await control.inflict(scenario=scenario.name, venue="all")
    assert status == 200
    assert [row["venue"] for row in told["faults"]] == list(scenario.venues)
    world.pass_s(0.1)
    status, held = await control.call("GET", "/faults")
    assert status == 200
    lasting = scenario.span == "held"
    assert len(held["faults"]) == len(scenario.venues) * lasting
    status, ended = await control.call("DELETE", "/faults")
    assert ended == {"relieved": len(held["faults"])}
    assert (await control.call("GET", "/faults"))[1] == {"faults": []}
    after = world.simulator.prices()
    assert {venue: set(after[venue]) for venue in after} == {
        venue: set(before[venue]) for venue in before
    }
    for network in world.simulator._networks.values():
        assert network.fault == type(network.fault)()


async def test_a_fault_is_told_with_its_times(world: Any, control: Control) -> None:
    now_ms = world.clock.ms
    body = {"scenario": "slow", "venue": "fx", "for_s": 2.5, "params": {"ms": 700}}
    row = {
        "scenario": "slow",
        "venue": "fx",
        "params": {"ms": 700},
        "since_ms": now_ms,
        "until_ms": now_ms + 2_500,
    }
    assert await control.inflict(**body) == (200, {"faults": [row]})
    assert await control.call("GET", "/faults") == (200, {"faults": [row]})


async def test_relief_can_be_of_a_name_or_a_venue(world: Any, control: Control) -> None:
    await control.inflict(scenario="silence", venue="all")
    await control.inflict(scenario="slow", venue="all")
    answer = await control.call("DELETE", "/faults?scenario=slow&venue=fx")
    assert answer == (200, {"relieved": 1})
    answer = await control.call("DELETE", "/faults?scenario=slow&venue=all")
    assert answer == (200, {"relieved": 2})
    answer = await control.call("DELETE", "/faults?venue=upbit")
    assert answer == (200, {"relieved": 1})
    held = [(each.scenario.name, each.venue) for each in world.simulator.holding]
    assert held == [("silence", "binance")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"[" * 60_000, "no JSON"),
        (b"[]", "no object"),
        (b"{}", "no scenario named"),
        (b'{"scenario":1}', "scenario is no text"),
        (b'{"scenario":"nope"}', "there are silence, heartbeat-only, cut"),
        (b'{"scenario":"slow","vanue":"upbit"}', "one of scenario, venue, for_s"),
        (b'{"scenario":"slow","venue":"mars"}', "upbit, binance, fx, all"),
        (b'{"scenario":"slow","venue":2}', "venue is no text"),
        (b'{"scenario":"banned","venue":"fx"}', "upbit, binance, all"),
        (b'{"scenario":"slow","for_s":"1"}', "for_s is no number"),
        (b'{"scenario":"slow","for_s":true}', "for_s is no number"),
        (b'{"scenario":"slow","for_s":0}', "seconds above 0, at most 604800"),
        (b'{"scenario":"slow","for_s":NaN}', "seconds above 0"),
        (b'{"scenario":"slow","for_s":1e300}', "at most 604800"),
        (b'{"scenario":"24-hour-cut","for_s":1}', "takes no duration"),
        (b'{"scenario":"slow","params":[1]}', "params is no object"),
        (b'{"scenario":"slow","params":{"s":1}}', "has these parameters: ms"),
        (b'{"scenario":"cut","params":{"s":1}}', "has these parameters: none"),
        (b'{"scenario":"slow","params":{"ms":0}}', "a whole number from 1 to 600000"),
        (b'{"scenario":"slow","params":{"ms":1.5}}', "a whole number"),
        (b'{"scenario":"slow","params":{"ms":true}}', "a whole number"),
        (b'{"scenario":"garbage","params":{"share":NaN}}', "a number from 0 to 1"),
        (b'{"scenario":"garbage","params":{"kinds":"nan,x"}}', "one or more, with"),
        (b'{"scenario":"rest-dead","params":{"how":"x"}}', "one of refuse, hang"),
        (b'{"scenario":"banned","params":{"sockets":1}}', "true or false"),
        (b'{"scenario":"price-jump","params":{"symbol":1}}', "a text"),
    ],
)
async def test_a_wrong_wish_is_answered_with_what_is_allowed(
    world: Any, control: Control, body: bytes, words: str
) -> None:
    status, told = await control.call("POST", "/faults", data=body)
    assert status == 400
    assert words in told["message"]
    assert world.simulator.holding == ()


@pytest.mark.parametrize(
    ("query", "words"),
    [("scenario=x", "there are"), ("venue=x", "one of upbit"), ("name=x", "one of")],
)
async def test_a_wrong_relief_ends_nothing(
    world: Any, control: Control, query: str, words: str
) -> None:
    await control.inflict(scenario="silence")
    status, told = await control.call("DELETE", f"/faults?{query}")
    assert status == 400
    assert words in told["message"]
    assert len(world.simulator.holding) == 1


async def test_traffic_is_counted_since_it_was_cleared(
    world: Any, control: Control, rest: Any, connect: Any
) -> None:
    await connect("upbit")
    await rest.ask("upbit")
    await rest.ask("binance")
    await rest.get("/binance/api/v3/ticker/24hr?symbol=BTCUSDT")
    world.simulator.inflict("server-error", venue="fx")
    await rest.get("/fx/v1/forex/recent?codes=FRX.KRWUSD")
    await rest.ask("fx")
    await rest.get("/upbit/v1/nothing")
    assert await control.call("GET", "/traffic") == (
        200,
        {
            "since_ms": world.clock.ms,
            "upbit": {
                "requests": {"ticker": 1, "default": 1},
                "handshakes": 1,
                "messages": 2,
            },
            "binance": {
                "requests": {"ticker/price": 1, "ticker/24hr": 1},
                "handshakes": 0,
                "messages": 0,
            },
            "fx": {
                "requests": {"dunamu": 1, "frankfurter": 1},
                "handshakes": 0,
                "messages": 0,
            },
        },
    )
    world.clock.ms += 500
    assert await control.call("DELETE", "/traffic") == (200, {})
    _, told = await control.call("GET", "/traffic")
    nothing: dict[str, Any] = {"requests": {}, "handshakes": 0, "messages": 0}
    empty = dict.fromkeys(("upbit", "binance", "fx"), nothing)
    assert told == {"since_ms": world.clock.ms, **empty}


async def test_open_sockets_are_counted(control: Control, connect: Any) -> None:
    await connect("upbit")
    await connect("binance")
    await connect("binance")
    expected = {"upbit": 1, "binance": 2, "fx": 0}
    assert await control.call("GET", "/connections") == (200, expected)


async def test_prices_are_the_last_trades(world: Any, control: Control) -> None:
    world.clock.ms += 1_000
    world.simulator.step()
    world.simulator.market.trade("upbit", "KRW-BTC", "161500000")
    world.simulator.market.trade("binance", "BTCUSDT", "118000.50")
    status, told = await control.call("GET", "/prices")
    assert status == 200
    assert told["upbit"]["KRW-BTC"] == "161500000"
    assert told["binance"]["BTCUSDT"] == "118000.5"
    assert told["at_ms"]["upbit"]["KRW-BTC"] == world.clock.ms
    assert set(told["at_ms"]["binance"]) == set(told["binance"])
    assert set(told["fx"]) == {"dunamu", "frankfurter", "open_er_api"}


async def test_violations_are_told_and_forgotten(
    world: Any, control: Control, rest: Any
) -> None:
    world.simulator.inflict("banned", venue="binance")
    await rest.ask("binance")
    world.pass_s(1)
    await rest.ask("binance")
    _, told = await control.call("GET", "/violations")
    assert [row["rule"] for row in told["violations"]] == ["request while banned"]
    assert await control.call("DELETE", "/violations") == (200, {})
    assert (await control.call("GET", "/violations"))[1]["count"] == 0


async def test_control_answers_while_everything_else_is_dead(
    world: Any, control: Control
) -> None:
    for name in ("half-open", "slow", "server-error", "garbage", "cut"):
        await control.inflict(scenario=name, venue="all", for_s=60)
    status, told = await control.call("GET", "/faults")
    assert status == 200
    assert len(told["faults"]) == 15
