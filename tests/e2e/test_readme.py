"""The README is true: every command, query and program in it runs."""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.node import need_node

REPOSITORY = Path(__file__).parents[2]
PAGES = ("README.md", "README.ko.md")
LIMIT_S = 60.0
INSTALL_LIMIT_S = 300.0
Running = Callable[..., AbstractContextManager[Any]]


def _blocks(page: str) -> list[tuple[str, str]]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def _all(language: str, containing: str = "") -> list[str]:
    found = {
        body
        for page in PAGES
        for name, body in _blocks(page)
        if name == language and containing in body
    }
    return sorted(found)


def _one(language: str, containing: str) -> str:
    found = [b for n, b in _blocks("README.md") if n == language and containing in b]
    assert len(found) == 1, f"{language} with {containing!r}: {len(found)} blocks"
    return found[0]


def test_every_block_of_both_pages_is_of_a_kind_that_is_run_here() -> None:
    for page in PAGES:
        for language, body in _blocks(page):
            assert language in {"sh", "graphql", "python", "js"}, body
            if language == "sh":
                known = ("make demo", "curl ", ".venv/bin/kimp backfill ")
                assert body.startswith(known), body


def test_both_pages_start_with_the_same_two_commands() -> None:
    for page in PAGES:
        language, body = _blocks(page)[0]
        commands = [line.split("#")[0].strip() for line in body.splitlines()]
        assert (language, commands) == ("sh", ["make demo", "make run"])


@pytest.mark.parametrize("document", [d for d in _all("graphql") if "query" in d])
def test_the_queries_answer_without_errors(demo: Any, document: str) -> None:
    answer = demo.query(document)
    assert "errors" not in answer
    field, value = next(iter(answer["data"].items()))
    assert value, field
    assert value.get("edges", True)


@pytest.mark.parametrize(
    "document", [d for d in _all("graphql") if "subscription" in d]
)
async def test_the_subscriptions_start_with_the_whole_board(
    demo: Any, document: str
) -> None:
    url = demo.url.replace("http", "ws", 1) + "/graphql"
    async with (
        asyncio.timeout(LIMIT_S),
        connect(url, subprotocols=["graphql-transport-ws"]) as socket,  # type: ignore[list-item]  # a NewType of str
    ):
        await socket.send('{"type":"connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": document}
        await socket.send(
            json.dumps({"id": "1", "type": "subscribe", "payload": payload})
        )
        first, second = [json.loads(await socket.recv()) for _ in range(2)]
    assert first["payload"]["data"]["premiums"]["snapshot"] is True
    assert len(first["payload"]["data"]["premiums"]["premiums"]) > 100
    assert second["payload"]["data"]["premiums"]["snapshot"] is False


@pytest.mark.parametrize("command", _all("sh", "curl"))
def test_the_curl_command_answers_with_a_premium(demo: Any, command: str) -> None:
    curl = shutil.which("curl")
    assert curl, "the README's command needs curl"
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("http://127.0.0.1:8000", demo.url)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["data"]["premium"]["quality"] == "LIVE"


def _first_line(command: list[str], folder: Path) -> str:
    """Run a program that prints for ever, and return its first line."""
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as program:
        try:
            assert program.stdout is not None
            line = program.stdout.readline()
            # The rest says why, where the first line is that of a failure.
            return line if "Traceback" not in line else line + program.stdout.read()
        finally:
            program.kill()


@pytest.mark.slow
def test_the_python_program_prints_live_premiums(demo: Any, tmp_path: Path) -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    wanted = re.search(r'`pip install "([^"]+)"`', text)
    assert wanted is not None
    subprocess.run(
        [sys.executable, "-m", "venv", tmp_path / "env"],
        check=True,
        timeout=INSTALL_LIMIT_S,
    )
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", wanted[1]],
        check=True,
        timeout=INSTALL_LIMIT_S,
    )
    program = _one("python", "gql").replace(
        "127.0.0.1:8000", demo.url[len("http://") :]
    )
    (tmp_path / "watch.py").write_text(program)
    line = _first_line([str(python), "-u", "watch.py"], tmp_path)
    assert "'quality': 'LIVE'" in line, line


@pytest.mark.slow
def test_the_javascript_program_prints_live_premiums(demo: Any, tmp_path: Path) -> None:
    node, npm = need_node()
    subprocess.run(
        [npm, "install", "--silent", "--no-audit", "graphql-ws", "graphql"],
        cwd=tmp_path,
        check=True,
        timeout=INSTALL_LIMIT_S,
    )
    program = _one("js", "graphql-ws").replace(
        "127.0.0.1:8000", demo.url[len("http://") :]
    )
    (tmp_path / "watch.mjs").write_text(program)
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=True, timeout=LIMIT_S
    ).stdout
    # Before version 22 Node.js has WebSocket behind a flag.
    flag = ["--experimental-websocket"] if int(version[1:3]) < 22 else []
    line = _first_line([node, *flag, "watch.mjs"], tmp_path)
    assert "premium" in line, line


def test_make_demo_serves_a_moving_board(
    running: Running, live_coins: Callable[[Any], int], tmp_path: Path
) -> None:
    with running(["make", "demo"], tmp_path) as server:
        server.wait(lambda s: live_coins(s) > 100)
        # make passes the signal on and then ends itself by it.
        assert server.stop() in (0, -signal.SIGTERM)


def test_make_run_without_venues_explains_itself(
    running: Running, cut_off: dict[str, str], tmp_path: Path
) -> None:
    with running(["make", "run"], tmp_path, **cut_off) as server:
        server.wait(lambda s: "make demo" in s.log.read_text())
        assert server.get("/health")[0] == 200
