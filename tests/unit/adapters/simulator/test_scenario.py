import pytest

from adapters.simulator.fault import VENUES
from adapters.simulator.scenario import (
    MAX_S,
    Parameter,
    Scenario,
    UnknownScenario,
    find,
    venue_named,
)
from adapters.simulator.scenario_table import SCENARIOS

WHOLE = Parameter("n", 3, "a count", low=1, high=5)
SHARE = Parameter("share", 0.5, "a share", low=0.0, high=1.0)
WORD = Parameter("word", "a", "a word", choices=("a", "b"))
WORDS = Parameter("words", "a,b", "words", choices=("a", "b"), listed=True)
SOME = Scenario("some", "something", ("upbit", "binance"), ("upbit",), (WHOLE, SHARE))


def test_names_are_fixed_unique_and_kebab_case() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and "_" not in name for name in names)
    assert set(names) == {
        "silence",
        "heartbeat-only",
        "cut",
        "accept-then-close",
        "rate-limited",
        "banned",
        "server-error",
        "slow",
        "half-open",
        "garbage",
        "reordering",
        "duplicates",
        "price-jump",
        "delisting",
        "new-listing",
        "ticker-collision",
        "fx-outage",
        "fx-frozen",
        "clock-skew",
        "24-hour-cut",
        "server-shutdown",
        "rest-dead",
        "stream-dead",
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_defaults_are_allowed(scenario: Scenario) -> None:
    assert set(scenario.default) <= set(scenario.venues) <= set(VENUES)
    defaults = {each.name: each.default for each in scenario.parameters}
    assert scenario.read({}) == scenario.read(defaults) == defaults
    assert all(each.meaning and each.allowed() for each in scenario.parameters)


def test_venues_are_one_all_or_the_default() -> None:
    assert SOME.befalls(None) == ("upbit",)
    assert SOME.befalls("all") == ("upbit", "binance")
    assert SOME.befalls("binance") == ("binance",)
    with pytest.raises(ValueError, match="one of upbit, binance, all"):
        SOME.befalls("fx")


def test_given_values_take_the_place_of_defaults() -> None:
    assert SOME.read({"n": 5}) == {"n": 5, "share": 0.5}
    whole_share = SOME.read({"share": 1})["share"]
    assert isinstance(whole_share, float)
    with pytest.raises(ValueError, match="these parameters: n, share"):
        SOME.read({"m": 1})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (WHOLE, 0),
        (WHOLE, 6),
        (WHOLE, 2.0),
        (WHOLE, "2"),
        (WHOLE, True),
        (WHOLE, None),
        (SHARE, 1.1),
        (SHARE, float("nan")),
        (WORD, "c"),
        (WORD, "a,b"),
        (WORD, 1),
        (WORDS, ""),
        (WORDS, "a,"),
        (WORDS, "a,c"),
    ],
)
def test_wrong_values_are_refused_with_what_is_allowed(
    parameter: Parameter, value: object
) -> None:
    with pytest.raises(ValueError, match=parameter.allowed()):
        parameter.read(value)


def test_a_list_may_be_any_of_its_choices() -> None:
    assert WORDS.read("b") == "b"
    assert WORDS.read("b,a") == "b,a"


def test_durations_are_the_scenarios_own_where_none_is_given() -> None:
    assert SOME.lasting(None) is None
    assert find(SCENARIOS, "banned").lasting(None) == 30
    assert SOME.lasting(1.5) == 1.5
    assert find(SCENARIOS, "cut").lasting(5) == 5
    for wrong in (0, -1, MAX_S + 1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="seconds above 0"):
            SOME.lasting(wrong)
    with pytest.raises(ValueError, match="no duration"):
        find(SCENARIOS, "24-hour-cut").lasting(5)


def test_unknown_names_are_told_those_there_are() -> None:
    with pytest.raises(UnknownScenario, match="no scenario 'x'; there are some"):
        find((SOME,), "x")
    assert venue_named("fx") == "fx"
    with pytest.raises(ValueError, match="one of upbit, binance, fx"):
        venue_named("mars")
