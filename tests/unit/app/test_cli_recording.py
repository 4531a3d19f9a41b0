import argparse
from pathlib import Path

import pytest

from app.cli_recording import add_record, add_replay


@pytest.fixture
def record() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_record(parser)
    return parser


@pytest.fixture
def replay() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_replay(parser)
    return parser


def test_record_takes_minutes_megabytes_and_gigabytes(
    record: argparse.ArgumentParser,
) -> None:
    line = (
        "--out x --venues binance,BINANCE --markets btc,eth --minutes 0.5 "
        "--rotate-mb 2 --rotate-minutes 3 --keep-gb 0.5"
    )
    assert vars(record.parse_args(line.split())) == {
        "out": Path("x"),
        "venues": ("binance",),
        "markets": frozenset({"BTC", "ETH"}),
        "limit_s": 30.0,
        "rotate_bytes": 2_000_000,
        "rotate_s": 180.0,
        "keep_bytes": 500_000_000,
    }


def test_record_defaults_to_everything_until_told(
    record: argparse.ArgumentParser,
) -> None:
    options = record.parse_args([])
    assert (options.venues, options.markets) == (("upbit", "binance"), None)
    assert (options.limit_s, options.keep_bytes) == (None, None)
    assert record.parse_args(["--markets", "all"]).markets is None


def test_replay_takes_files_and_how_to_play_them(
    replay: argparse.ArgumentParser,
) -> None:
    options = replay.parse_args(["a", "b", "--speed", "0", "--port", "0", "--loop"])
    assert vars(options) == {
        "files": [Path("a"), Path("b")],
        "speed": 0.0,
        "port": 0,
        "keep_stamps": False,
        "loop": True,
        "check": False,
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--minutes x", "'x' is no number"),
        ("--minutes 0", "0 is not above 0"),
        ("--minutes inf", "inf is not above 0"),
        ("--rotate-mb -1", "-1 is not above 0"),
        ("--keep-gb nan", "nan is not above 0"),
        ("--venues upbit,okx", "'okx': upbit or binance"),
        ("--markets ,", "names no coin"),
    ],
)
def test_record_refuses_with_a_reason(
    record: argparse.ArgumentParser,
    capsys: pytest.CaptureFixture[str],
    words: str,
    told: str,
) -> None:
    with pytest.raises(SystemExit) as caught:
        record.parse_args([part.replace(" ", "=", 1) for part in [words]])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--speed=-1", "-1 is not within 0..10000"),
        ("--speed=x", "'x' is no number"),
        ("--port=70000", "'70000' is no port"),
        ("--port=x", "'x' is no port"),
    ],
)
def test_replay_refuses_with_a_reason(
    replay: argparse.ArgumentParser,
    capsys: pytest.CaptureFixture[str],
    words: str,
    told: str,
) -> None:
    with pytest.raises(SystemExit):
        replay.parse_args(["file", words])
    assert told in capsys.readouterr().err
