from itertools import pairwise

import pytest

from adapters.simulator.scenario import find
from adapters.simulator.scenario_table import SCENARIOS
from bench.soak.story import (
    CALM_END_S,
    DATABASE_KILLED,
    INTERMISSION_S,
    KINDS,
    NODE,
    SUBSCRIBER_GONE,
    Act,
    write_story,
)

SECONDS = 300.0
SEEDS = range(40)


def acts_of_many_stories() -> list[Act]:
    return [act for seed in SEEDS for act in write_story(seed, SECONDS)]


def test_the_same_seed_writes_the_same_story() -> None:
    for seed in SEEDS:
        assert write_story(seed, SECONDS) == write_story(seed, SECONDS)


def test_another_seed_writes_another_story() -> None:
    stories = {tuple(map(str, write_story(seed, SECONDS))) for seed in SEEDS}
    assert len(stories) == len(SEEDS)


def test_everything_that_can_happen_happens_in_some_story() -> None:
    assert {act.what for act in acts_of_many_stories()} == {k.what for k in KINDS}


def test_every_scenario_of_the_simulator_has_its_place() -> None:
    own = {DATABASE_KILLED, SUBSCRIBER_GONE}
    assert {kind.what for kind in KINDS} - own == {each.name for each in SCENARIOS}


def test_the_simulator_would_take_every_act() -> None:
    for act in acts_of_many_stories():
        if act.venue == NODE:
            assert act.for_s == 0
            continue
        scenario = find(SCENARIOS, act.what)
        assert scenario.befalls(act.venue) == (act.venue,)
        scenario.read(act.params)
        assert act.for_s == 0 or scenario.span != "moment"
        assert act.for_s > 0 or scenario.span != "held"


def test_acts_come_in_order_and_are_over_before_the_end() -> None:
    for seed in SEEDS:
        story = write_story(seed, SECONDS)
        assert [act.at_s for act in story] == sorted(act.at_s for act in story)
        assert all(act.end_s <= SECONDS - CALM_END_S + 0.1 for act in story)


def test_nothing_holds_during_the_intermission() -> None:
    begin_s, end_s = INTERMISSION_S
    for act in acts_of_many_stories():
        assert act.end_s <= begin_s or act.at_s >= end_s


def test_some_faults_overlap() -> None:
    story = write_story(1, SECONDS)
    assert any(later.at_s < earlier.end_s for earlier, later in pairwise(story))


@pytest.mark.parametrize("seconds", [0.0, 3.0, 6.9])
def test_a_run_too_short_for_a_fault_has_none(seconds: float) -> None:
    assert write_story(1, seconds) == ()


def test_an_act_tells_itself_in_one_line() -> None:
    act = Act(72.4, "rate-limited", "upbit", 7.6, {"retry_after_s": 3})
    assert str(act) == "   72.4 s  upbit    rate-limited retry_after_s=3 for 7.6 s"
