import pytest

from adapters.simulator.scenario import find
from adapters.simulator.scenario_table import SCENARIOS
from bench.fault.case import BOUNDS_S, CASES, Case, chosen

AT_VENUES = [case for case in CASES if case.side != "database"]


@pytest.mark.parametrize(
    "case", AT_VENUES, ids=lambda case: f"{case.name} {case.venue}"
)
def test_the_simulator_would_take_every_case(case: Case) -> None:
    for name, params in ((case.scenario, case.params), *case.beside):
        scenario = find(SCENARIOS, name)
        assert scenario.befalls(case.venue) == (case.venue,)
        scenario.read(params)


def test_every_way_to_lose_a_stream_is_measured_at_both_venues() -> None:
    for scenario in ("cut", "silence", "heartbeat-only", "stream-dead", "half-open"):
        assert {c.venue for c in CASES if c.scenario == scenario} >= BOUNDS_S.keys()


def test_words_choose_and_long_ones_are_asked_for() -> None:
    assert {case.scenario for case in chosen("silence", long=False)} == {"silence"}
    assert {case.venue for case in chosen("fx", long=False)} == {"fx"}
    assert not any(case.long for case in chosen("", long=False))
    assert chosen("", long=True) == list(CASES)
    assert len(chosen("cut", long=True)) > len(chosen("cut", long=False))
