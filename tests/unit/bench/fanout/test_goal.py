import pytest

from bench.fanout.goal import goals
from bench.statistic import Rounds


def _speed(per_second: float, delivery: float | None = None) -> dict[str, float | None]:
    return {
        "per_second": per_second,
        "delivery_per_second": per_second if delivery is None else delivery,
    }


@pytest.mark.parametrize(
    ("ours", "verdict", "found"),
    [
        ((80.0, 90.0), "yes", "0.8 ×"),
        ((70.0, 80.0), "delivery alone", "0.7 ×"),
        ((60.0, 70.0), "no", "0.6 ×"),
    ],
)
def test_a_goal_is_reached_as_a_whole_or_in_delivery_or_not(
    ours: tuple[float, float], verdict: str, found: str
) -> None:
    rounds: Rounds = {"board": {"ours": [_speed(*ours)], "floor": [_speed(100.0)]}}
    floor = next(goal for goal in goals(rounds) if "C floor" in goal.text)
    assert (floor.verdict, floor.shown) == (verdict, found)


def test_a_goal_without_its_peer_is_not_measured() -> None:
    found = goals({"coin": {"ours": [_speed(1.0)]}})
    assert [goal.verdict for goal in found] == ["not measured"] * 3
    assert found[0].shown == "–"


def test_nothing_is_said_of_what_we_were_not_measured_in() -> None:
    assert goals({}) == []
    assert goals({"board": {"floor": [_speed(1.0)]}}) == []


def test_cpu_is_compared_the_other_way_round() -> None:
    def cpu(us: float) -> dict[str, float | None]:
        return {"cpu_us": us, "delivery_us": us}

    rounds: Rounds = {
        "own": {
            "ours": [cpu(20.0)],
            "strawberry": [cpu(240.0)],
            "graphql-ws": [cpu(80.0)],
        }
    }
    first, second = goals(rounds)
    assert (first.verdict, first.shown) == ("yes", "1/12")
    assert (second.verdict, second.shown) == ("no", "1/4")


@pytest.mark.parametrize(
    ("share", "core", "p99", "verdicts"),
    [
        (1.0, 0.09, 49.0, ["yes", "yes", "yes"]),
        (0.999, 0.11, 51.0, ["no", "no", "no"]),
    ],
)
def test_at_a_steady_pace_all_is_delivered_cheaply_and_soon(
    share: float, core: float, p99: float, verdicts: list[str]
) -> None:
    row: dict[str, float | None] = {"share": share, "core": core, "p99_ms": p99}
    found = goals({"paced": {"ours": [row]}})
    assert [goal.verdict for goal in found] == verdicts


def test_memory_and_the_crowd_have_their_bounds() -> None:
    rounds: Rounds = {
        "memory": {"ours": [{"kb": 24.0}]},
        "crowd": {"ours": [{"p99_ms": 31.0, "alone_p99_ms": 20.0}]},
    }
    memory, crowd = goals(rounds)
    assert (memory.verdict, memory.shown) == ("yes", "24 KB")
    assert (crowd.verdict, crowd.shown) == ("no", "31 ms, without 20 ms")
