import fcntl
import socket
from pathlib import Path

import pytest

from bench.cluster import command


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder; nothing may be started here."""

    def started(*_: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr("bench.cluster.world.running", started)
    monkeypatch.setenv("KIMP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("KIMP_HTTP__PORT", "0")
    return tmp_path


def test_a_taken_port_is_one_line_and_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("KIMP_HTTP__PORT", str(port))
        assert command.main() == 1
    told = capsys.readouterr().err
    assert told.startswith(f"cluster: cannot listen on 127.0.0.1:{port}: ")
    assert told.count("\n") == 1


def test_a_missing_nats_server_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("sys.executable", str(folder / "python"))
    assert command.main() == 1
    assert capsys.readouterr().err == "cluster: nats-server is missing: make dev\n"


def test_a_folder_that_another_cluster_has_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert command.main() == 1
    assert capsys.readouterr().err == (
        f"cluster: another make cluster runs in {folder}; "
        "set KIMP_DATA_DIR to another\n"
    )


def test_a_folder_that_cannot_be_made_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("KIMP_DATA_DIR", str(folder / "file"))
    assert command.main() == 1
    assert capsys.readouterr().err == (
        f"cluster: KIMP_DATA_DIR={folder / 'file'}: File exists\n"
    )


def test_a_wrong_setting_is_a_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIMP_HTTP__PORT", "abc")
    assert command.main() == 2
    assert capsys.readouterr().err.startswith("cluster: KIMP_HTTP__PORT='abc': ")


def test_the_default_folder_is_neither_the_servers_nor_the_demos() -> None:
    from app.command.demo import DATA_DIR as DEMO
    from app.settings import Settings

    own = Settings.model_fields["data_dir"].default
    assert Path(command.DATA_DIR) not in {Path(DEMO), own}
