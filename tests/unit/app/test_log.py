"""Logs: one format for our events, the domain's and the libraries'."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.log import configure_log


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


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
