import sys
from pathlib import Path

import pytest

from bench.nats_server import NatsServer, nats_program
from bench.process import ServerFailed


def test_a_program_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(ServerFailed, match="nats-server is missing: make dev"):
        nats_program()


def test_a_server_that_ends_at_its_start_is_told(tmp_path: Path) -> None:
    ends = (sys.executable, "-c", "raise SystemExit(3)")
    server = NatsServer(tmp_path, launcher=ends)
    with pytest.raises(ServerFailed, match="nats-server ended with 3"):
        server.start()
    server.stop()


def test_a_server_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.nats_server.START_LIMIT_S", 0.0)
    server = NatsServer(tmp_path)
    try:
        with pytest.raises(ServerFailed, match="does not answer within 0 s"):
            server.start()
    finally:
        server.stop()
