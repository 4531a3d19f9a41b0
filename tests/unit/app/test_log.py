"""Logs: one format for our events, the domain's and the libraries'."""

import json
import logging
from typing import Literal

import pytest
import structlog

from app.log import PACE_S, UNREADABLE, Paced, configure_log


def test_json_lines_hold_event_names_and_keys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("INFO", "auto")
    logging.getLogger("domain.x").warning("fx.silent", extra={"source": "dunamu"})
    structlog.get_logger("ours").info("feed.up", venue="upbit")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["source"]) == ("fx.silent", "dunamu")
    assert first["level"] == "warning"
    assert second["event"] == "feed.up"
    assert second["venue"] == "upbit"
    assert second["timestamp"].endswith("Z")


def test_what_is_less_severe_than_the_level_is_not_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("ERROR", "json")
    logging.getLogger("domain.x").warning("quiet")
    assert capsys.readouterr().err == ""


def test_the_console_format_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_log("INFO", "console")
    logging.getLogger("domain.x").info("board.up", extra={"coins": 3})
    line = capsys.readouterr().err
    assert "board.up" in line
    assert not line.startswith("{")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_password_of_an_address_is_ever_written(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"]
) -> None:
    configure_log("INFO", form)
    secret = "hunter2"
    address = f"postgresql://kimp:{secret}@db.example:5432/kimp"
    log = logging.getLogger("domain.x")
    more = {"url": address, "cause": ValueError(address), "ports": [address], "n": 1}
    try:
        raise RuntimeError(f"cannot reach {address}")
    except RuntimeError:
        log.exception("database.away", extra=more)
    log.warning("a library says %s", address)
    written = capsys.readouterr().err
    assert secret not in written
    assert written.count("//kimp:***@db.example") >= 5
    assert "Traceback" in written


def test_what_is_bound_to_a_request_stands_in_every_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("INFO", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        logging.getLogger("domain.x").info("a.b")
        structlog.get_logger("ours").info("a.c")
    logging.getLogger("domain.x").info("a.d")
    lines = list(map(json.loads, capsys.readouterr().err.splitlines()))
    assert [line.get("request_id") for line in lines] == ["r1", "r1", None]


def test_both_ways_of_logging_are_written_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("INFO", "json")
    logging.getLogger("x").warning("a.b", extra={"venue": "upbit", "list": [1, None]})
    structlog.get_logger("x").warning("a.b", venue="upbit", list=[1, None])
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    del first["timestamp"], second["timestamp"]
    assert first == second


def test_a_line_that_strangers_cause_comes_once_a_minute_with_a_count() -> None:
    now_s = 100.0
    paced = Paced(UNREADABLE, lambda: now_s)
    record: logging.LogRecord

    def written(text: str) -> bool:
        nonlocal record
        record = logging.LogRecord("uvicorn.error", 30, "", 0, text, None, None)
        return paced.filter(record)

    assert written(UNREADABLE)
    assert vars(record)["left_out"] == 0
    assert [written(UNREADABLE) for _ in range(3)] == [False] * 3
    assert written("another line")
    now_s += PACE_S
    assert written(UNREADABLE)
    assert vars(record)["left_out"] == 3
    assert not written(UNREADABLE)


def test_the_servers_own_line_is_the_one_that_is_paced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("INFO", "json")
    configure_log("INFO", "json")
    for _ in range(3):
        logging.getLogger("uvicorn.error").warning(UNREADABLE)
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == [UNREADABLE]
