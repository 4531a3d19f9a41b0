"""Users, and programs that are run to their end or to ours."""

import os
import pwd
import signal
import sys
import threading
from pathlib import Path

import pytest

from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import (
    Identity,
    Outcome,
    RunAs,
    complaint,
    environment,
    is_known,
    reason,
    run,
    unprivileged,
)
from adapters.postgres.embedded.lock import Cancelled, Deadline


def test_the_unprivileged_user_is_nobody() -> None:
    assert unprivileged().pw_name == "nobody"
    assert unprivileged().pw_uid != 0


def test_without_nobody_it_is_anybody_but_root() -> None:
    assert unprivileged(preferred=["no-such-user"]).pw_uid != 0


def test_a_machine_with_nobody_but_root_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = pwd.getpwuid(0)
    monkeypatch.setattr(pwd, "getpwall", lambda: [root])
    with pytest.raises(ClusterUnusable, match="no user but root"):
        unprivileged(preferred=[])


def test_accounts_are_known() -> None:
    assert is_known(0)
    assert not is_known(54321)


def test_each_identity_says_who_owns_the_files() -> None:
    us = (os.geteuid(), os.getegid())
    assert Identity.of_self() == Identity(RunAs.SELF, *us, us)
    inside = Identity.in_namespace()
    assert inside.owner == us
    assert inside.uid == unprivileged().pw_uid
    assert Identity.dropped((7, 8)) == Identity(RunAs.DROPPED, 7, 8, (7, 8))
    assert Identity.dropped().uid == unprivileged().pw_uid


def test_what_would_change_the_programs_is_not_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PGHOST", "PGDATA", "LC_MESSAGES", "LANG", "PYTHONPATH"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("OTHER", "kept")
    made = environment()
    assert not made.keys() & {"PGHOST", "PGDATA", "LC_MESSAGES", "LANG", "PYTHONPATH"}
    assert (made["OTHER"], made["LC_ALL"]) == ("kept", "C")


def test_a_program_gets_its_input_and_its_whole_output_is_read(tmp_path: Path) -> None:
    script = "read line; echo $line; echo wrong >&2; exit 4"
    done = Identity.of_self().run(
        tmp_path, ["/bin/sh", "-c", script], Deadline(10), text="hello\n"
    )
    assert done == Outcome(4, "hello\nwrong\n")


def test_only_the_end_of_a_long_output_is_kept() -> None:
    script = "print('x' * 100_000 + 'end')"
    done = run([sys.executable, "-c", script], Deadline(10))
    assert len(done.output) == 65_536
    assert done.output.endswith("end\n")


def test_past_the_deadline_a_program_and_its_children_are_killed(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "alive")
    script = f"(exec 9>{tmp_path}/alive; tail -f /dev/null) & wait"
    done: list[Outcome] = []
    cancel = threading.Event()

    def killed() -> None:
        with pytest.raises(Cancelled):
            run(["/bin/sh", "-c", script], Deadline(10, cancel))
        done.append(Outcome(0, ""))

    thread = threading.Thread(target=killed)
    thread.start()
    with (tmp_path / "alive").open("rb") as alive:
        cancel.set()
        assert alive.read() == b"", "the child is gone"
    thread.join(timeout=10)
    assert done
    assert run(["tail", "-f", "/dev/null"], Deadline(0)).code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("2026-01-01 UTC [1] FATAL:  lock file exists\nmore", "lock file exists"),
        ("ok\ninitdb: error: no space\ninitdb: removing", "no space"),
        ("pg_ctl: fatal: it broke", "it broke"),
        ("all is well", None),
    ],
)
def test_the_first_complaint_is_the_reason(output: str, said: str | None) -> None:
    assert complaint(output) == said


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(1, "a\ninitdb: error: b\nc"), "b"),
        (Outcome(1, "a\nlast line\n"), "last line"),
        (Outcome(3, ""), "exit code 3"),
        (Outcome(-9, "half a line"), "signal 9, or out of time"),
    ],
)
def test_a_failure_has_one_line_as_its_reason(outcome: Outcome, said: str) -> None:
    assert reason(outcome) == said
