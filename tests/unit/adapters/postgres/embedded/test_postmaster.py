"""Watching a process that is not our child's child, nor always visible."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.postgres.embedded import postmaster
from adapters.postgres.embedded.postmaster import Postmaster

NOWHERE = Path("/nonexistent")


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    started = await asyncio.create_subprocess_exec("cat", stdin=PIPE)
    yield started
    if started.returncode is None:
        started.kill()
        await started.wait()


@pytest.fixture(params=["pidfd", "polled"])
def _kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polled":
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(postmaster, "POLL_S", 0.01)


@pytest.mark.usefixtures("_kernel")
async def test_the_end_of_a_process_is_noticed_by_all_who_wait(
    process: Process,
) -> None:
    watched = Postmaster(process.pid, NOWHERE)
    assert watched.alive()
    waiting = [asyncio.create_task(watched.wait()) for _ in range(2)]
    assert process.stdin
    process.stdin.close()
    async with asyncio.timeout(10):
        await process.wait()
        await asyncio.gather(*waiting)
        await watched.wait()
    assert not watched.alive()
    watched.close()


@pytest.mark.usefixtures("_kernel")
async def test_a_process_that_was_gone_before_is_gone(process: Process) -> None:
    process.kill()
    await process.wait()
    watched = Postmaster(process.pid, NOWHERE)
    assert not watched.alive()
    await watched.wait()
    watched.close()


async def test_after_closing_it_is_gone(process: Process) -> None:
    watched = Postmaster(process.pid, NOWHERE)
    watched.close()
    watched.close()
    assert not watched.alive()


async def test_a_process_of_another_user_lives_too(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(sys, "platform", "darwin")
    watched = Postmaster(process.pid, NOWHERE)
    monkeypatch.setattr(os, "kill", refuse)
    assert watched.alive()


async def test_an_invisible_server_lives_while_its_socket_takes_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster, "POLL_S", 0.01)
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        watched = Postmaster(None, path)
        assert await asyncio.to_thread(watched.alive)
    async with asyncio.timeout(10):
        await watched.wait()
    assert not watched.alive()
