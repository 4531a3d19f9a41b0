"""The command line: what it refuses, and with which words and codes."""

import pytest

from app import cli
from app.cli import EXIT_FAILED, EXIT_USAGE, main
from app.command import coins


def test_a_wrong_setting_is_told_and_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIMP_HTTP__PORT", "x")
    assert main(["schema"]) == EXIT_USAGE
    assert capsys.readouterr().err.startswith("kimp: KIMP_HTTP__PORT='x'")


def test_an_unknown_command_names_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sevre"])
    assert caught.value.code == EXIT_USAGE
    error = capsys.readouterr().err
    assert "serve" in error
    assert "doctor" in error


def test_an_unknown_setting_is_told_and_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIMP_HTTP__PROT", "1")
    assert main(["schema"]) == 0
    told = capsys.readouterr()
    assert "did you mean KIMP_HTTP__PORT?" in told.err
    assert "type Query" in told.out


@pytest.mark.parametrize("url", ["ftp://x/y.png", "x.png", "https://" + "a" * 2000])
def test_an_icon_address_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["coins", "set-icon", "BTC", url]) == EXIT_FAILED
    assert "must be an http or https address" in capsys.readouterr().err


def test_an_interrupt_ends_without_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(coins, "run", interrupted)
    assert cli.main(["coins", "set-icon", "BTC", "https://x"]) == EXIT_FAILED
    assert capsys.readouterr().err == ""
