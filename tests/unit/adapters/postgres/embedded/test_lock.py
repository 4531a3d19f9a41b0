"""Locks between open files, and waits that end."""

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.lock import Cancelled, Deadline, Lock


def test_shares_exclude_the_exclusive_and_end_with_closing(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with Lock(path) as one, Lock(path) as two, Lock(path) as three:
        assert one.try_shared()
        assert two.try_shared()
        assert not three.try_exclusive()
        one.close()
        one.close()
        assert not three.try_exclusive()
        two.close()
        assert three.try_exclusive()
    with Lock(path) as four:
        assert four.try_exclusive()


def test_a_share_is_refused_while_another_is_alone(tmp_path: Path) -> None:
    with Lock(tmp_path / "x") as one, Lock(tmp_path / "x") as two:
        assert one.try_exclusive()
        assert not two.try_shared()


def test_who_inherits_the_file_keeps_the_lock(tmp_path: Path) -> None:
    with Lock(tmp_path / "x") as one:
        assert one.try_exclusive()
        heir = os.dup(one.descriptor)
    with Lock(tmp_path / "x") as two:
        assert not two.try_exclusive()
        os.close(heir)
        assert two.try_exclusive()


def test_a_lock_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "y")
    with pytest.raises(OSError, match="symbolic"):
        Lock(tmp_path / "x")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_file_is_given_to_its_owner(tmp_path: Path) -> None:
    Lock(tmp_path / "x", (65534, 65534)).close()
    assert (tmp_path / "x").stat().st_uid == 65534


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(descriptor: int, kind: int) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Lock(tmp_path / "x") as lock, pytest.raises(ClusterUnusable) as caught:
        lock.try_shared()
    assert "has no file locks" in str(caught.value)


def test_other_errors_of_a_lock_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, kind: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Lock(tmp_path / "x") as lock, pytest.raises(OSError, match="broken"):
        lock.try_shared()


def test_a_wait_ends_with_its_condition() -> None:
    answers = iter([False, False, True])
    assert Deadline(10).wait(lambda: next(answers))


def test_a_wait_ends_with_its_bound() -> None:
    deadline = Deadline(0)
    assert deadline.over()
    assert not deadline.wait(lambda: False)


def test_a_wait_ends_when_it_is_cancelled() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        Deadline(10, cancel).wait(lambda: False)
