"""The socket's folder, and the URL that names it."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from adapters.postgres.embedded.endpoint import (
    choose_folder,
    current_folder,
    fits,
    takes_sockets,
    url,
)
from adapters.postgres.embedded.watchdog import discard_socket_folder

US = (os.geteuid(), os.getegid())


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kimp-t-") as name:
        yield Path(name)
        discard_socket_folder(name)


@pytest.fixture
def remote(home: Path) -> Path:
    """A home whose path is too long for a socket."""
    folder = home / ("x" * 100)
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["/a b", "/김치", "/a%20b:c@d?e#f&g=h"])
def test_the_url_names_the_folder_whatever_it_is_called(name: str) -> None:
    made = make_url(url(Path(name)))
    assert made.drivername == "postgresql+asyncpg"
    assert (made.username, made.password, made.database) == ("kimp", None, "kimp")
    assert made.query == {"host": name, "port": "5432"}


def test_home_serves_where_it_can(home: Path) -> None:
    assert choose_folder(home, US) == home
    assert current_folder(home, US[0]) == home
    assert list(home.iterdir()) == []


def test_a_long_home_gets_a_private_folder_that_others_find(remote: Path) -> None:
    folder = choose_folder(remote, US)
    assert folder != remote
    assert fits(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert current_folder(remote, US[0]) == folder
    assert choose_folder(remote, US) == folder, "it is used again"
    discard_socket_folder(str(remote))
    assert not folder.exists()


@pytest.mark.parametrize("doing", ["open", "link", "gone"])
def test_a_recorded_folder_that_is_not_private_is_not_believed(
    remote: Path, doing: str
) -> None:
    folder = choose_folder(remote, US)
    if doing == "open":
        folder.chmod(0o755)
    else:
        folder.rmdir()
    if doing == "link":
        folder.symlink_to(remote)
    try:
        assert current_folder(remote, US[0]) == remote
        fresh = choose_folder(remote, US)
        assert fresh not in (folder, remote)
        discard_socket_folder(str(remote))
    finally:
        if doing == "open":
            folder.rmdir()
        elif doing == "link":
            folder.unlink()


def test_a_folder_of_another_owner_is_not_believed(remote: Path) -> None:
    choose_folder(remote, US)
    assert current_folder(remote, US[0] + 1) == remote
    discard_socket_folder(str(remote))


def test_a_file_system_without_sockets_is_noticed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoSockets(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "socket", NoSockets)
    assert not takes_sockets(home)
    folder = choose_folder(home, US)
    assert folder != home
    discard_socket_folder(str(home))


def test_a_long_temporary_folder_gives_way_to_tmp(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(remote))
    folder = choose_folder(remote, US)
    assert folder.parent == Path("/tmp")
    discard_socket_folder(str(remote))


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("/" + "x" * 88, True),
        ("/" + "x" * 89, False),
        ("/" + "김" * 29, True),
        ("/" + "김" * 30, False),
        ("/a,b", False),
        ('/a"b', False),
        ("/a\nb", False),
    ],
)
def test_a_sockets_path_is_short_and_plain(name: str, fit: bool) -> None:
    assert fits(Path(name)) is fit
