"""Every example runs as it stands: it asks a real server, and hears it live."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.example.conftest import EXAMPLES

pytestmark = pytest.mark.slow

LINE_LIMIT_S: Final = 60.0
KOREAN: Final = "[가-힣]+"
NUMBER: Final = r"[+-]?\d+(\.\d+)? %"


@dataclass(frozen=True)
class Example:
    """A program, the fixture that runs it, and lines it prints one after the other."""

    file: str
    runner: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return self.file


COIN: Final = rf"BTC 비트코인 {NUMBER} LIVE"
RANKED: Final = rf"\w+ {KOREAN} {NUMBER} (LIVE|STALE)"
EVENT: Final = r'data: \{"data":\{"premium":\{"symbol":"BTC","percent":"[^"]+",'
RUNNING: Final = (
    Example(
        "curl.sh",
        "sh",
        (
            r'\{"data":\{"premium":\{"symbol":"BTC","percent":".*"LIVE"',
            r'\{"data":\{"premiums":\{"edges":\[\{"node":',
            *(EVENT,) * 2,
        ),
    ),
    Example("watch.py", "python", (r"\{'medianPercent'", *(RANKED,) * 5, COIN, COIN)),
    Example(
        "graphql-ws.mjs",
        "node",
        (
            rf"(\d+) coins, \1 changed, highest: \w+ {KOREAN} {NUMBER}",
            r"\d+ coins, \d+ changed, highest: ",
        ),
    ),
    Example("apollo.mjs", "node", (*(RANKED,) * 5, COIN, COIN)),
    Example("urql.mjs", "node", (rf"\w+ {KOREAN}", COIN, COIN)),
)


@contextmanager
def lines_of(command: list[str], folder: Path, url: str) -> Iterator[Iterator[str]]:
    """Run a program that prints for ever; it and what it started end with the block."""
    environment = {**os.environ, "KIMP_URL": url, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    def end() -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)

    limit = threading.Timer(LINE_LIMIT_S, end)
    limit.start()
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        limit.cancel()
        end()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("example", RUNNING, ids=str)
def test_it_runs_as_it_stands(
    example: Example, demo: Any, copied: Path, request: pytest.FixtureRequest
) -> None:
    runner = request.getfixturevalue(example.runner)
    wanted = list(example.lines)
    said = []
    with lines_of([runner, example.file], copied, f"{demo.url}/graphql") as lines:
        for line in lines:
            said.append(line)
            if re.match(wanted[0], line):
                wanted.pop(0)
            if not wanted:
                break
    assert wanted == [], "".join(said)


def test_every_program_of_the_folder_is_run_here() -> None:
    programs = {
        file.name
        for file in EXAMPLES.iterdir()
        if file.suffix in {".sh", ".py", ".mjs"}
    }
    assert programs == {example.file for example in RUNNING}


@pytest.mark.parametrize("example", RUNNING, ids=str)
def test_it_asks_the_usual_address_unless_told_otherwise(example: Example) -> None:
    text = (EXAMPLES / example.file).read_text("utf-8")
    assert "http://127.0.0.1:8000/graphql" in text
    assert "KIMP_URL" in text


def test_the_page_of_the_folder_lists_every_program() -> None:
    page = (EXAMPLES / "README.md").read_text("utf-8")
    for example in RUNNING:
        assert f"[{example.file}]({example.file})" in page
