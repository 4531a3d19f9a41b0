import pytest

from bench.query.goal import goals, shown
from bench.statistic import Rounds


def _rounds(operation: str, **cpu_us: float) -> Rounds:
    return {operation: {name: [{"cpu_us": value}] for name, value in cpu_us.items()}}


def test_the_board_is_judged_beside_three_peers() -> None:
    rounds = _rounds("board", ours=40.0, mercurius=87.0, yoga=480.0, strawberry=2782.0)
    found = [(goal.text, goal.found, goal.verdict) for goal in goals(rounds)]
    assert found == [
        ("board of 100, CPU µs ≤ 1/2 of mercurius-JIT", "1/2.17", "met"),
        ("board of 100, CPU µs ≤ 1/3 of mercurius-JIT (stretch)", "1/2.17", "missed"),
        ("board of 100, CPU µs ≤ 1/10 of graphql-yoga", "1/12", "met"),
        (
            "board of 100, CPU µs ≤ 1/50 of Strawberry with its caches",
            "1/69.5",
            "met",
        ),
    ]


@pytest.mark.parametrize(
    ("ours", "found", "verdicts"),
    [
        (26.0, "1.3 ×", ["met", "met"]),
        (27.0, "1.35 ×", ["missed", "met"]),
        (41.0, "2.05 ×", ["missed", "missed"]),
    ],
)
def test_one_coin_may_cost_a_little_more_than_with_jit(
    ours: float, found: str, verdicts: list[str]
) -> None:
    told = goals(_rounds("coin", ours=ours, mercurius=20.0, apollo=80.0))
    assert [goal.verdict for goal in told] == verdicts
    assert told[0].found == found


def test_a_page_of_coins_has_to_be_ahead_of_every_peer() -> None:
    peers = {"strawberry": 900.0, "yoga": 90.0, "apollo": 91.0, "mercurius": 89.0}
    told = goals(_rounds("coins", ours=90.0, **peers))
    assert [goal.verdict for goal in told] == ["met", "missed", "met", "missed"]


def test_a_goal_without_its_peer_is_not_measured_and_without_ours_is_not_told() -> None:
    assert {goal.verdict for goal in goals(_rounds("coin", ours=1.0))} == {
        "not measured"
    }
    assert goals(_rounds("coin", apollo=1.0)) == []
    assert goals({}) == []


def test_what_runs_at_rest_is_taken_off_beside_the_verdict() -> None:
    ours: dict[str, float | None] = {"cpu_us": 50.0, "net_us": 40.0}
    peer: dict[str, float | None] = {"cpu_us": 80.0, "net_us": 80.0}
    told = goals({"coin": {"ours": [ours], "apollo": [peer]}})[1]
    assert (told.found, told.net, told.verdict) == ("1/1.6", "1/2", "missed")


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(None, "–"), (0.02, "1/50"), (0.9, "0.9 ×"), (1.0, "1 ×"), (12.34, "12.3 ×")],
)
def test_ratios_are_said_as_people_say_them(ratio: float | None, said: str) -> None:
    assert shown(ratio) == said
