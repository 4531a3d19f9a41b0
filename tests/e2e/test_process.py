"""The process as an operator meets it: signals, kill -9, taken ports, lost venues."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

LIMIT_S = 30.0
Running = Callable[..., AbstractContextManager[Any]]


def _postgres_of(folder: Path) -> list[int]:
    """Return the processes that name a data folder or stand in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if "postgres" in line and (str(folder) in line or folder in where.parents):
            found.append(int(entry.name))
    return found


def _wait_gone(folder: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while _postgres_of(folder):
        assert time.monotonic() < deadline, _postgres_of(folder)
        time.sleep(0.1)  # other processes: there is nothing to await


def _is_up(server: Any) -> bool:
    return bool(server.get("/health")[0] == 200)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_closes_everything_and_exits_0(
    running: Running,
    kimp: str,
    cut_off: dict[str, str],
    tmp_path: Path,
    number: int,
) -> None:
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(_is_up)
        assert server.stop(number) == 0, server.log.read_text()
        _wait_gone(tmp_path)


def test_kill_9_leaves_no_postgres_behind_and_the_next_start_works(
    running: Running, kimp: str, cut_off: dict[str, str], tmp_path: Path
) -> None:
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(_is_up)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        _wait_gone(tmp_path)
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(lambda s: s.get("/health")[1]["checks"]["database"])
        checks = server.get("/health")[1]["checks"]
        assert checks["database"]["status"] == "healthy"


def test_a_taken_port_is_one_line_and_nothing_is_started(
    running: Running, kimp: str, tmp_path: Path
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with running([kimp, "serve"], tmp_path, KIMP_HTTP__PORT=port) as server:
            assert server.process.wait(LIMIT_S) == 1
            lines = server.log.read_text().splitlines()
    assert len(lines) == 1
    assert f"127.0.0.1:{port}" in lines[0]
    assert "KIMP_HTTP__PORT" in lines[0]
    assert not list((tmp_path / "data").glob("*"))


def test_a_data_folder_that_is_a_file_is_one_line(
    running: Running, kimp: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    folder = str(tmp_path / "file" / "data")
    with running([kimp, "serve"], tmp_path, KIMP_DATA_DIR=folder) as server:
        assert server.process.wait(LIMIT_S) == 1
        lines = server.log.read_text().splitlines()
    assert len(lines) == 1
    assert f"KIMP_DATA_DIR={folder}" in lines[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [("KIMP_DATABASE__URL", "mysql://x/y"), ("KIMP_HTTP__PORT", "no")],
)
def test_a_wrong_setting_stops_the_program_with_its_name(
    running: Running, kimp: str, tmp_path: Path, name: str, value: str
) -> None:
    with running([kimp, "serve"], tmp_path, **{name: value}) as server:
        assert server.process.wait(LIMIT_S) == 2
        assert server.log.read_text().startswith(f"kimp: {name}=")


def test_a_database_that_refuses_is_a_warning_and_the_server_answers(
    running: Running, kimp: str, cut_off: dict[str, str], tmp_path: Path
) -> None:
    url = "postgresql://kimp@127.0.0.1:9/kimp"
    with running(
        [kimp, "serve"], tmp_path, KIMP_DATABASE__URL=url, **cut_off
    ) as server:
        server.wait(_is_up)
        answer = server.query("{ health { status database } premiums { totalCount } }")
        assert answer["data"]["health"]["database"] == "UNAVAILABLE"
        assert answer["data"]["premiums"]["totalCount"] == 0
        assert "errors" not in answer
        assert server.stop() == 0


def test_without_any_venue_the_server_says_so_and_names_the_demo(
    running: Running, kimp: str, cut_off: dict[str, str], tmp_path: Path
) -> None:
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(lambda s: "make demo" in s.log.read_text())
        lines = [x for x in server.log.read_text().splitlines() if "make demo" in x]
        assert len(lines) == 1
        answer = server.query(
            '{ premium(symbol: "BTC") { percent } health { upstreams { name status '
            "breaker retryAt } } }"
        )
        assert answer["data"]["premium"] is None
        named = {item["name"] for item in answer["data"]["health"]["upstreams"]}
        assert {"upbit.rest", "upbit.stream", "binance.rest", "fx.dunamu"} <= named


def test_doctor_says_what_is_unreachable_and_what_to_do(
    kimp: str, cut_off: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [kimp, "doctor"],
        env={**os.environ, **cut_off, "KIMP_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "upbit.rest" in done.stdout
    assert "make demo" in done.stdout
