"""Real clusters in folders of their own, and the proof that no process stays."""

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from adapters.postgres.embedded import bin_dir

ROOT = Path(__file__).parents[4]
TENANT = Path(__file__).with_name("tenant.py")
STRANGER = 65534
LIMIT_S = 20.0


def residents(folder: Path) -> list[int]:
    """The processes that work in FOLDER or were started with its name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                inside = str((entry / "cwd").readlink()).startswith(str(folder))
                if inside or os.fsencode(folder) in line:
                    found.append(int(entry.name))
    return found


def eventually(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Look until CONDITION holds; false when the limit came first."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)  # another process: nothing to await
    return True


@contextlib.contextmanager
def left_without_process(folder: Path) -> Iterator[Path]:
    try:
        yield folder
    finally:
        empty = eventually(lambda: not residents(folder), 10.0)
        left = {pid: describe(pid) for pid in residents(folder)}
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert empty, f"processes were left behind: {left}"


def describe(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return "gone"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that only we can reach: 0700, as pytest and mktemp -d make them."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    with left_without_process(tmp_path):
        yield folder


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can reach and only we can write."""
    with tempfile.TemporaryDirectory(prefix="kimp-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with left_without_process(folder):
            yield folder


@pytest.fixture
def theirs(reachable: Path) -> Path:
    """A folder of the unprivileged user's own."""
    folder = reachable / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, STRANGER, STRANGER)
    return folder


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the real programs."""
    return bin_dir()


@pytest.fixture
def with_pg_isready(programs: Path, tmp_path: Path) -> Callable[[str], Path]:
    """``with_pg_isready(shell)``: the real programs, but pg_isready is that script."""

    def make(shell: str) -> Path:
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("initdb", "postgres"):
            (tools / name).symlink_to(programs / name)
        (tools / "pg_isready").write_text(f"#!/bin/sh\n{shell}\n")
        (tools / "pg_isready").chmod(0o755)
        return tools

    return make


@functools.cache
def python_of_all() -> str | None:
    """An interpreter that the unprivileged user can run, with our packages."""
    names = [
        str(Path(sys.executable).resolve()),
        shutil.which("python3", path="/usr/bin"),
    ]
    for name in filter(None, names):
        probe = (
            subprocess.run(
                [name, "-c", "import asyncpg, sqlalchemy, structlog"],
                cwd="/",
                env=tenant_environment(),
                user=STRANGER,
                group=STRANGER,
                extra_groups=[],
                capture_output=True,
                timeout=LIMIT_S,
            )
            if reaches(Path(name))
            else None
        )
        if probe and probe.returncode == 0:
            return name
    return None


def reaches(path: Path) -> bool:
    """True where others may pass all folders to PATH."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def tenant_environment() -> dict[str, str]:
    packages = [path for path in sys.path if path.endswith("site-packages")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *packages])}


class Tenant:
    """A tenant process and what it said."""

    def __init__(
        self, process: asyncio.subprocess.Process, said: dict[str, Any]
    ) -> None:
        self.process = process
        self.said = said

    @property
    def url(self) -> str:
        return str(self.said["url"])

    async def end(self) -> None:
        """Let it leave in good order."""
        assert self.process.stdin
        self.process.stdin.close()
        async with asyncio.timeout(LIMIT_S):
            await self.process.wait()

    async def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        async with asyncio.timeout(LIMIT_S):
            await self.process.wait()


Rent = Callable[..., Awaitable[Tenant]]


@pytest.fixture
async def rent() -> AsyncIterator[Rent]:
    """Start tenants: ``await rent(data_dir, run_as="", shelter="", uid="")``."""
    tenants: list[Tenant] = []

    async def start(
        data_dir: Path, run_as: str = "", shelter: str = "", uid: str = ""
    ) -> Tenant:
        python = python_of_all() if uid else sys.executable
        if python is None:
            pytest.skip("no Python interpreter is within an unprivileged user's reach")
        process = await asyncio.create_subprocess_exec(
            python,
            *(str(TENANT), str(data_dir), run_as, str(shelter), uid),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None,
            env=tenant_environment(),
        )
        tenant = Tenant(process, {})
        tenants.append(tenant)
        assert process.stdout
        async with asyncio.timeout(LIMIT_S * 2):
            while "url" not in tenant.said and "error" not in tenant.said:
                line = await process.stdout.readline()
                assert line, "the tenant ended without a word"
                if line.startswith(b"{"):
                    tenant.said = json.loads(line)
        return tenant

    yield start
    for tenant in tenants:
        if tenant.process.returncode is None:
            await tenant.kill()


Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def ask() -> Ask:
    """``await ask(url, *statements)``: first column of the last one's first row."""

    async def run(url: str, *statements: str) -> Any:
        query = make_url(url).normalized_query
        (host,), (port,) = query["host"], query["port"]
        connection = await asyncpg.connect(
            host=host,
            port=port,
            user="kimp",
            database="kimp",
            timeout=LIMIT_S,
        )
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return run


@pytest.fixture
def soon() -> Callable[[Callable[[], bool]], Awaitable[bool]]:
    """``await soon(condition)``: whether it came true within the limit."""

    async def wait(condition: Callable[[], bool]) -> bool:
        return await asyncio.to_thread(eventually, condition)

    return wait


@pytest.fixture(name="residents")
def _residents() -> Callable[[Path], list[int]]:
    """``residents(folder)``: the processes that work in it or bear its name."""
    return residents


@pytest.fixture
def members() -> Callable[..., list[int]]:
    """``members(data_dir, lock="server.lock")``: who has that file open."""
    return having_open


def having_open(data_dir: Path, lock: str = "server.lock") -> list[int]:
    path = str(data_dir / "postgres" / "server" / lock)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if any(open_at(item) == path for item in (entry / "fd").iterdir()):
                    found.append(int(entry.name))
    return found


def open_at(link: Path) -> str:
    with contextlib.suppress(OSError):
        return str(link.readlink())
    return ""
