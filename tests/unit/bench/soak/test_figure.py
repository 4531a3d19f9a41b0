import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.soak import figure
from bench.soak.figure import MAX_TASKS, Figures, look

BEFORE = Figures(100.0, 30, 12, 5, {"main": 1, "upbit.read": 1})


def test_what_stays_is_no_growth() -> None:
    after = Figures(105.0, 32, 13, 5, {"main": 1, "binance.read": 1})
    assert after.grown_from(BEFORE, 5.0) == []


def test_each_thing_that_grows_is_named() -> None:
    after = Figures(200.0, 60, 40, 12, {"main": 1, "upbit.read": 9 + MAX_TASKS})
    words = " | ".join(after.grown_from(BEFORE, 5.0))
    for name in ("memory", "descriptors", "sockets", "threads", "tasks"):
        assert name in words
    assert '"upbit.read"' in words


def test_memory_may_grow_a_little_with_time() -> None:
    after = Figures(130.0, 30, 12, 5, BEFORE.tasks)
    assert after.grown_from(BEFORE, 1.0)
    assert after.grown_from(BEFORE, 60.0) == []


def test_a_process_is_looked_at_from_outside(tmp_path: Path) -> None:
    told = tmp_path / "tasks.json"
    program = (
        "import asyncio, signal, sys\n"
        "from pathlib import Path\n"
        "from bench.soak.launch import tell_tasks\n"
        "async def main():\n"
        "    tell = lambda *_: tell_tasks(Path(sys.argv[1]))\n"
        "    signal.signal(signal.SIGUSR1, tell)\n"
        "    task = asyncio.create_task(asyncio.sleep(60), name='worker-12')\n"
        "    print('up', flush=True)\n"
        "    await task\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(told)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            found = look(process.pid, told)
        finally:
            process.kill()
    assert found.tasks["worker-"] == 1
    assert found.memory_mb > 1
    assert found.descriptors >= 3
    assert "tasks" in str(found)


def test_a_process_that_does_not_answer_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure, "ASK_LIMIT_S", 0.05)
    monkeypatch.setattr(os, "kill", lambda *_: None)
    with pytest.raises(TimeoutError, match="no word"):
        look(os.getpid(), tmp_path / "never.json")
