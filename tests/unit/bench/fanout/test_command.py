from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.environment import CannotBuild
from bench.fanout import command, server
from bench.fanout.load import LoadFailed
from bench.fanout.part import Part, Row, Size


def _part(seen: list[tuple[str, Size]], failing: str = "") -> Part:
    def measure(name: str, size: Size) -> Row:
        if name == failing:
            raise LoadFailed("it ended")
        seen.append((name, size))
        return {"cpu_us": 1.0}

    return Part("part", "A part", 100, ("a", "b"), measure, others=10, seconds=2.0)


def test_servers_alternate_from_round_to_round() -> None:
    seen: list[tuple[str, Size]] = []
    rows = command.measure([_part(seen)], ["b", "a"], 3, 1.0, 1.0)
    assert [name for name, _ in seen] == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(told) for name, told in rows["part"].items()} == {"a": 3, "b": 3}


def test_members_are_scaled_and_seconds_are_the_parts_own_times() -> None:
    seen: list[tuple[str, Size]] = []
    command.measure([_part(seen)], ["a"], 1, 1.5, 0.1)
    assert seen == [("a", Size(10, 1, 3.0))]


def test_a_server_that_fails_is_left_out_of_its_round(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = command.measure([_part([], failing="b")], ["a", "b"], 1, 1.0, 1.0)
    assert rows == {"part": {"a": [{"cpu_us": 1.0}], "b": []}}
    assert "part, b: left out, it ended" in capsys.readouterr().err


def test_a_server_whose_environment_cannot_be_had_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(_field: str, _clock: str, _folder: Path) -> Sequence[str]:
        raise CannotBuild("no Node.js here")

    monkeypatch.setitem(server.COMMANDS, "graphql-ws", none)
    assert command.ready(["graphql-ws", "ours"]) == ["ours"]
