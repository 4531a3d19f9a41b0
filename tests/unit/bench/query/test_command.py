import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.environment import CannotBuild
from bench.process import ServerFailed
from bench.query import command, part, server, wrk
from bench.query.operation import NAMES, Operation, operations
from bench.query.part import Measured
from bench.query.sample import Sample, WrongAnswer

ROW = {"per_second": 1.0, "cpu_us": 1.0, "net_us": 1.0, "core": 1.0, "client_core": 1.0}
SAMPLE = Sample(Path(), operations(["K000"]), {})


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    seen: list[tuple[str, list[str]]] = []

    def turn(
        name: str, _sample: Sample, wanted: list[Operation], _seconds: int
    ) -> Iterator[Measured]:
        seen.append((name, [asked.name for asked in wanted]))
        yield Measured(wanted[0].name, dict(ROW))
        if name == "yoga":
            raise WrongAnswer("data.coins: 3 instead of 4")

    monkeypatch.setattr(part, "turn", turn)
    return seen


def test_servers_alternate_from_round_to_round(turns: list[Any]) -> None:
    rows = command.measure(SAMPLE, ["board"], ["bare", "ours"], 3, 1)
    names = [name for name, _ in turns]
    assert names == ["bare", "ours", "ours", "bare", "bare", "ours"]
    assert {name: len(told) for name, told in rows["board"].items()} == {
        "bare": 3,
        "ours": 3,
    }


def test_operations_are_chosen_by_name_in_their_own_order(turns: list[Any]) -> None:
    command.measure(SAMPLE, ["board", "coin"], ["ours"], 1, 1)
    assert turns == [("ours", ["coin", "board"])]


@pytest.mark.usefixtures("turns")
def test_a_server_that_fails_keeps_what_was_measured_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = command.measure(SAMPLE, NAMES, ["yoga", "ours"], 1, 1)
    assert rows["coin"] == {"yoga": [ROW], "ours": [ROW]}
    assert rows["board"] == {"yoga": [], "ours": []}
    assert "yoga: left out, data.coins: 3 instead of 4" in capsys.readouterr().err


def test_a_server_whose_environment_cannot_be_had_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(_data: Path) -> list[str]:
        raise CannotBuild("no Node.js with npm here")

    monkeypatch.setitem(server.PEERS, "yoga", none)
    assert command.ready(["yoga", "ours"]) == ["ours"]


def test_without_the_load_client_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert command.main([]) == 1
    assert "apt-get install wrk" in capsys.readouterr().err


def test_without_our_server_there_is_nothing_to_compare(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ServerFailed("the server ended at its start")

    monkeypatch.setattr(wrk, "require", lambda: None)
    monkeypatch.setattr(command, "ours", broken)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert command.main(["--server", "ours"]) == 1
    assert "ours: the server ended at its start" in capsys.readouterr().err


def test_elsewhere_than_on_linux_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert command.main([]) == 0
    assert "needs Linux" in capsys.readouterr().out
