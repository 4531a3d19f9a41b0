"""What `kimp simulate` lists and refuses."""

import socket

import pytest

from adapters.simulator.scenario_table import SCENARIOS
from app.cli import EXIT_FAILED, EXIT_USAGE, main


def test_every_scenario_is_listed_with_its_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--list-scenarios"]) == 0
    told = capsys.readouterr().out
    for scenario in SCENARIOS:
        assert f"{scenario.name} ({', '.join(scenario.venues)})" in told
        assert scenario.description in told
    assert "    ms=3000: milliseconds late (a whole number from 1 to 600000)" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "nope"], "there are silence, heartbeat-only, cut"),
        (["--scenario", "silence", "--scenario", "x"], "no scenario 'x'"),
        (["--scenario", "silence", "--venue", "fx"], "one of upbit, binance, all"),
        (["--scenario", "24-hour-cut", "--for", "3"], "takes no duration"),
        (["--scenario", "slow", "--for", "0"], "seconds above 0"),
        (["--scenario", "slow", "--for", "nan"], "seconds above 0"),
        (["--scenario", "slow", "--after", "-1"], "seconds from 0"),
        (["--scenario", "slow", "--after", "nan"], "seconds from 0"),
        (["--venue", "upbit"], "are for a --scenario"),
        (["--for", "0"], "are for a --scenario"),
    ],
)
def test_wrong_use_is_told_in_one_line_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["simulate", *arguments]) == EXIT_USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert told.err.count("\n") == 1


def test_a_port_that_is_taken_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("KIMP_SIMULATOR__PORT", str(port))
        assert main(["simulate"]) == EXIT_FAILED
    told = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1:{port}" in told
    assert "KIMP_SIMULATOR__PORT" in told
