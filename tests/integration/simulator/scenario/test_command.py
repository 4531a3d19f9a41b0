"""`kimp simulate --scenario`: what it says while it does it."""

import asyncio
import sys

LIMIT_S = 20


async def test_the_command_says_what_it_does_when_it_does_it() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        "simulate",
        "--until-stdin-closes",
        *("--scenario", "silence", "--scenario", "server-error"),
        *("--venue", "binance", "--after", "0.1", "--for", "0.3"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Nothing of a developer's own settings.
        env={"PATH": "", "KIMP_SIMULATOR__PORT": "0"},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            first = await child.stdout.readline()
            lines = [await child.stderr.readline() for _ in range(4)]
            child.stdin.close()
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert first.startswith(b"KIMP_UPBIT__REST_URL=http://")
    assert [line.decode().split(" ", 1)[1].strip() for line in lines] == [
        "silence at binance begins, for 0.3 s",
        "server-error at binance (status=503, sockets=False) begins, for 0.3 s",
        "silence at binance is over",
        "server-error at binance (status=503, sockets=False) is over",
    ]
