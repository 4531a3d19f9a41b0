import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cluster.member import TIE, launcher

LIMIT_S = 20.0
# Tells that it runs, by its id, and ends when it is told to; stdin never says so.
TIED = "import os, sys; print(os.getpid(), os.getsid(0), flush=True); sys.stdin.read()"
# Starts it with our own standard input and output, tells its id, and waits.
STARTER = f"""
import subprocess, sys
from bench.cluster.member import launcher
child = subprocess.Popen([*launcher(), sys.executable, "-c", {TIED!r}])
print(child.pid, flush=True)
child.wait()
"""


def test_the_command_has_the_id_of_its_launcher_and_a_session_of_its_own() -> None:
    done = subprocess.run(
        [
            *launcher(),
            sys.executable,
            "-c",
            "import os; print(os.getpid(), os.getsid(0))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT_S,
    )
    pid, session = done.stdout.split()
    assert pid == session
    assert int(session) != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes")
def test_a_command_ends_with_its_starter_however_that_ends() -> None:
    out, into = os.pipe()
    with (
        os.fdopen(out) as told,
        subprocess.Popen(
            [sys.executable, "-c", STARTER],
            stdin=subprocess.PIPE,
            stdout=into,
            cwd=Path(__file__).parents[4],
        ) as starter,
    ):
        os.close(into)
        ids = {told.readline().split()[0], told.readline().split()[0]}
        assert len(ids) == 1
        starter.kill()
        # Closed, and so readable, when the last of both has ended; our side of
        # standard input stays open, so nothing else ends the command.
        assert select.select([told], [], [], LIMIT_S)[0]
        assert told.read() == ""
        assert starter.wait(LIMIT_S) < 0


def test_a_command_whose_starter_is_gone_does_not_begin() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(TIE), "1", "/bin/echo", "begun"],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
