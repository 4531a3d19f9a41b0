"""The server's command line."""

from pathlib import Path

import pytest

from adapters.postgres.embedded.cluster import FIXED, arguments, check_settings


def pairs(major: int, **extra: str) -> dict[str, str]:
    line = arguments(major, Path("/run/a b"), extra)
    assert set(line[::2]) == {"-c"}
    return dict(part.split("=", 1) for part in line[1::2])


def test_there_is_no_tcp_and_the_socket_is_private() -> None:
    made = pairs(18)
    assert made["listen_addresses"] == ""
    assert made["unix_socket_directories"] == '"/run/a b"'
    assert made["unix_socket_permissions"] == "0700"


def test_it_is_durable_by_default_and_the_callers_settings_win() -> None:
    assert pairs(18)["fsync"] == "on"
    assert "synchronous_commit" not in pairs(18)
    made = pairs(18, synchronous_commit="off", shared_buffers="64MB")
    assert made["synchronous_commit"] == "off"
    assert made["shared_buffers"] == "64MB"


def test_a_setting_of_release_18_is_not_given_to_17() -> None:
    assert pairs(18)["io_method"] == "sync"
    assert "io_method" not in pairs(17)


@pytest.mark.parametrize("name", sorted(FIXED))
def test_the_supervisors_own_settings_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        check_settings({name: "x"})
